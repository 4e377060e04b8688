import AllianceTrust
import AttestationFormat
import MerkleTree

/// Makes evidence of some batches of a ledger: in chain order, with the statements between them.
struct EvidenceCollector<Transaction: NodeTransaction> {
    /// A run between two disclosed batches of one epoch with more statements than this is left out and named, as
    /// section 10 allows: at 300 bytes each, longer runs outweigh what they stand between.
    static var longestRun: Int { 1_024 }
    /// Bytes of a page's statements between disclosed batches, with their receipts; beyond, runs are left out from three on.
    static var runByteCount: Int { 3 << 20 }
    /// Bytes of a page's lists that revoke what a newer one leaves out, and one list more: an issuer that forgets twice is rare, and has two.
    private static var forgottenListByteCount: Int { 1 << 20 }
    /// Array heads, index and string heads of one event or batch, at most.
    private static var headByteCount: Int { 24 }

    /// A batch with the events that are disclosed of it.
    private struct Disclosing {
        let record: EntryRecord
        let batch: Evidence.Batch
    }

    private let about: EvidenceQuery.About
    private let transaction: Transaction
    private let longestRun: Int
    private let runByteCount: Int
    private var batches: [SignerID: [Disclosing]] = [:]
    /// Bytes of the disclosing batches added so far, as they will be encoded: paths weigh more than events.
    private(set) var byteCount = 0

    init(
        _ about: EvidenceQuery.About, _ transaction: Transaction, longestRun: Int = Self.longestRun,
        runByteCount: Int = Self.runByteCount
    ) {
        self.about = about
        self.transaction = transaction
        self.longestRun = longestRun
        self.runByteCount = runByteCount
    }

    /// Adds a batch whose events are to be disclosed.
    mutating func add(_ leaf: Int64) throws {
        guard let record = try transaction.record(leaf) else { return }
        let batch = try batch(record, discloses: true)
        batches[record.signer, default: []].append(Disclosing(record: record, batch: batch))
        byteCount += Self.byteCount(of: record)
        for event in batch.events { byteCount += event.event.bytes.count + 34 * event.path.count + Self.headByteCount }
    }

    /// Statement and receipt.
    private static func byteCount(of record: EntryRecord) -> Int {
        record.bytes.count + (record.receipt?.count ?? 0) + headByteCount
    }

    /// nil when nothing was added, or no certificate is stored.
    func evidence(alliance: Name) throws -> Evidence? {
        var entries: [Evidence.Entry] = []
        var certificates: [[UInt8]] = []
        var firms: Set<String> = []
        var runBudget = runByteCount
        for signer in batches.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            entries += try chain(of: signer, &runBudget)
            certificates += try transaction.certificates(of: signer)
            firms.formUnion((batches[signer] ?? []).map(\.batch.statement.header.gateway.firm.text.string))
        }
        guard !entries.isEmpty, !certificates.isEmpty else { return nil }
        var evidence = Evidence(alliance: alliance, entries: entries, sealCertificates: certificates)
        evidence.revocationLists = try revocationLists(firms.sorted(), for: certificates)
        return evidence
    }

    /// The newest list of each issuing key, as it was signed; and beside it those before it that revoke a certificate enclosed here, where the newest
    /// leaves that out: a verifier, too, then finds it revoked.
    private func revocationLists(_ firms: [String], for certificates: [[UInt8]]) throws -> [[UInt8]] {
        var lists = try firms.flatMap { try transaction.revocationLists(firm: $0) }
        let forgotten = try firms.flatMap { try transaction.forgottenRevocations(firm: $0) }
        guard !forgotten.isEmpty else { return lists }
        let serials = Set(certificates.compactMap { CertificateFacts(der: $0)?.serialNumber })
        var (added, byteCount): (Set<Digest>, Int) = ([], 0)
        for revocation in forgotten where serials.contains(revocation.serialNumber) && added.insert(revocation.list).inserted {
            guard byteCount < Self.forgottenListByteCount else { break }
            guard let der = try transaction.revocationList(hash: revocation.list) else { continue }
            lists.append(der)
            byteCount += der.count
        }
        return lists
    }

    private func chain(of signer: SignerID, _ runBudget: inout Int) throws -> [Evidence.Entry] {
        let order = try EpochOrder(of: signer, transaction)
        let disclosed = (batches[signer] ?? []).sorted {
            let (left, right) = (order.place(of: $0.record.epoch), order.place(of: $1.record.epoch))
            return left == right ? $0.record.link.range.start < $1.record.link.range.start : left < right
        }
        var entries: [Evidence.Entry] = []
        var previous: EntryRecord?
        for item in disclosed {
            if let previous { entries += try between(previous, item.record, order, &runBudget) }
            entries.append(.batch(item.batch))
            previous = item.record
        }
        return entries
    }

    /// The statements after `first` and before `last`, across epochs where it must be.
    private func between(
        _ first: EntryRecord, _ last: EntryRecord, _ order: EpochOrder, _ runBudget: inout Int
    ) throws -> [Evidence.Entry] {
        if first.epoch == last.epoch {
            return try run(
                first.epoch, first.signer, SequenceRange(start: first.link.range.end, end: last.link.range.start), &runBudget)
        }
        var entries = try run(first.epoch, first.signer, SequenceRange(start: first.link.range.end, end: Limits.sequenceEnd), &runBudget)
        for epoch in order.epochs(between: first.epoch, and: last.epoch) {
            entries += try run(epoch, first.signer, SequenceRange(start: 0, end: Limits.sequenceEnd), &runBudget)
        }
        return entries + (try run(last.epoch, last.signer, SequenceRange(start: 0, end: last.link.range.start), &runBudget))
    }

    /// The statements of one epoch in a range; the middle of a long run, and of one that the page has no room for, is left out
    /// between two that have receipts.
    private func run(
        _ epoch: Epoch, _ signer: SignerID, _ range: SequenceRange, _ budget: inout Int
    ) throws -> [Evidence.Entry] {
        guard range.start < range.end else { return [] }
        let leaves = try transaction.leaves(of: epoch, signer, in: range, limit: longestRun + 1)
        if leaves.count <= longestRun, let whole = try whole(leaves, &budget) { return whole }
        guard let first = try transaction.record(leaves[0]),
            let last = try transaction.lastRecord(of: epoch, signer, in: range)
        else { return [] }
        return [
            .batch(try batch(first, discloses: false)),
            .leftOut(first: first.link.range.end, next: last.link.range.start),
            .batch(try batch(last, discloses: false)),
        ]
    }

    /// A whole run; nil when the page has no room for it and leaving out its middle would make it smaller.
    private func whole(_ leaves: [Int64], _ budget: inout Int) throws -> [Evidence.Entry]? {
        var entries: [Evidence.Entry] = []
        var byteCount = 0
        for leaf in leaves {
            guard let record = try transaction.record(leaf) else { continue }
            byteCount += Self.byteCount(of: record)
            if byteCount > budget, leaves.count > 2 { return nil }
            entries.append(.batch(try batch(record, discloses: false)))
        }
        budget -= min(budget, byteCount)
        return entries
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
        let leafHashes = list.items.map { $0.leafHash(using: SHA256.self) }
        let tree = MerkleNodes<SHA256>(leafHashes: leafHashes)
        // No entry shows a leaf twice; equal events of one batch are one leaf.
        var shown: Set<Digest> = []
        return list.items.enumerated().compactMap { index, item in
            guard case .event(let event) = item, isAskedFor(event), shown.insert(leafHashes[index]).inserted,
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
