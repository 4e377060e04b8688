internal import CPosixShims

/// Days as people write them.
public enum Day {
    /// `2026-11-22`, in UTC.
    public static func text(_ seconds: Int64) -> String {
        var text = [CChar](repeating: 0, count: 40)
        posix_utc_text(UInt64(clamping: seconds) &* 1_000, &text, text.count)
        return String(decoding: text.prefix(10).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
