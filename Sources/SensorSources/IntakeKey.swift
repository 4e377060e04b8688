import AttestationFormat
import LogisticsEvents

/// The keys of an intake line.
enum IntakeKey: Int, CaseIterable {
    case source, number, kind, time, what, readPoint, position, readings, documents, attachments, foreign, flags, fields

    static let names: [FixedText] = [
        "source", "number", "kind", "time", "what", "readPoint", "position", "readings", "documents", "attachments",
        "foreign", "flags", "fields",
    ]

    static let table = KeyTable(names)
}

/// The keys that one object may have.
struct KeyTable {
    let names: [FixedText]
    private let table: NameTable

    init(_ names: [FixedText]) {
        self.names = names
        table = NameTable(names)
    }

    func index(of key: Span<UInt8>) -> Int? { table.index(of: key) }
}

/// Where the values of one object's keys stand among the tokens; keys that are not in the list are refused.
struct JSONMembers {
    /// Token of each key's value; 0 where the key is absent, since token 0 is the line itself.
    private var values: InlineArray<16, Int32> = .init(repeating: 0)

    /// - Parameters:
    ///   - object: index of an object's token.
    ///   - keys: the keys that may stand in it, 16 at most.
    ///   - place: the object's own place, for errors; empty for the line.
    init(
        _ json: JSONTokens, _ line: Span<UInt8>, object: Int, keys: KeyTable, place: UTF8Text
    ) throws(EventError) {
        var index = object + 1
        let end = Int(json[object].next)
        while index < end {
            let key = line.extracting(json[index].range)
            guard let known = keys.index(of: key) else {
                throw JSONMembers.unknown(key, keys.names, place)
            }
            values[known] = Int32(truncatingIfNeeded: index + 1)
            index = Int(json[index + 1].next)
        }
    }

    /// The token of a key's value; nil where the key is absent.
    subscript(_ key: IntakeKey) -> Int? { self[key.rawValue] }

    /// The same, by the key's place in the list.
    subscript(_ key: Int) -> Int? { values[key] == 0 ? nil : Int(values[key]) }

    private static func unknown(_ key: Span<UInt8>, _ names: [FixedText], _ place: UTF8Text) -> EventError {
        var list: UTF8Text = ""
        for name in names { list = list.bytes.isEmpty ? name.text : list + ", " + name.text }
        // An error must not carry a stranger's 16 KiB back: 64 bytes show which key it is.
        let shown = UTF8Text(validating: [UInt8](copying: key.extracting(0..<min(key.count, 64)))) ?? "?"
        let path = place.bytes.isEmpty ? shown : place + "." + shown
        return EventError(.unknownField, key: path, "unknown key; known here are " + list)
    }
}
