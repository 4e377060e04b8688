public import AttestationFormat

/// Why an event cannot be made as it was asked for. The only error of this module: callers branch on `code`,
/// people read `message`.
public struct EventError: Error, Equatable, Sendable {
    /// Stable codes; a number is never given a second meaning.
    public enum Code: UInt8, Sendable {
        case unknownKind = 1
        case missingField = 2
        case unknownField = 3
        case wrongType = 4
        case outOfRange = 5
        case tooPrecise = 6
        case wrongCheckDigit = 7
        case badIdentifier = 8
        case badName = 9
        case unknownQuantity = 10
        case tooLarge = 11
        case badTime = 12
    }

    public let code: Code
    /// The key or place the error is about, such as `readings[0].value`.
    public var key: UTF8Text
    /// What is wrong there and what to do, in one sentence.
    public let detail: UTF8Text

    public init(_ code: Code, key: UTF8Text, _ detail: UTF8Text) {
        self.code = code
        self.key = key
        self.detail = detail
    }

    /// The sentence for people: key, then what is wrong and what to do.
    public var message: UTF8Text {
        key.bytes.isEmpty ? detail : key + ": " + detail
    }

    /// The same error told about another place, for callers that know the outer key.
    public func at(_ key: UTF8Text) -> EventError {
        EventError(code, key: key, detail)
    }
}
