public import AttestationFormat

/// The one declaration of a key, plain data in the program: from it come parsing, `check-config`, the example file and the documentation.
public struct Setting: Sendable {
    /// What happens when nobody sets the key.
    public enum Absence: Equatable, Sendable {
        /// This text counts.
        case defaultText(FixedText)
        /// The key stays without a value, which its `why` explains.
        case unset
        /// The configuration is refused.
        case refused
    }

    /// A key that makes sense only beside certain values of another key of its section.
    public struct Condition: Equatable, Sendable {
        public var key: UTF8Text { keyLiteral.text }
        private let keyLiteral: FixedText
        public var value: UTF8Text { valueLiteral.text }
        private let valueLiteral: FixedText

        @inline(__always)
        public init(_ key: FixedText, is value: FixedText) {
            keyLiteral = key
            valueLiteral = value
        }
    }

    /// `journal`, or `source.*` for a family of sections with a name of their own.
    public var section: UTF8Text { sectionLiteral.text }
    private let sectionLiteral: FixedText
    public var key: UTF8Text { keyLiteral.text }
    private let keyLiteral: FixedText
    public let kind: SettingKind
    public let absence: Absence
    public let condition: Condition?
    /// A value for the example file where there is no default.
    public var example: UTF8Text { exampleLiteral.text }
    private let exampleLiteral: FixedText
    /// Why the default is what it is, or what the key is good for: one or two sentences.
    public var why: UTF8Text { whyLiteral.text }
    private let whyLiteral: FixedText

    @inline(__always)
    public init(
        _ section: FixedText, _ key: FixedText, _ kind: SettingKind, _ absence: Absence, when condition: Condition? = nil,
        example: FixedText = "", why: FixedText
    ) {
        sectionLiteral = section
        keyLiteral = key
        self.kind = kind
        self.absence = absence
        self.condition = condition
        exampleLiteral = example
        whyLiteral = why
    }

    /// The default's text, where there is one.
    public var defaultText: UTF8Text? {
        guard case .defaultText(let text) = absence else { return nil }
        return text.text
    }
}
