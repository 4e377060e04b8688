import AttestationFormat
import LogisticsEvents

/// What one line of gpsd says (gpsd_json(5)).
enum GPSDReport: Equatable {
    /// The daemon's greeting: its release.
    case version(UTF8Text)
    /// A position, or none.
    case place(FixReport)
    /// Satellites used and seen; nil where this release does not count them.
    case sky(used: Int64?, seen: Int64?)
    /// The daemon refuses what it was asked.
    case failure(UTF8Text)
    /// Anything else: DEVICES, WATCH, PPS and what later releases say.
    case other
}

/// Reads lines of gpsd. Strict as to JSON, tolerant as to keys: releases differ in them.
struct GPSDParser {
    /// Longest line that is read: reports of 100 satellites stay below.
    static let maximumLineByteCount = 16 * 1024
    private static let maximumTokenCount = 4096

    private var json = JSONTokens(capacity: GPSDParser.maximumTokenCount)

    /// Throws ``SourceError`` for a line that is not JSON, or whose values are not what gpsd_json(5) says.
    mutating func parse(_ line: Span<UInt8>) throws(SourceError) -> GPSDReport {
        guard line.count <= GPSDParser.maximumLineByteCount else {
            throw .json(.tooLong, offset: GPSDParser.maximumLineByteCount)
        }
        try json.scan(line)
        guard let name = value("class", line), case .string = json[name].kind else { return .other }
        let kind = line.extracting(json[name].range)
        do throws(EventError) {
            if kind.isExactly("TPV") { return try position(line) }
            if kind.isExactly("SKY") {
                return .sky(
                    used: try number("uSat", line, decimals: 0), seen: try number("nSat", line, decimals: 0))
            }
        } catch {
            throw .event(error)
        }
        if kind.isExactly("VERSION") { return .version(text("release", line)) }
        if kind.isExactly("ERROR") { return .failure(text("message", line)) }
        return .other
    }

    private func position(_ line: Span<UInt8>) throws(EventError) -> GPSDReport {
        let mode = try number("mode", line, decimals: 0) ?? 0
        guard mode >= 2, let latitude = try number("lat", line, decimals: 7),
            let longitude = try number("lon", line, decimals: 7)
        else { return .place(.noFix(mode: mode)) }
        guard mode <= 3, (-900_000_000...900_000_000).contains(latitude),
            (-1_800_000_000...1_800_000_000).contains(longitude)
        else { throw EventError(.outOfRange, key: "TPV", "mode or position outside of what gpsd_json(5) allows") }
        let status = try number("status", line, decimals: 0) ?? 0
        let fix = PositionFix(
            mode: UInt64(mode),
            position: EventPosition(
                latitude: latitude, longitude: longitude, accuracyMillimetres: try accuracy(line),
                // WGS 84 is the height above the ellipsoid; a 2D fix has none.
                altitudeMillimetres: mode == 3 ? try number("altHAE", line, decimals: 3) : nil),
            // gpsd_json(5): 5 dead reckoning, 6 the same beside satellites, 8 simulated.
            timeMilliseconds: time(line), isSuspect: status == 5 || status == 6 || status == 8)
        return .place(.fix(fix))
    }

    /// `eph` where the receiver or daemon estimates it, else the larger of the two axes' errors.
    private func accuracy(_ line: Span<UInt8>) throws(EventError) -> UInt64? {
        if let error = try number("eph", line, decimals: 3) { return UInt64(exactly: error) }
        guard let east = try number("epx", line, decimals: 3), let north = try number("epy", line, decimals: 3) else {
            return nil
        }
        return UInt64(exactly: max(east, north))
    }

    /// Receivers say `0000-00-00` before they know: that is no time, and no error either.
    private func time(_ line: Span<UInt8>) -> UInt64? {
        guard let token = value("time", line), case .string = json[token].kind else { return nil }
        return try? Timestamp.parse(line.extracting(json[token].range))
    }

    /// The token of a key of the outermost object.
    private func value(_ name: UTF8Text, _ line: Span<UInt8>) -> Int? {
        var token = 1
        while token < Int(json[0].next) {
            if line.extracting(json[token].range).isExactly(name) { return token + 1 }
            token = Int(json[token + 1].next)
        }
        return nil
    }

    /// A number rounded to 10^-decimals: receivers print more digits than they have.
    private func number(_ name: UTF8Text, _ line: Span<UInt8>, decimals: UInt8) throws(EventError) -> Int64? {
        guard let token = value(name, line) else { return nil }
        guard case .number = json[token].kind else {
            throw EventError(.wrongType, key: name, "not a number, which gpsd_json(5) says it is")
        }
        do throws(FixedPoint.Failure) {
            return try FixedPoint.parse(line.extracting(json[token].range), decimals: decimals, excess: .round)
        } catch {
            throw EventError(.outOfRange, key: name, "not within 63 bits")
        }
    }

    /// A text for notices: escapes stay as they are.
    private func text(_ name: UTF8Text, _ line: Span<UInt8>) -> UTF8Text {
        guard let token = value(name, line), case .string = json[token].kind else { return "" }
        return UTF8Text(validating: [UInt8](copying: line.extracting(json[token].range))) ?? ""
    }
}
