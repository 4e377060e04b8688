import LogisticsEvents

/// The values of fields; nil where a field is empty or is not what it should be.
extension NMEASentence {
    /// Milliseconds since midnight UTC of `hhmmss` with or without a fraction.
    func timeOfDay(_ number: Int, _ line: Span<UInt8>) -> UInt32? {
        let range = field(number)
        guard range.count >= 6, range.count == 6 || line[range.lowerBound + 6] == UInt8(ascii: "."),
            let hours = NMEASentence.digits(line, range.lowerBound, 2), let minutes = NMEASentence.digits(line, range.lowerBound + 2, 2),
            let seconds = NMEASentence.digits(line, range.lowerBound + 4, 2), hours < 24, minutes < 60, seconds <= 60
        else { return nil }
        var milliseconds: UInt32 = 0
        var weight: UInt32 = 100
        for index in min(range.lowerBound + 7, range.upperBound)..<range.upperBound {
            guard line[index].isDigit else { return nil }
            milliseconds += UInt32(line[index] & 15) * weight
            weight /= 10
        }
        return ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds
    }

    /// Day, month and two digits of the year of `ddmmyy`.
    func date(_ number: Int, _ line: Span<UInt8>) -> NMEADate? {
        let range = field(number)
        guard range.count == 6, let day = NMEASentence.digits(line, range.lowerBound, 2),
            let month = NMEASentence.digits(line, range.lowerBound + 2, 2),
            let year = NMEASentence.digits(line, range.lowerBound + 4, 2)
        else { return nil }
        return NMEADate(day: day, month: month, year: year)
    }

    /// Degrees of 1e-7, south and west negative, of `dddmm.mmmm` and the letter in the next field.
    ///
    /// Rounded to the nearest 1e-7 degree, a centimetre; the field may have more digits than that.
    func angle(_ number: Int, _ line: Span<UInt8>, limitDegrees: Int64) -> Int64? {
        let range = field(number)
        let point = range.first { line[$0] == UInt8(ascii: ".") } ?? range.upperBound
        // At least one digit of degrees and two of minutes.
        guard point - range.lowerBound >= 3, point - range.lowerBound <= 5,
            let degrees = NMEASentence.digits(line, range.lowerBound, point - range.lowerBound - 2),
            let wholeMinutes = NMEASentence.digits(line, point - 2, 2), wholeMinutes < 60
        else { return nil }
        var minutes = Int64(wholeMinutes) * 100_000_000
        var weight: Int64 = 10_000_000
        for index in min(point + 1, range.upperBound)..<range.upperBound {
            guard line[index].isDigit else { return nil }
            minutes += Int64(line[index] & 15) * weight
            weight /= 10
        }
        let angle = Int64(degrees) * 10_000_000 + (minutes + 300) / 600
        guard angle <= limitDegrees * 10_000_000 else { return nil }
        switch letter(number + 1, line) {
        case UInt8(ascii: "N"), UInt8(ascii: "E"): return angle
        case UInt8(ascii: "S"), UInt8(ascii: "W"): return -angle
        default: return nil
        }
    }

    /// A decimal number as a count of 10^-decimals; receivers print more digits than they have.
    func decimal(_ number: Int, _ line: Span<UInt8>, decimals: UInt8) -> Int64? {
        let range = field(number)
        // No field of a receiver is longer, and none of them can overflow what is made of it.
        guard (1...12).contains(range.count) else { return nil }
        do throws(FixedPoint.Failure) {
            return try FixedPoint.parse(line.extracting(range), decimals: decimals, excess: .round)
        } catch {
            return nil
        }
    }

    /// So many digits as a number.
    private static func digits(_ line: Span<UInt8>, _ start: Int, _ count: Int) -> UInt32? {
        var value: UInt32 = 0
        for index in start..<start + count {
            guard index < line.count, line[index].isDigit else { return nil }
            value = value * 10 + UInt32(line[index] & 15)
        }
        return value
    }
}

/// A day as RMC writes it: the century is not said.
struct NMEADate: Equatable {
    let day: UInt32
    let month: UInt32
    /// 0 to 99: receivers are younger than 1980, when GPS time begins.
    let year: UInt32

    /// Milliseconds since 1970-01-01Z of a time of this day; nil for a day that is none, and in a leap second.
    func milliseconds(timeOfDay: UInt32) -> UInt64? {
        var text: [UInt8] = Array("20".utf8)
        if year >= 80 { text = Array("19".utf8) }
        func append(_ value: UInt32, _ mark: UInt8) {
            text.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value / 10))
            text.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value % 10))
            text.append(mark)
        }
        append(year, UInt8(ascii: "-"))
        append(month, UInt8(ascii: "-"))
        append(day, UInt8(ascii: "T"))
        let seconds = timeOfDay / 1000
        append(seconds / 3600, UInt8(ascii: ":"))
        append(seconds / 60 % 60, UInt8(ascii: ":"))
        append(seconds % 60, UInt8(ascii: "Z"))
        guard let time = try? Timestamp.parse(text.span) else { return nil }
        return time + UInt64(timeOfDay % 1000)
    }
}
