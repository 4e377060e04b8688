import AttestationFormat
import Foundation
import HarborsealTesting
import LogisticsEvents
@testable import SensorSources
import Testing

/// What gpsd makes of a recording: the fixes that its `.log.chk` states.
private struct StatedFix: Decodable {
    let `class`: String
    let mode: Int?
    let time: String?
    let lat: Double?
    let lon: Double?
    let altHAE: Double?
    let eph: Double?

    var place: [Int64] { [Int64(((lat ?? 0) * 1e7).rounded()), Int64(((lon ?? 0) * 1e7).rounded())] }
}

/// One recording, and where gpsd and the receiver's own sentences say different things.
struct Recording: Sendable, CustomTestStringConvertible {
    let name: String
    /// Fixes that we find.
    let count: Int
    /// Times of fixes that the sentences have and gpsd swallows.
    var unstated: [String] = []
    /// Times at which gpsd says three dimensions although the same second's GSA says two.
    var flatter: [String] = []
    /// The sentences are gpsd's rendering of a binary protocol: their heights and dilutions are not those of its fixes.
    var isBinary = false
    /// The receiver states its own error in a sentence of its own, which gpsd prefers.
    var hasOwnEstimate = false
    var testDescription: String { name }

    static let all = [
        // The first fix has its date only from the RMC that comes last: gpsd states it without a time.
        Recording(name: "beidou-gb", count: 2, hasOwnEstimate: true),
        // The chartplotter's GLL runs a second ahead from 09:48:16 on; that second's GGA is a fix of its own. At 09:48:34 the GSA that
        // ends each second is lost: the second goes on to its GGA, where gpsd keeps the GLL.
        Recording(name: "bundg_zeus_9", count: 149, unstated: ["2018-08-20T09:48:16.000Z", "2018-08-20T09:48:34.000Z"]),
        Recording(name: "haicom-305N", count: 68, flatter: ["2007-04-08T09:53:07.801Z"]),
        Recording(name: "nl2008u", count: 9),
        Recording(name: "quectel-eg25-g", count: 23),
        Recording(name: "ublox-glo", count: 291, isBinary: true),
    ]
}

@Suite("Recorded receivers", .enabled(if: TestData.isPresent, "needs the reference data of ../shared/data (or TEST_DATA)"))
struct NMEARecordingTests {
    /// The recording's bytes; of the binary one the sentences that gpsd made of it.
    private static func bytes(_ recording: Recording) throws -> [UInt8] {
        try TestData.bytes("gnss/\(recording.name).log" + (recording.isBinary ? ".chk" : ""))
    }

    private static func fixes(_ bytes: [UInt8]) -> [PositionFix] {
        var session = NMEASession(nowMilliseconds: 0)
        var reports = session.receive(bytes.span, nowMilliseconds: 0)
        if let last = session.tick(nowMilliseconds: 1000) { reports.append(last) }
        return reports.compactMap { if case .fix(let fix) = $0 { fix } else { nil } }
    }

    private static func stated(_ recording: Recording) throws -> [String?: [StatedFix]] {
        let lines = try TestData.bytes("gnss/\(recording.name).log.chk").split(separator: 0x0A)
        let decoder = JSONDecoder()
        var byTime: [String?: [StatedFix]] = [:]
        for line in lines where line.starts(with: Array(#"{"class":"TPV""#.utf8)) {
            let fix = try decoder.decode(StatedFix.self, from: Data(line))
            if fix.mode ?? 0 >= 2 { byTime[fix.time, default: []].append(fix) }
        }
        return byTime
    }

    @Test("each fix is one that gpsd states, and no time that gpsd states is missing", arguments: Recording.all)
    func fixes(_ recording: Recording) throws {
        let found = Self.fixes(try Self.bytes(recording))
        #expect(found.count == recording.count)
        let stated = try Self.stated(recording)
        let format = Date.ISO8601FormatStyle()
        var times: Set<String> = []
        for fix in found {
            let time = fix.timeMilliseconds.map { time in
                let second = Date(timeIntervalSince1970: Double(time / 1000)).formatted(format).dropLast()
                return "\(second).\(String(time % 1000 + 1000).dropFirst())Z"
            }
            if let time { times.insert(time) }
            if let time, recording.unstated.contains(time) { continue }
            // gpsd states a fix without a time until it has heard a date.
            let candidates = (stated[time] ?? stated[nil] ?? []).filter { $0.place == [fix.position.latitude, fix.position.longitude] }
            #expect(!candidates.isEmpty, "\(time ?? "no time") \(fix.position)")
            guard let time, !recording.flatter.contains(time) else { continue }
            #expect(candidates.contains { $0.mode == Int(fix.mode) }, "mode \(fix.mode) at \(time)")
            guard !recording.isBinary else { continue }
            if let height = fix.position.altitudeMillimetres {
                #expect(candidates.contains { $0.altHAE.map { Int64(($0 * 1000).rounded()) } == height }, "height at \(time)")
            }
            if let accuracy = fix.position.accuracyMillimetres, !recording.hasOwnEstimate, candidates.contains(where: { $0.eph != nil }) {
                #expect(candidates.contains { $0.eph.map { UInt64(($0 * 1000).rounded()) } == accuracy }, "accuracy at \(time)")
            }
        }
        #expect(Set(stated.keys.compactMap { $0 }).subtracting(times).isEmpty)
    }

    @Test("a receiver that speaks a binary protocol gives nothing, and that is seen")
    func binary() throws {
        let bytes = try TestData.bytes("gnss/ublox-glo.log")
        #expect(Self.fixes(bytes).isEmpty)
        var session = NMEASession(nowMilliseconds: 0)
        _ = session.receive(bytes.span.extracting(0..<8192), nowMilliseconds: 1000)
        _ = session.receive(bytes.span.extracting(8192..<16384), nowMilliseconds: 6000)
        #expect(session.condition(nowMilliseconds: 6000) == .garbled)
    }

    @Test("a recording with every seventh byte lost traps nothing and moves no position", arguments: Recording.all)
    func lossy(_ recording: Recording) throws {
        let bytes = try Self.bytes(recording)
        let places = Set(Self.fixes(bytes).map { [$0.position.latitude, $0.position.longitude] })
        for gap in [7, 97, 997] {
            let left = bytes.enumerated().filter { $0.offset % gap != 0 }.map(\.element)
            for fix in Self.fixes(left) where gap > 7 {
                // A sentence that is whole may stand alone where its second was lost: RMC's and GGA's positions may differ by a second's way.
                let isNear = places.contains { abs($0[0] - fix.position.latitude) < 2000 && abs($0[1] - fix.position.longitude) < 2000 }
                #expect(isNear)
            }
        }
    }
}
