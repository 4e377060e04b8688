import AllianceTrust
import AttestationFormat
import MerkleTree

/// Makes evidence of some batches of a ledger: in chain order, with the statements between them.
struct EvidenceCollector<Transaction: NodeTransaction> {
    /// A run between two disclosed batches of one epoch with more statements than this is left out and named, as
    /// section 10 allows: at 300 bytes each, longer runs outweigh what they stand between.
    static var longestRun: Int { 1_024 }

    private let about: EvidenceQuery.About
    private let transaction: Transaction
    private var records: [SignerID: [EntryRecord]] = [:]
    private(set) var byteCount = 0

    init(_ about: EvidenceQuery.About, _ transaction: Transaction) {
        self.about = about
        self.transaction = transaction
    }

    /// Adds a batch whose events are to be disclosed.
    mutating func add(_ leaf: Int64) throws {
        guard let record = try transaction.record(leaf) else { return }
        records[record.signer, default: []].append(record)
        byteCount += record.bytes.count + (record.events?.count ?? 0) + (record.receipt?.count ?? 0)
    }

    /// nil when nothing was added, or no certificate is stored.
    func evidence(alliance: Name) throws -> Evidence? {
        var entries: [Evidence.Entry] = []
        var certificates: [[UInt8]] = []
        for signer in records.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            entries += try chain(of: signer)
            certificates += try transaction.certificates(of: signer)
        }
        guard !entries.isEmpty, !certificates.isEmpty else { return nil }
        return Evidence(alliance: alliance, entries: entries, sealCertificates: certificates)
    }

    private func chain(of signer: SignerID) throws -> [Evidence.Entry] {
        let order = try EpochOrder(of: signer, transaction)
        let disclosed = (records[signer] ?? []).sorted {
            let (left, right) = (order.place(of: $0.epoch), order.place(of: $1.epoch))
            return left == right ? $0.link.range.start < $1.link.range.start : left < right
        }
        var entries: [Evidence.Entry] = []
        var previous: EntryRecord?
        for record in disclosed {
            if let previous { entries += try between(previous, record, order) }
            entries.append(.batch(try batch(record, discloses: true)))
            previous = record
        }
        return entries
    }

    /// The statements after `first` and before `last`, across epochs where it must be.
    private func between(
        _ first: EntryRecord, _ last: EntryRecord, _ order: EpochOrder
    ) throws -> [Evidence.Entry] {
        if first.epoch == last.epoch {
            return try run(
                first.epoch, first.signer, SequenceRange(start: first.link.range.end, end: last.link.range.start))
        }
        var entries = try run(first.epoch, first.signer, SequenceRange(start: first.link.range.end, end: Limits.sequenceEnd))
        for epoch in order.epochs(between: first.epoch, and: last.epoch) {
            entries += try run(epoch, first.signer, SequenceRange(start: 0, end: Limits.sequenceEnd))
        }
        return entries + (try run(last.epoch, last.signer, SequenceRange(start: 0, end: last.link.range.start)))
    }

    /// The statements of one epoch in a range; the middle of a long run is left out between two that have receipts.
    private func run(_ epoch: Epoch, _ signer: SignerID, _ range: SequenceRange) throws -> [Evidence.Entry] {
        guard range.start < range.end else { return [] }
        let leaves = try transaction.leaves(of: epoch, signer, in: range, limit: Self.longestRun + 1)
        guard leaves.count > Self.longestRun else {
            return try leaves.compactMap { try transaction.record($0) }.map { .batch(try batch($0, discloses: false)) }
        }
        guard let first = try transaction.record(leaves[0]),
            let last = try transaction.lastRecord(of: epoch, signer, in: range)
        else { return [] }
        return [
            .batch(try batch(first, discloses: false)),
            .leftOut(first: first.link.range.end, next: last.link.range.start),
            .batch(try batch(last, discloses: false)),
        ]
    }

    private func batch(_ record: EntryRecord, discloses: Bool) throws -> Evidence.Batch {
        guard let statement = try? Statement(parsing: record.bytes) else {
            throw NodeError(.damagedStore, "entry \(record.leaf) is not the statement it should be")
        }
        let events = discloses ? try disclosed(record) : []
        return Evidence.Batch(statement: statement, events: events, receipts: record.receipt.map { [$0] } ?? [])
    }

    private func disclosed(_ record: EntryRecord) throws -> [Evidence.DisclosedEvent] {
        guard let stored = record.events else { return [] }
        let list = try EventList(stored: stored, of: record.bytes)
        let tree = MerkleNodes<SHA256>(leafHashes: list.items.map { $0.leafHash(using: SHA256.self) })
        return list.items.enumerated().compactMap { index, item in
            guard case .event(let event) = item, isAskedFor(event),
                let path = tree.inclusionPath(index: UInt64(index))
            else { return nil }
            return Evidence.DisclosedEvent(event: event, index: UInt64(index), path: path)
        }
    }

    private func isAskedFor(_ event: EventView) -> Bool {
        switch about {
        case .gateway: true
        case .subject(let subject):
            event.what.contains { $0 == UTF8Text(subject) || $0 == UTF8Text("parent:" + subject) }
        }
    }
}

/// The order of a signer's epochs: each follows the one that its opening names.
struct EpochOrder {
    private var places: [Epoch: Int] = [:]
    private var ordered: [Epoch] = []

    init(of signer: SignerID, _ transaction: some NodeTransaction) throws {
        // By first index in the ledger; then each is moved behind the one that it names.
        let found = try transaction.epochs(of: signer).map(\.epoch)
        var predecessor: [Epoch: Epoch] = [:]
        for epoch in found {
            guard let opening = try transaction.statement(epoch, first: 0, of: signer) else { continue }
            predecessor[epoch] = try transaction.epoch(ofStatement: opening.previous)
        }
        for epoch in found { append(epoch, after: predecessor) }
    }

    private mutating func append(_ epoch: Epoch, after predecessor: [Epoch: Epoch]) {
        var line: [Epoch] = []
        var next: Epoch? = epoch
        // A line cannot come back to itself: each opening names a hash that was fixed before.
        while let current = next, places[current] == nil, !line.contains(current) {
            line.append(current)
            next = predecessor[current]
        }
        for epoch in line.reversed() {
            places[epoch] = ordered.count
            ordered.append(epoch)
        }
    }

    func place(of epoch: Epoch) -> Int { places[epoch] ?? .max }

    func epochs(between first: Epoch, and last: Epoch) -> ArraySlice<Epoch> {
        let (start, end) = (place(of: first), place(of: last))
        guard start < end, end < ordered.count else { return [] }
        return ordered[(start + 1)..<end]
    }
}
