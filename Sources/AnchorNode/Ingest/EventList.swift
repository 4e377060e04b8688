import AttestationFormat

/// The third element of a batch-message as a node keeps it: events whole or as leaf hashes, in order.
struct EventList {
    let items: [BatchMessage.Item]

    init(_ items: [BatchMessage.Item]) {
        self.items = items
    }

    /// Reads a list that this program has written.
    init(stored bytes: [UInt8], of statement: [UInt8]) throws {
        var writer = CBORWriter(reserving: bytes.count + statement.count + 8)
        writer.beginArray(3)
        writer.write(UInt64(1))
        writer.write(statement)
        writer.writeEncoded(bytes)
        guard let items = try? BatchMessage(parsing: writer.bytes).items else {
            throw NodeError(.damagedStore, "a list of events in the store cannot be read; run SQLite's integrity_check on it")
        }
        self.items = items
    }

    /// The list's bytes: an array of byte strings, and arrays of one leaf hash.
    var encoded: [UInt8] {
        var writer = CBORWriter(reserving: items.count * 128)
        writer.beginArray(items.count)
        for item in items {
            switch item {
            case .event(let event): BatchMessage.append(event: event.bytes[...], to: &writer)
            case .withheld(let leafHash): BatchMessage.append(leafHash: leafHash, to: &writer)
            }
        }
        return writer.bytes
    }

    /// How many events are held whole.
    var heldCount: Int {
        items.count { if case .event = $0 { true } else { false } }
    }

    /// Both lists lead to the same root: whatever either has whole is whole.
    func merged(with other: EventList) -> EventList {
        guard items.count == other.items.count else { return self }
        return EventList(
            zip(items, other.items).map { own, other in
                if case .event = own { own } else { other }
            })
    }

    /// The names of key 4 in the events held whole, without `parent:`, each once.
    var subjects: [String] {
        let parent: UTF8Text = "parent:"
        var seen: Set<UTF8Text> = []
        for case .event(let event) in items {
            for name in event.what {
                seen.insert(name.hasPrefix(parent) ? Self.suffix(of: name, after: parent) : name)
            }
        }
        return seen.map(\.string)
    }

    private static func suffix(of name: UTF8Text, after prefix: UTF8Text) -> UTF8Text {
        UTF8Text(validating: Array(name.bytes.dropFirst(prefix.byteCount))) ?? name
    }
}
