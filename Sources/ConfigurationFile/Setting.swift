public import AttestationFormat

/// The one declaration of a key: from it come parsing, `check-config`, the example file and the documentation.
public struct Setting: Sendable {
    /// What happens when nobody sets the key.
    public enum Absence: Equatable, Sendable {
        /// This text counts.
        case defaultText(UTF8Text)
        /// The key stays without a value, which its `why` explains.
        case unset
        /// The configuration is refused.
        case refused
    }

    /// A key that makes sense only beside certain values of another key of its section.
    public struct Condition: Equatable, Sendable {
        public let key: UTF8Text
        public let value: UTF8Text

        public init(_ key: UTF8Text, is value: UTF8Text) {
            self.key = key
            self.value = value
        }
    }

    /// `journal`, or `source.*` for a family of sections with a name of their own.
    public let section: UTF8Text
    public let key: UTF8Text
    public let kind: SettingKind
    public let absence: Absence
    public let condition: Condition?
    /// A value for the example file where there is no default.
    public let example: UTF8Text
    /// Why the default is what it is, or what the key is good for: one or two sentences.
    public let why: UTF8Text

    public init(
        _ section: UTF8Text, _ key: UTF8Text, _ kind: SettingKind, _ absence: Absence, when condition: Condition? = nil,
        example: UTF8Text = "", why: UTF8Text
    ) {
        self.section = section
        self.key = key
        self.kind = kind
        self.absence = absence
        self.condition = condition
        self.example = example
        self.why = why
    }

    /// The default's text, where there is one.
    public var defaultText: UTF8Text? {
        guard case .defaultText(let text) = absence else { return nil }
        return text
    }
}
