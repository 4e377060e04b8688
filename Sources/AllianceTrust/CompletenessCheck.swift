internal import AttestationFormat
internal import MerkleTree

/// Walks the entries in their order and says what of the chain is shown (wire-format.md, section 10).
///
/// What contradicts the chain is a fault; what the evidence merely does not show is a gap, which is named.
struct CompletenessCheck {
    private struct Run: Hashable {
        var keyID: Digest
        var gateway: GatewayName
        var epoch: Epoch
    }

    private let entries: [JudgedEntry]
    private var faults = Findings()
    private var gaps = Findings()
    private var leftOut = Findings()
    /// Where each statement stands among the entries.
    private var numberByHash: [Digest: Int] = [:]
    private var seenGateways: Set<GatewayName> = []
    private var seenRuns: Set<Run> = []

    init(_ entries: [JudgedEntry]) {
        self.entries = entries
        checkForks()
        for (number, entry) in entries.enumerated() {
            guard let batch = entry.batch else { continue }
            if numberByHash[batch.hash] != nil { faults.add("\(batch.name): the batch is shown twice") }
            numberByHash[batch.hash] = number
        }
        for number in entries.indices {
            if let batch = entries[number].batch {
                check(batch, at: number)
            } else if case .leftOut(let first, let next) = entries[number].entry {
                checkLeftOut(first, next, at: number)
            }
        }
        checkLeaves()
    }

    /// The line of the verdict.
    var line: Verdict.Line {
        let batches = entries.compactMap(\.batch)
        let disclosed = batches.reduce(0) { $0 + $1.countedEvents.count }
        // An event that two batches show counts once, in both numbers.
        let carried = batches.reduce(0) { $0 + $1.carriedEvents.count }
        let total = batches.reduce(UInt64(0)) { $0 + UInt64($1.header.count) } - UInt64(carried)
        let hidden = total - min(total, UInt64(disclosed))
        let summary = "\(disclosed) of \(total) events disclosed" + (hidden == 0 ? "" : ", \(hidden) withheld")
        if let first = faults.first {
            return .init(.complete, .failed, first, details: faults.rest + gaps.all + leftOut.all)
        }
        if !gaps.isEmpty {
            return .init(.complete, .notJudged, "\(summary); not complete", details: gaps.all + leftOut.all)
        }
        let runs = leftOut.isEmpty
            ? "no batch is missing between the first and the last; earlier and later ones are not part of this file"
            : "\(leftOut.all.count == 1 ? "a run is" : "runs are") left out on purpose"
        var notes = leftOut.all
        if carried > 0 {
            notes.append("carried into a later batch and shown there again, counted once: \(EvidenceVerifier.counted(carried, "event"))")
        }
        if hidden > 0 { notes.append("withheld events are counted here and bound by their hashes; this file cannot say what they are") }
        return .init(.complete, .passed, "\(summary); \(runs)", details: notes)
    }

    /// First of all: whoever reads a fork need not wonder at what follows from it. A statement that its key did not sign makes none.
    private mutating func checkForks() {
        let signed = entries.compactMap(\.batch).filter { $0.isSignatureValid == true }
        for fork in ChainFork.find(in: signed.map { ($0.hash, $0.header) }) { faults.add(fork.words) }
    }

    // MARK: - Batches

    private mutating func check(_ batch: JudgedBatch, at number: Int) {
        let run = Run(keyID: batch.header.keyID, gateway: batch.header.gateway, epoch: batch.header.epoch)
        let before = number > 0 ? entries[number - 1] : nil
        if let named = numberByHash[batch.header.previous], named != number - 1 {
            faults.add(
                named > number
                    ? "\(batch.name): stands before the batch that it names as its predecessor, against the order of the chain"
                    : "\(batch.name): names a batch as its predecessor that another entry follows already")
        }
        defer {
            seenGateways.insert(batch.header.gateway)
            seenRuns.insert(run)
        }
        guard let before else { return }
        guard let previous = before.batch else {
            // A run left out stands between; its own check compares both neighbours.
            return
        }
        guard previous.header.gateway == batch.header.gateway else {
            if seenGateways.contains(batch.header.gateway) {
                faults.add("\(batch.name): entries of this gateway stand apart from each other")
            }
            return
        }
        let isSameRun = previous.header.epoch == batch.header.epoch && previous.header.keyID == batch.header.keyID
        if isSameRun {
            checkNext(batch, after: previous)
        } else if seenRuns.contains(run) {
            faults.add("\(batch.name): entries of this epoch stand apart from each other")
        } else {
            checkOpening(batch, after: previous)
        }
    }

