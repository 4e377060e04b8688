public import AttestationFormat
public import MerkleTree

/// A stored batch as its owner keeps it, with every event whole, whatever `share` says.
public struct WholeBatch: Sendable {
    /// Its batch-message as a carried message; `nil` stands for its list when events of it are lost.
    public let message: CarriedMessage
    /// Sequence of its first event, and the one after its last.
    public let first: UInt64
    public let end: UInt64
    /// Whether every event is there, and they lead to the root that was signed.
    public let isComplete: Bool
}

extension JournalPort {
    /// The first batch of the open epoch that begins at `first` or later; `nil` when there is none.
    ///
    /// - Throws: `.damaged` for bytes that are no statement, `.unacceptable` for events that no message has room for, and what reading
    ///   throws; events that are lost are no error.
    public func wholeBatch<Hash: HashFunction>(
        atOrAfter first: UInt64, of gateway: GatewayID, hashing: Hash.Type
    ) throws(JournalProblem) -> WholeBatch? {
        guard let stored = try statement(atOrAfter: first) else { return nil }
        guard let statement = try? Statement(parsing: stored.bytes) else { throw .damaged }
        var builder = BatchBuilder<Hash>(first: stored.first)
        var isDamaged = false
        do throws(JournalProblem) {
            try builder.add(eventsOf: statement, from: self, sharing: SharingRule())
        } catch {
            // Any other failure passes: what it hides must not count as archived.
            guard error == .damaged else { throw error }
            isDamaged = true
        }
        // Every batch is closed small enough for this: see `BatchBuilder.hasRoom`.
        guard isDamaged || UInt64(builder.count) == stored.count else { throw .unacceptable }
        let isComplete = !isDamaged && builder.root == statement.root
        let payload = isComplete
            ? BatchMessageBytes.make(statement: stored.bytes, items: builder.encodedItems, count: builder.count)
            : BatchMessageBytes.makeWithoutEvents(statement: stored.bytes)
        return WholeBatch(
            message: CarriedMessage(topic: Topic(gateway, .batch, using: hashing).text, payload: payload),
            first: stored.first, end: stored.end, isComplete: isComplete)
    }
}
