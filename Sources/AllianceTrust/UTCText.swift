/// Times as people read them, in UTC, without a locale and without a library's calendar.
public enum UTCText {
    /// `2026-11-22 15:47:23Z`; times beyond the year 9999, which only damaged or hostile files have, as a number.
    public static func text(seconds: Int64) -> String {
        guard (0...253_402_300_799).contains(seconds) else { return "second \(seconds)" }
        let (year, month, day) = civil(days: seconds / 86_400)
        let rest = seconds % 86_400
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2)) "
            + "\(padded(rest / 3600, 2)):\(padded(rest / 60 % 60, 2)):\(padded(rest % 60, 2))Z"
    }

    public static func text(seconds: UInt64) -> String {
        Int64(exactly: seconds).map { text(seconds: $0) } ?? "second \(seconds)"
    }

    /// With thousandths of a second.
    public static func text(milliseconds: UInt64) -> String {
        let base = text(seconds: milliseconds / 1000)
        guard base.hasSuffix("Z") else { return "millisecond \(milliseconds)" }
        return base.dropLast() + ".\(padded(Int64(milliseconds % 1000), 3))Z"
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// Days since 1970-01-01 to year, month and day of the Gregorian calendar, in eras of 400 years that start in March.
    private static func civil(days: Int64) -> (Int64, Int64, Int64) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        let civilMonth = month < 10 ? month + 3 : month - 9
        return (yearOfEra + era * 400 + (civilMonth <= 2 ? 1 : 0), civilMonth, day)
    }
}
