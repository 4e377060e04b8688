import AttestationFormat

/// RFC 3339 times of intake lines and receivers, as ms since 1970-01-01T00:00Z.
public enum Timestamp {
    /// Reads `2026-11-22T14:03:07.250+08:00`, also with `Z`.
    ///
    /// Years 1970 to 9999. Digits behind the millisecond, at most nine in all, are cut off. Throws `badTime` with an empty key.
    public static func parse(_ text: Span<UInt8>) throws(EventError) -> UInt64 {
        guard text.count >= 20, text.count <= 35, text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
            text[10] | 0x20 == UInt8(ascii: "t"), text[13] == UInt8(ascii: ":"), text[16] == UInt8(ascii: ":")
        else { throw form }
        let year = try number(text, 0..<4)
        let month = try number(text, 5..<7)
        let day = try number(text, 8..<10)
        let hour = try number(text, 11..<13)
        let minute = try number(text, 14..<16)
        let second = try number(text, 17..<19)
        guard year >= 1970, (1...12).contains(month), day >= 1, day <= dayCount(year, month) else {
            throw EventError(.badTime, key: "", "no such day between 1970 and 9999")
        }
        guard hour < 24, minute < 60, second < 60 else {
            throw EventError(
                .badTime, key: "", "no such time of day; a leap second is written as the last of its minute, 59.999")
        }
        var index = 19
        let milliseconds = try fraction(text, &index)
        let offsetMinutes = try offset(text, from: index)
        // Milliseconds since 1970 do not fit the 32 bits that Int has on armhf.
        let minutes = (Int64(days(year, month, day)) * 24 + Int64(hour)) * 60 + Int64(minute - offsetMinutes)
        guard let result = UInt64(exactly: (minutes * 60 + Int64(second)) * 1000 + Int64(milliseconds)) else {
            throw EventError(.badTime, key: "", "before 1970: set the sender's clock")
        }
        return result
    }

    private static var form: EventError {
        EventError(.badTime, key: "", "write it as 2026-11-22T14:03:07.250+08:00, with an offset or Z (RFC 3339)")
    }

    private static func number(_ text: Span<UInt8>, _ range: Range<Int>) throws(EventError) -> Int {
        var value = 0
        for index in range {
            guard text[index].isDigit else { throw form }
            value = value * 10 + Int(text[index] & 15)
        }
        return value
    }

    private static func fraction(_ text: Span<UInt8>, _ index: inout Int) throws(EventError) -> Int {
        guard text[index] == UInt8(ascii: ".") else { return 0 }
        index += 1
        let start = index
        var milliseconds = 0
        var weight = 100
        while index < text.count, text[index].isDigit {
            milliseconds += Int(text[index] & 15) * weight
            weight /= 10
            index += 1
        }
        guard (1...9).contains(index - start) else { throw form }
        return milliseconds
    }

    /// Minutes east of UTC.
    private static func offset(_ text: Span<UInt8>, from index: Int) throws(EventError) -> Int {
        guard index < text.count else { throw form }
        if text[index] | 0x20 == UInt8(ascii: "z") {
            guard index + 1 == text.count else { throw form }
            return 0
        }
        let isWest = text[index] == UInt8(ascii: "-")
        guard isWest || text[index] == UInt8(ascii: "+"), index + 6 == text.count,
            text[index + 3] == UInt8(ascii: ":")
        else { throw form }
        let hours = try number(text, index + 1..<index + 3)
        let minutes = try number(text, index + 4..<index + 6)
        guard hours < 24, minutes < 60 else { throw form }
        return (hours * 60 + minutes) * (isWest ? -1 : 1)
    }

    private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    private static func dayCount(_ year: Int, _ month: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970-01-01 in the Gregorian calendar; years are counted from March, so that the leap day is the last.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month > 2 ? year : year - 1
        let monthFromMarch = (month + 9) % 12
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
    }
}
