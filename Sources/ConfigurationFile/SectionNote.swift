public import AttestationFormat

/// What the example file and the documentation say of a section, and which sections of a family the example shows.
public struct SectionNote: Sendable {
    /// As settings name it: `journal`, `source.*`.
    public let section: UTF8Text
    /// One or two sentences.
    public let text: UTF8Text
    /// For a family: the sections shown, each with the value of the key that conditions ask for; empty otherwise.
    public let examples: [Example]

    /// One section of a family in the example file.
    public struct Example: Sendable {
        /// For example `source.health`.
        public let section: UTF8Text
        /// The condition that holds in it; nil where the family has none.
        public let condition: Setting.Condition?
        /// Whether it stands there in force, not as a comment.
        public let isActive: Bool

        public init(_ section: UTF8Text, when condition: Setting.Condition? = nil, isActive: Bool = false) {
            self.section = section
            self.condition = condition
            self.isActive = isActive
        }
    }

    public init(_ section: UTF8Text, _ text: UTF8Text, examples: [Example] = []) {
        self.section = section
        self.text = text
        self.examples = examples
    }
}
