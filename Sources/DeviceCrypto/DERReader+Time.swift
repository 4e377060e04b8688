extension DERReader {
    /// UTCTime or GeneralizedTime in the forms of RFC 5280, 4.1.2.5: to the second, with Z. Seconds since 1970-01-01Z.
    mutating func readTime() throws(Failure) -> Int64 {
        let element = try read()
        let text = bytes[element.content]
        let yearDigits: Int
        switch (element.tag, text.count) {
        case (Tag.utcTime, 13): yearDigits = 2
        case (Tag.generalizedTime, 15): yearDigits = 4
        default: throw Failure(offset: element.start)
        }
        let failure = Failure(offset: element.start)
        guard text.last == UInt8(ascii: "Z") else { throw failure }
        var at = text.startIndex
        var year = try number(yearDigits, &at, failure)
        // RFC 5280, 4.1.2.5.1: two digits below 50 are of this century.
        if yearDigits == 2 { year += year < 50 ? 2_000 : 1_900 }
        let month = try number(2, &at, failure)
        let day = try number(2, &at, failure)
        let hour = try number(2, &at, failure)
        let minute = try number(2, &at, failure)
        let second = try number(2, &at, failure)
        guard (1...12).contains(month), (1...Calendar.dayCount(year, month)).contains(day), hour < 24, minute < 60, second < 60
        else { throw failure }
        return Calendar.days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second
    }

    private func number(_ digitCount: Int, _ at: inout Int, _ failure: Failure) throws(Failure) -> Int64 {
        var value: Int64 = 0
        for index in at..<at + digitCount {
            let byte = bytes[index]
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { throw failure }
            value = value * 10 + Int64(byte & 15)
        }
        at += digitCount
        return value
    }
}

/// The Gregorian calendar, as far as validity needs it.
private enum Calendar {
    static func dayCount(_ year: Int64, _ month: Int64) -> Int64 {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970-01-01, negative before.
    static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        // Years begin in March here, so that the leap day is the last one (days before the month: (153 m + 2) / 5).
        let shifted = month <= 2 ? year - 1 : year
        let marchMonth = (month + 9) % 12
        let dayOfYear = (153 * marchMonth + 2) / 5 + day - 1
        return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
    }

    private static func isLeap(_ year: Int64) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }
}

/// Times written as digits.
public enum TimestampDigits {
    /// Seconds since 1970-01-01Z of the 14 digits `YYYYMMDDhhmmss`; nil for what is no such time.
    public static func seconds(_ digits: [UInt8]) -> Int64? {
        guard digits.count == 14 else { return nil }
        var reader = DERReader([DERReader.Tag.generalizedTime, 15] + digits + [UInt8(ascii: "Z")])
        return try? reader.readTime()
    }
}
