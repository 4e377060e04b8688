public import AttestationFormat

/// What a setting's value looks like, and what is allowed.
public enum SettingKind: Equatable, Sendable {
    /// 1 to 32 of `a-z 0-9 -`, not starting or ending with `-` (wire-format.md, section 2).
    case name
    /// Any text up to so many bytes.
    case text(maximumByteCount: Int)
    /// An absolute path.
    case path
    /// An absolute path, or a `pkcs11:` URI, whose parts are judged by whoever uses it.
    case keyLocation
    /// An absolute path that fits into a UNIX socket's address: 107 bytes on Linux.
    case socketPath
    /// `true` or `false`.
    case flag
    /// One of some words.
    case choice([FixedText])
    /// Some of some words, separated by commas.
    case choices([FixedText], maximumCount: Int)
    /// One of some words, or a factor such as `10x`.
    case choiceOrFactor([FixedText], ClosedRange<Int64>)
    case integer(ClosedRange<Int64>)
    case integers(ClosedRange<Int64>, maximumCount: Int)
    /// A file's mode in octal, for example 0660.
    case mode
    /// Milliseconds, written with `ms`, `s`, `min`, `h` or `d`.
    case duration(ClosedRange<Int64>)
    /// Bytes, written with `B`, `KiB`, `MiB` or `GiB`.
    case byteCount(ClosedRange<Int64>)
    /// A host name or numeric address.
    case host
    /// A host with a port if it is not the usual one.
    case address
    /// Hosts, each with a port if it is not the usual one, separated by commas.
    case addresses(maximumCount: Int)
    /// The last day of something, `2027-03-31`; the value is the first second after it, UTC.
    case lastDay
    /// Two decimal numbers, `-30 .. -18.5`.
    case decimalRange
    /// A decimal number that is not negative, `0.5`; which digits it may have is known only with its unit.
    case amount
    /// `above 8`, `at-least 45`, `below 2` or `at-most -0.5`, or one of some words.
    case limit([FixedText])
    /// A decimal number that is not 0, with at most nine digits behind the point.
    case decimalFactor
    /// An MQTT topic, in which `+` stands for any one level and a last `#` for all further ones (MQTT 5, 4.7).
    case topicFilter
    /// A place in a JSON document (RFC 6901).
    case jsonPointer
}

extension SettingKind {
    /// What is allowed, for documentation and messages.
    public var explanation: UTF8Text {
        switch self {
        case .name: "1 to 32 of a-z, 0-9 and -"
        case .text(let maximum): UTF8Text("text, at most \(maximum) bytes")
        case .path: "absolute path"
        case .keyLocation: "absolute path, or a pkcs11: URI"
        case .socketPath: "absolute path, at most 107 bytes"
        case .flag: "true or false"
        case .choice(let words): SettingKind.joined(words, " or ")
        case .choices(let words, let maximum): UTF8Text("at most \(maximum) of: ") + SettingKind.joined(words, ", ")
        case .choiceOrFactor(let words, let range):
            SettingKind.joined(words, ", ") + UTF8Text(" or a factor from \(range.lowerBound)x to \(range.upperBound)x")
        case .integer(let range): UTF8Text("number from \(range.lowerBound) to \(range.upperBound)")
        case .integers(let range, let maximum):
            UTF8Text("at most \(maximum) numbers from \(range.lowerBound) to \(range.upperBound), with commas between")
        case .mode: "octal mode from 0600 to 0777"
        case .duration(let range):
            "duration from " + DurationText.text(range.lowerBound) + " to " + DurationText.text(range.upperBound)
        case .byteCount(let range):
            "size from " + ByteCountText.text(range.lowerBound) + " to " + ByteCountText.text(range.upperBound)
        case .host: "host name or address"
        case .address: "HOST or HOST:PORT"
        case .addresses(let maximum): UTF8Text("at most \(maximum) of HOST or HOST:PORT, with commas between")
        case .lastDay: "date as 2027-03-31"
        case .decimalRange: "two numbers as -30 .. -18.5"
        case .amount: "number from 0 up"
        case .limit(let words): "above, at-least, below or at-most with a number, or " + SettingKind.joined(words, ", ")
        case .decimalFactor: "number other than 0, as 0.001"
        case .topicFilter: "MQTT topic; + stands for any one level, a last # for all further ones"
        case .jsonPointer: "JSON pointer as /params/temperature:0/tC, with ~1 for a / and ~0 for a ~"
        }
    }

    /// What stands before the explanation in a sentence.
    var article: UTF8Text {
        switch self {
        case .path, .keyLocation, .socketPath, .mode, .topicFilter: "an "
        case .integer, .duration, .byteCount, .host, .lastDay, .amount, .decimalFactor, .jsonPointer: "a "
        case .name, .text, .flag, .choice, .choices, .choiceOrFactor, .integers, .address, .addresses, .decimalRange, .limit: ""
        }
    }

    /// The words of a limit, in the order that the documentation names them.
    static let limitWords: [FixedText] = ["above", "at-least", "below", "at-most"]

    private static func joined(_ words: [FixedText], _ separator: UTF8Text) -> UTF8Text {
        var text: UTF8Text = ""
        for (index, word) in words.enumerated() { text = index == 0 ? word.text : text + separator + word.text }
        return text
    }
}
