internal import AttestationFormat

/// Days of the Gregorian calendar, for `calibration-until = 2027-03-31`.
enum CalendarDay {
    /// The first second after the day, UTC, since 1970-01-01Z; nil for what is no day of the years 1970 to 9999.
    static func secondsAfter(_ text: UTF8Text) -> Int64? {
        let bytes = text.bytes
        let hyphen = UInt8(ascii: "-")
        guard bytes.count == 10, bytes[4] == hyphen, bytes[7] == hyphen,
            let year = UnitText.number(bytes[0..<4], radix: 10), let month = UnitText.number(bytes[5..<7], radix: 10),
            let day = UnitText.number(bytes[8..<10], radix: 10),
            year >= 1970, (1...12).contains(month), (1...dayCount(year, month)).contains(day)
        else { return nil }
        return (daysSince1970(year, month, day) + 1) * 86_400
    }

    private static func isLeap(_ year: Int64) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    private static func dayCount(_ year: Int64, _ month: Int64) -> Int64 {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let passed = year - 1
        // Days up to the end of the year before, less those before 1970 (719,162).
        var days = passed * 365 + passed / 4 - passed / 100 + passed / 400 - 719_162
        var index: Int64 = 1
        while index < month {
            days += dayCount(year, index)
            index += 1
        }
        return days + day - 1
    }
}
