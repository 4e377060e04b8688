import AttestationFormat
import LogisticsEvents

/// A place in a JSON document (RFC 6901), such as `/params/temperature:0/tC`.
struct JSONPointer: Equatable, Sendable {
    /// Reference tokens, escapes resolved; none: the whole document.
    private let parts: [[UInt8]]

    /// Reads the text of a pointer; nil unless it is empty or begins with `/` and has only the escapes `~0` and `~1`.
    init?(_ text: UTF8Text) {
        guard let first = text.bytes.first else {
            parts = []
            return
        }
        guard first == UInt8(ascii: "/") else { return nil }
        var parts: [[UInt8]] = []
        for part in text.bytes.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard let resolved = JSONPointer.resolved(part) else { return nil }
            parts.append(resolved)
        }
        self.parts = parts
    }

    private static func resolved(_ part: ArraySlice<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var isEscape = false
        for byte in part {
            if isEscape {
                guard byte == UInt8(ascii: "0") || byte == UInt8(ascii: "1") else { return nil }
                bytes.append(byte == UInt8(ascii: "0") ? UInt8(ascii: "~") : UInt8(ascii: "/"))
                isEscape = false
            } else if byte == UInt8(ascii: "~") {
                isEscape = true
            } else {
                bytes.append(byte)
            }
        }
        return isEscape ? nil : bytes
    }

    /// The token of the value that the pointer names; nil when the document has none there.
    func find(in json: JSONTokens, _ line: Span<UInt8>) -> Int? {
        var token = 0
        for part in parts {
            guard let next = JSONPointer.child(part, of: token, in: json, line) else { return nil }
            token = next
        }
        return token
    }

    private static func child(_ part: [UInt8], of token: Int, in json: JSONTokens, _ line: Span<UInt8>) -> Int? {
        let end = Int(json[token].next)
        var child = token + 1
        switch json[token].kind {
        case .object:
            while child < end {
                if part.matches(line.extracting(json[child].range)) { return child + 1 }
                child = Int(json[child + 1].next)
            }
            return nil
        case .array:
            guard var index = index(part) else { return nil }
            while child < end, index > 0 {
                child = Int(json[child].next)
                index -= 1
            }
            return child < end ? child : nil
        default:
            return nil
        }
    }

    /// An array's index: digits without leading zeros (RFC 6901, section 4). `-`, the place behind the last, holds nothing.
    private static func index(_ part: [UInt8]) -> Int? {
        // No line has a million values.
        guard (1...6).contains(part.count), part.count == 1 || part[0] != UInt8(ascii: "0") else { return nil }
        var value = 0
        for byte in part {
            guard byte.isDigit else { return nil }
            value = value * 10 + Int(byte & 15)
        }
        return value
    }
}
