import AttestationFormat
import LogisticsEvents

/// The few forms of text in `/proc` and `/sys`.
enum HealthText {
    /// A decimal number at `start`, cut to its first `decimals` decimals and counted in them.
    static func decimal(_ text: Span<UInt8>, from start: Int, decimals: UInt8) -> UInt64? {
        var end = start
        while end < text.count, text[end].isDigit || text[end] == UInt8(ascii: ".") { end += 1 }
        let number = text.extracting(start..<end)
        do throws(FixedPoint.Failure) {
            // Rounding an uptime up would tell of a second that has not passed: cut, so read the whole part alone.
            guard decimals == 0 else {
                return UInt64(exactly: try FixedPoint.parse(number, decimals: decimals, excess: .round))
            }
            var whole = 0
            while whole < number.count, number[whole].isDigit { whole += 1 }
            return UInt64(exactly: try FixedPoint.parse(number.extracting(0..<whole), decimals: 0))
        } catch {
            return nil
        }
    }

    /// The whole number behind a label at the start of a line.
    static func number(_ text: Span<UInt8>, after label: UTF8Text) -> UInt64? {
        for line in lines(text) where text.extracting(line).starts(with: label) {
            var index = line.lowerBound + label.byteCount
            while index < line.upperBound, text[index] == 0x20 || text[index] == 0x09 { index += 1 }
            return decimal(text, from: index, decimals: 0)
        }
        return nil
    }

    /// A whole number with or without a sign that fills the text but for its newline; nil for anything else.
    static func signed(_ text: Span<UInt8>) -> Int64? {
        var end = text.count
        while end > 0, text[end - 1] == 0x0A || text[end - 1] == 0x20 { end -= 1 }
        do throws(FixedPoint.Failure) {
            return try FixedPoint.parse(text.extracting(0..<end), decimals: 0)
        } catch {
            return nil
        }
    }

    /// A text of one line without its newline.
    static func line(_ text: [UInt8]) -> [UInt8] {
        text.last == 0x0A ? Array(text.dropLast()) : text
    }

    /// The lines, without their newlines.
    static func lines(_ text: Span<UInt8>) -> [Range<Int>] {
        var result: [Range<Int>] = []
        var start = 0
        for index in 0..<text.count where text[index] == 0x0A {
            result.append(start..<index)
            start = index + 1
        }
        if start < text.count { result.append(start..<text.count) }
        return result
    }

    /// One line of `/proc/net/dev`: nil for headings and the loopback.
    static func interface(_ text: Span<UInt8>, _ line: Range<Int>) -> (name: UTF8Text, received: Int64, sent: Int64)? {
        guard let colon = line.first(where: { text[$0] == UInt8(ascii: ":") }) else { return nil }
        var start = line.lowerBound
        while start < colon, text[start] == 0x20 { start += 1 }
        // Interface names have at most 15 bytes; ".received" and the name stay below a sensor name's 64.
        guard colon > start, colon - start <= 15,
            let name = UTF8Text(validating: [UInt8](copying: text.extracting(start..<colon))), name != "lo",
            let received = column(0, text, colon + 1..<line.upperBound),
            let sent = column(8, text, colon + 1..<line.upperBound)
        else { return nil }
        return (name, received, sent)
    }

    private static func column(_ number: Int, _ text: Span<UInt8>, _ range: Range<Int>) -> Int64? {
        var index = range.lowerBound
        var column = 0
        while index < range.upperBound {
            while index < range.upperBound, text[index] == 0x20 { index += 1 }
            if column == number {
                return decimal(text, from: index, decimals: 0).flatMap { Int64(exactly: $0) }
            }
            while index < range.upperBound, text[index] != 0x20 { index += 1 }
            column += 1
        }
        return nil
    }
}
