public import AttestationFormat

/// What stands in a configuration file and its drop-ins: sections, keys and values with their places, not yet judged.
public struct ConfigurationDocument: Sendable {
    /// One `[section]` line.
    public struct Section: Equatable, Sendable {
        public let name: UTF8Text
        public let origin: ValueOrigin
    }

    /// One `key = value` line.
    public struct Entry: Equatable, Sendable {
        public let section: UTF8Text
        public let key: UTF8Text
        public let value: UTF8Text
        public let origin: ValueOrigin

        public init(section: UTF8Text, key: UTF8Text, value: UTF8Text, origin: ValueOrigin) {
            self.section = section
            self.key = key
            self.value = value
            self.origin = origin
        }
    }

    /// The file that everything starts from, for messages about what is missing.
    public let path: UTF8Text
    /// Section lines in the order of the text; one name may stand several times.
    public internal(set) var sections: [Section] = []
    /// Values in the order of the text; a drop-in's stand after those of the file, and win.
    public internal(set) var entries: [Entry] = []
    /// What is wrong with files and lines.
    public internal(set) var problems: [ConfigurationProblem] = []

    /// Files beside the drop-ins whose name does not end in `.conf`, hidden ones and backups (`~`) aside: they count for nothing.
    public internal(set) var passedOver: [UTF8Text] = []

    /// False if the file itself could not be read: then it is idle to say what it lacks.
    public internal(set) var isReadable = true

    /// An empty document.
    public init(path: UTF8Text) {
        self.path = path
    }

    /// Parses the bytes of one file and adds what they say.
    public mutating func add(_ bytes: [UInt8], of path: UTF8Text) {
        let parser = IniParser(bytes, path: path)
        parser.parse()
        sections.append(contentsOf: parser.sections)
        entries.append(contentsOf: parser.entries)
        problems.append(contentsOf: parser.problems)
    }
}
