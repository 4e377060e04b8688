import Foundation
import LogisticsEvents
import Testing

private func time(_ text: String) throws -> UInt64 {
    let bytes = Array(text.utf8)
    return try Timestamp.parse(bytes.span)
}

@Suite("Times") struct TimestampTests {
    @Test(
        "RFC 3339 with any offset is ms since 1970",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-11-22T14:03:07.250+08:00", 1_795_327_387_250),
            ("2026-11-22T06:03:07.25Z", 1_795_327_387_250), ("2026-11-22t06:03:07.250999z", 1_795_327_387_250),
            ("2000-02-29T23:59:59-00:00", 951_868_799_000), ("1970-01-01T05:30:00+05:30", 0),
            ("9999-12-31T23:59:59Z", 253_402_300_799_000), ("2026-11-22T06:03:07.123456789Z", 1_795_327_387_123),
        ] as [(String, UInt64)])
    func takes(_ text: String, _ milliseconds: UInt64) throws {
        #expect(try time(text) == milliseconds)
    }

    @Test(
        "what is no such time is refused",
        arguments: [
            "", "2026-11-22", "2026-11-22T14:03:07", "2026-11-22 14:03:07Z", "2026-02-29T00:00:00Z",
            "2100-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-04-31T00:00:00Z",
            "2026-11-22T24:00:00Z", "2026-11-22T23:60:00Z", "2026-06-30T23:59:60Z", "1969-12-31T23:59:59Z",
            "1970-01-01T00:00:00+00:01", "2026-11-22T14:03:07.Z", "2026-11-22T14:03:07.1234567890Z",
            "2026-11-22T14:03:07+8:00", "2026-11-22T14:03:07+0800", "2026-11-22T14:03:07+24:00",
            "2026-11-22T14:03:07+08:60", "2026-11-22T14:03:07Zx", "2026-1-22T14:03:07.000Z", "2026-11-22T14:03:07.5",
            "٢٠٢٦-11-22T14:03:07Z",
        ])
    func refuses(_ text: String) {
        let error = #expect(throws: EventError.self) { try time(text) }
        #expect(error?.code == .badTime)
    }

    @Test("every day of four centuries agrees with the calendar of Foundation")
    func calendar() throws {
        let formatter = ISO8601DateFormatter()
        for day in stride(from: 0, to: 146_097, by: 97) {
            let date = Date(timeIntervalSince1970: Double(day) * 86400)
            let text = formatter.string(from: date)
            #expect(try time(text) == UInt64(day) * 86_400_000)
        }
    }
}
