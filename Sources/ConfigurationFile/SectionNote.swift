public import AttestationFormat

/// What the example file and the documentation say of a section, and which sections of a family the example shows.
public struct SectionNote: Sendable {
    /// As settings name it: `journal`, `source.*`.
    public var section: UTF8Text { sectionLiteral.text }
    private let sectionLiteral: FixedText
    /// One or two sentences.
    public var text: UTF8Text { textLiteral.text }
    private let textLiteral: FixedText
    /// For a family: the sections shown, each with the value of the key that conditions ask for; empty otherwise.
    public let examples: [Example]

    /// One section of a family in the example file.
    public struct Example: Sendable {
        /// For example `source.health`.
        public var section: UTF8Text { sectionLiteral.text }
        private let sectionLiteral: FixedText
        /// The condition that holds in it; nil where the family has none.
        public let condition: Setting.Condition?
        /// Whether it stands there in force, not as a comment.
        public let isActive: Bool

        @inline(__always)
        public init(_ section: FixedText, when condition: Setting.Condition? = nil, isActive: Bool = false) {
            sectionLiteral = section
            self.condition = condition
            self.isActive = isActive
        }
    }

    @inline(__always)
    public init(_ section: FixedText, _ text: FixedText, examples: [Example] = []) {
        sectionLiteral = section
        textLiteral = text
        self.examples = examples
    }
}