    /// Two batches of one epoch, side by side.
    private mutating func checkNext(_ batch: JudgedBatch, after previous: JudgedBatch) {
        let isNamed = batch.header.previous == previous.hash
        if batch.header.first == previous.header.next {
            if !isNamed { faults.add("\(batch.name): does not name the batch before it as its predecessor") }
        } else if batch.header.first > previous.header.next {
            let range = JudgedBatch.range(previous.header.next, batch.header.first)
            if isNamed {
                faults.add("\(batch.name): sequences \(range) are skipped although the chain is unbroken")
            } else {
                gaps.add("gap: \(batch.header.gateway.gatewayID) epoch \(batch.header.epoch), \(range) are not covered")
            }
        } else if batch.header.next <= previous.header.first {
            faults.add("\(batch.name): stands after later sequences, against the order of the chain")
        } else if batch.hash != previous.hash {
            faults.add("\(batch.name): covers sequences that the batch before it covers too")
        }
    }

    /// The first batch of another epoch, or under another seal key.
    private mutating func checkOpening(_ batch: JudgedBatch, after previous: JudgedBatch) {
        let header = batch.header
        let isOfOneKey = header.keyID == previous.header.keyID
        if header.previous == previous.hash {
            if header.first != 0 {
                faults.add("\(batch.name): sequences \(JudgedBatch.range(0, header.first)) are skipped although the chain is unbroken")
            }
            if isOfOneKey { return }
        }
        // Nodes judge each key's chain by itself (section 6): where the old one ends, the new key's word alone would say, whatever it names.
        if !isOfOneKey, header.first == 0 {
            gaps.add(
                "\(header.gateway.gatewayID): a new seal key begins at epoch \(header.epoch); what followed "
                    + "\(previous.header.next) of epoch \(previous.header.epoch) under the old one is not shown")
            return
        }
        gaps.add(
            header.first == 0
                ? "unknown epoch end: what \(header.gateway.gatewayID) epoch \(header.epoch) follows is not shown"
                : "gap: \(header.gateway.gatewayID) epoch \(header.epoch), \(JudgedBatch.range(0, header.first)) are not covered")
    }

    // MARK: - Runs left out

    private mutating func checkLeftOut(_ first: UInt64, _ next: UInt64, at number: Int) {
        var range: String { first < next ? JudgedBatch.range(first, next) : "\(first) to \(next)" }
        guard number > 0, let before = entries[number - 1].batch else {
            faults.add("left out \(range): no batch stands before it")
            return
        }
        guard number + 1 < entries.count, let after = entries[number + 1].batch else {
            faults.add("left out \(range): no batch stands after it")
            return
        }
        guard before.header.gateway == after.header.gateway, before.header.epoch == after.header.epoch,
            before.header.keyID == after.header.keyID
        else {
            faults.add("left out \(range): the batches beside it are not of one epoch")
            return
        }
        guard first < next, first == before.header.next, next == after.header.first else {
            faults.add(
                "left out \(range): does not fit between the batches beside it, which end before \(before.header.next) and begin at "
                    + "\(after.header.first)")
            return
        }
        for neighbour in [before, after] where !neighbour.hasQuorum {
            faults.add("left out \(range): the batch beside it, \(neighbour.name), has no quorum")
        }
        leftOut.add("left out on purpose: \(before.header.gateway.gatewayID) epoch \(before.header.epoch), \(range)")
    }

    // MARK: - Leaves

    /// Indexes rise strictly, and no entry shows a leaf twice. Two entries of one gateway may: the event was carried into a new
    /// epoch, and counts once.
    private mutating func checkLeaves() {
        for batch in entries.compactMap(\.batch) {
            // Events whose proof fails are not this batch's; `intact` says so.
            let events = batch.events.filter { !batch.changedEvents.contains($0.index) }
            for (earlier, later) in zip(events, events.dropFirst()) where later.index <= earlier.index {
                faults.add("\(batch.name): the events' indexes do not rise: \(later.index) after \(earlier.index)")
            }
            var leaves: Set<Digest> = []
            for event in events {
                let leaf = MerkleTree<SHA256>.leafHash(of: event.event.bytes)
                guard leaves.insert(leaf).inserted else {
                    faults.add("\(batch.name): the event at index \(event.index) is shown twice")
                    continue
                }
            }
        }
    }
}
