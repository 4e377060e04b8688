/// What `status` shows, as one table from which both forms are made: JSON for scripts, aligned lines for people.
public struct StatusDocument {
    /// How a line should be taken.
    public enum Level: UInt8, Sendable {
        case plain, good, warning, bad
    }

    enum Value {
        case number(Int64)
        case text(String)
        case flag(Bool)
        case null
    }

    struct Field {
        let name: StaticString
        let value: Value
        /// The words for people; the value itself when `nil`.
        let words: String?
        let level: Level
    }

    struct Section {
        let name: StaticString
        /// Sections with an item are the elements of one list, such as nodes.
        let item: String?
        var fields: [Field] = []
    }

    private(set) var sections: [Section] = []

    public init() {}

    /// Begins a section; what is added next belongs to it.
    @inline(never)
    public mutating func section(_ name: StaticString, item: String? = nil) {
        sections.append(Section(name: name, item: item))
    }

    @inline(never)
    public mutating func add(_ name: StaticString, _ number: UInt64, words: String? = nil, level: Level = .plain) {
        add(name, .number(Int64(clamping: number)), words, level)
    }

    @inline(never)
    public mutating func add(_ name: StaticString, _ number: Int64, words: String? = nil, level: Level = .plain) {
        add(name, .number(number), words, level)
    }

    @inline(never)
    public mutating func add(_ name: StaticString, text: String, words: String? = nil, level: Level = .plain) {
        add(name, .text(text), words, level)
    }

    @inline(never)
    public mutating func add(_ name: StaticString, flag: Bool, words: String? = nil, level: Level = .plain) {
        add(name, .flag(flag), words, level)
    }

    /// A value that nobody knows now.
    @inline(never)
    public mutating func addUnknown(_ name: StaticString, words: String) {
        add(name, .null, words, .plain)
    }

    @inline(never)
    private mutating func add(_ name: StaticString, _ value: Value, _ words: String?, _ level: Level) {
        guard !sections.isEmpty else { return }
        sections[sections.count - 1].fields.append(Field(name: name, value: value, words: words, level: level))
    }
}
