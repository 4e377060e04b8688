/// Reads the number of an event's kind from bytes that the journal gave back, without parsing the rest: key 0 comes first in
/// deterministic CBOR (wire-format.md, section 3).
public enum EventKindPeek {
    /// The number, or `nil` for a text kind and for bytes that are no event.
    public static func number(of event: [UInt8]) -> UInt64? {
        guard let head = event.first, head & 0xE0 == 0xA0 else { return nil }
        // Map heads: A0...B7 hold the count, B8 is followed by one byte of it.
        let keyOffset = head == 0xB8 ? 2 : 1
        guard head <= 0xB8, event.count > keyOffset + 1, event[keyOffset] == 0 else { return nil }
        let kind = event[keyOffset + 1]
        if kind < 24 { return UInt64(kind) }
        guard kind == 24, event.count > keyOffset + 2 else { return nil }
        return UInt64(event[keyOffset + 2])
    }
}
