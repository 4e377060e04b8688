public import AttestationFormat

/// What strict JSON does not take (RFC 8259, and I-JSON, RFC 7493, where senders differ).
public enum JSONFault: UInt8, Error, Sendable, CaseIterable {
    case tooLong = 1
    case tooDeep
    case tooManyValues
    case unexpectedByte
    case unexpectedEnd
    case trailingBytes
    case invalidUTF8
    case controlCharacter
    case badEscape
    case loneSurrogate
    case zeroCharacter
    case badNumber
    case duplicateKey
    case escapedKey
    case notAnObject

    /// What is wrong and what to do.
    public var message: UTF8Text {
        switch self {
        case .tooLong: "the line is longer than 16 KiB: send attachments by digest"
        case .tooDeep: "nested deeper than 8: flatten the line"
        case .tooManyValues: "more than 1,024 values in one line: split the event"
        case .unexpectedByte: "this byte cannot stand here: write one JSON object a line"
        case .unexpectedEnd: "the line ends inside a value: close its strings, arrays and objects"
        case .trailingBytes: "bytes follow the object: write one object a line"
        case .invalidUTF8: "not UTF-8: encode the line as UTF-8"
        case .controlCharacter: "a raw control character in a string: escape it as \\u00XX"
        case .badEscape: "unknown escape: use \\\" \\\\ \\/ \\b \\f \\n \\r \\t or \\uXXXX"
        case .loneSurrogate: "half a surrogate pair: write both \\u halves, or the character itself"
        case .zeroCharacter: "\\u0000 is not taken: leave it out"
        case .badNumber: "not a JSON number: no leading zeros, no +, digits on both sides of the point"
        case .duplicateKey: "this key stands twice in its object: leave one out"
        case .escapedKey: "keys are written without escapes"
        case .notAnObject: "the line is not a JSON object: start it with {"
        }
    }
}
