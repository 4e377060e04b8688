internal import AgentConfiguration
internal import AttestationFormat
internal import CPosixShims
internal import ConfigurationFile

/// The command line: a command, its operands, and the options that every command takes.
struct Arguments {
    /// Longest command line that is read.
    static let byteCapacity = 65_536

    var command: UTF8Text?
    var operands: [UTF8Text] = []
    var configPath: UTF8Text = AgentSettings.usualPath
    /// `section.key=value`, each from a `--set`.
    var settings: [UTF8Text] = []
    var wantsJSON = false
    var wantsHex = false
    var wantsHelp = false
    var wantsColour: Bool?
    /// Options with a value that only some commands take; each at most once.
    var values: [(name: UTF8Text, value: UTF8Text)] = []
    /// Options without a value that only some commands take.
    var flags: [UTF8Text] = []
    /// What is wrong with it, if something is.
    var problem: String?

    /// Reads words: the program's name is not among them.
    init(_ words: [UTF8Text]) {
        var index = 0
        while index < words.count {
            let word = words[index]
            index += 1
            switch word {
            case "--help", "-h": wantsHelp = true
            case "--json": wantsJSON = true
            case "--hex": wantsHex = true
            case "--no-colour", "--no-color": wantsColour = false
            case "--version": take("version")
            case "--replace", "--abandon", "--yes", "--accept-trust", "--seal", "--automatic": flags.append(word)
            case "--device", "--code", "--ca", "--trust-hash", "--broker", "--module":
                guard index < words.count, value(word) == nil else {
                    problem = "\(word.string) needs one value after it"
                    return
                }
                values.append((word, words[index]))
                index += 1
            case "--config", "-c", "--set":
                guard index < words.count else {
                    problem = "\(word.string) needs a value after it"
                    return
                }
                if word == "--set" { settings.append(words[index]) } else { configPath = words[index] }
                index += 1
            default: take(word)
            }
        }
    }

    /// What stands after an option; nil if it was not given.
    func value(_ name: UTF8Text) -> UTF8Text? { values.first { $0.name == name }?.value }

    func has(_ flag: UTF8Text) -> Bool { flags.contains(flag) }

    /// The first of the options of some commands that is not among these.
    func option(besides allowed: [UTF8Text]) -> UTF8Text? {
        (values.map { $0.name } + flags).first { option in !allowed.contains { $0 == option } }
    }

    private mutating func take(_ word: UTF8Text) {
        if word.hasPrefix("--") {
            problem = "unknown option \(word.string)"
        } else if command == nil {
            command = word
        } else {
            operands.append(word)
        }
    }

    /// The words of this process.
    static func ofProcess() -> [UTF8Text] {
        var bytes = [UInt8](repeating: 0, count: byteCapacity)
        let count = bytes.withUnsafeMutableBufferPointer { posix_arguments($0.baseAddress, $0.count) }
        guard count > 0 else { return [] }
        var words: [UTF8Text] = []
        for bytes in bytes[..<count].split(separator: 0, omittingEmptySubsequences: false).dropLast().dropFirst() {
            let word = UTF8Text(validating: Array(bytes)) ?? "?"
            // Every user's `ps` shows a command line. What stood there since the start may have been seen: `enroll -` never shows it.
            if word.hasPrefix("harborseal-enrol:") || words.last == "--code" { posix_arguments_hide(bytes.startIndex, bytes.count) }
            words.append(word)
        }
        return words
    }

    /// The whole environment, `NAME=value`.
    static func environment() -> [UTF8Text] {
        var entries: [UTF8Text] = []
        var index = 0
        while let entry = hs_environment_entry(index) {
            index += 1
            if let text = UTF8Text(validating: Array(String(cString: entry).utf8)) { entries.append(text) }
        }
        return entries
    }

    /// File, environment and flags, not yet judged.
    var layers: ConfigurationLayers {
        ConfigurationLayers(ConfigurationDocument.read(configPath), environment: Self.environment(), flags: settings)
    }

    /// What the running agent calls itself with to renew its link certificate.
    var renewalWords: [UTF8Text] {
        var words: [UTF8Text] = ["harborseal-agent", "renew", "--automatic", "--config", configPath]
        for setting in settings { words += ["--set", setting] }
        return words
    }

    /// What file, environment and flags say together.
    func configuration() throws(ConfigurationProblems) -> AgentConfiguration {
        try AgentConfiguration.load(configPath, environment: Self.environment(), flags: settings)
    }
}

/// Standard output and error of a command.
enum Output {
    static func print(_ text: String) {
        write(Array(text.utf8))
        write([UInt8(ascii: "\n")])
    }

    /// The first errno of writing to standard output; 0: all was written. One thread uses it.
    nonisolated(unsafe) private(set) static var failure: Int32 = 0

    static func write(_ bytes: [UInt8]) {
        let result = posix_write_standard_output(bytes, bytes.count)
        if result != 0, failure == 0 { failure = abs(result) }
    }

    static func complain(_ text: String) {
        var line = Array("harborseal-agent: ".utf8)
        line.append(contentsOf: text.utf8)
        line.append(UInt8(ascii: "\n"))
        posix_write_standard_error(line, line.count)
    }
}
