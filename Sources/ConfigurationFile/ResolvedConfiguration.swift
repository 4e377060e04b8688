public import AttestationFormat

/// Every setting of every section with its value and where it came from.
public struct ResolvedConfiguration: Sendable {
    /// One setting of one section.
    public struct Row: Sendable {
        /// The section as the file names it, for example `source.gps`.
        public let section: UTF8Text
        public let setting: Setting
        /// The text of the value; nil when the key is unset.
        public let text: UTF8Text?
        /// The value; nil when the key is unset, or its text is wrong.
        public let value: SettingValue?
        public let origin: ValueOrigin
    }

    /// In the order of the table; the members of a family in the order of the file.
    public private(set) var rows: [Row] = []
    /// Where rows of another section begin, so that a key of one of 1,000 sensors is found without a look at the others' keys.
    private var starts: [Int] = []

    /// An empty one.
    public init() {}

    /// A configuration of these rows, in the order of the table.
    public init(rows: [Row]) {
        for row in rows { append(row) }
    }

    /// Puts a row behind those that there are.
    @inline(never)
    mutating func append(_ row: Row) {
        if rows.last?.section != row.section { starts.append(rows.count) }
        rows.append(row)
    }

    /// The row of a key; of several the last one.
    @inline(never)  // Into each of its callers it would take a kilobyte.
    public func row(_ section: UTF8Text, _ key: UTF8Text) -> Row? {
        var (run, end) = (starts.count - 1, rows.count)
        while run >= 0 {
            if rows[starts[run]].section == section, let row = rows[starts[run]..<end].last(where: { $0.setting.key == key }) { return row }
            end = starts[run]
            run -= 1
        }
        return nil
    }

    /// The names of a family's members, for `source.` the part behind it, in the order of the file.
    public func members(of family: UTF8Text) -> [UTF8Text] {
        var names: [UTF8Text] = []
        for row in rows where row.section.hasPrefix(family) {
            guard let name = UTF8Text(validating: Array(row.section.bytes.dropFirst(family.byteCount))),
                names.last != name
            else { continue }
            names.append(name)
        }
        return names
    }

    /// A text value; nil when unset.
    public func text(_ section: UTF8Text, _ key: UTF8Text) -> UTF8Text? {
        guard case .text(let text) = row(section, key)?.value else { return nil }
        return text
    }

    /// A number, milliseconds, bytes, mode bits or seconds; nil when unset.
    public func number(_ section: UTF8Text, _ key: UTF8Text) -> Int64? {
        guard case .number(let number) = row(section, key)?.value else { return nil }
        return number
    }

    /// A flag; nil when unset.
    public func flag(_ section: UTF8Text, _ key: UTF8Text) -> Bool? {
        guard case .flag(let flag) = row(section, key)?.value else { return nil }
        return flag
    }

    /// A list of texts; empty when unset.
    public func texts(_ section: UTF8Text, _ key: UTF8Text) -> [UTF8Text] {
        guard case .texts(let texts) = row(section, key)?.value else { return [] }
        return texts
    }

    /// A list of numbers; empty when unset.
    public func numbers(_ section: UTF8Text, _ key: UTF8Text) -> [Int64] {
        guard case .numbers(let numbers) = row(section, key)?.value else { return [] }
        return numbers
    }
}
