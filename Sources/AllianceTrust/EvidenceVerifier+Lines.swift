internal import AttestationFormat
internal import MerkleTree

extension EvidenceVerifier {
    /// Events, roots and signatures.
    static func intactLine(_ batches: [JudgedBatch]) -> Verdict.Line {
        var faults = Findings()
        var unjudged = Findings()
        for batch in batches {
            if batch.isSignatureValid == false {
                faults.add("\(batch.name): the statement's signature is not that of its key")
            }
            if batch.isSignatureValid == nil {
                unjudged.add("\(batch.name): no certificate with the statement's key is enclosed, so its signature cannot be judged")
            }
            for index in batch.changedEvents.sorted() {
                faults.add("\(batch.name): the event at index \(index) is not the one that was signed")
            }
        }
        if let first = faults.first { return .init(.intact, .failed, first, details: faults.rest) }
        if let first = unjudged.first { return .init(.intact, .notJudged, first, details: unjudged.rest) }
        let eventCount = batches.reduce(0) { $0 + $1.countedEvents.count }
        return .init(
            .intact, .passed, "\(counted(eventCount, "event")) in \(counted(batches.count, "signed batch", "signed batches")), each as it was signed")
    }

    /// Sources, largest error, flags: information, never a failure.
    static func clockLine(_ batches: [JudgedBatch]) -> Verdict.Line {
        var sources: [UInt64: Int] = [:]
        var largestErrorMilliseconds: UInt64?
        var flags: [UInt64: Int] = [:]
        var unknownErrorCount = 0
        for event in batches.flatMap(\.countedEvents).map(\.event) {
            if let clock = event.clock {
                sources[clock.source.rawValue, default: 0] += 1
                if let error = clock.errorMilliseconds {
                    largestErrorMilliseconds = max(largestErrorMilliseconds ?? 0, error)
                } else {
                    unknownErrorCount += 1
                }
            } else {
                sources[0, default: 0] += 1
                unknownErrorCount += 1
            }
            for flag in event.flagNumbers where flag == 2 || flag == 3 { flags[flag, default: 0] += 1 }
        }
        guard !sources.isEmpty else { return .init(.clock, .information, "no event is disclosed") }
        var words = [sources.sorted { $0.key > $1.key }.map { "\(clockNames[$0.key] ?? "source \($0.key)") for \($0.value)" }.joined(separator: ", ")]
        if let largestErrorMilliseconds { words.append("largest error \(largestErrorMilliseconds) ms") }
        if unknownErrorCount > 0 { words.append("error unknown for \(unknownErrorCount)") }
        if let count = flags[2] { words.append("unsynchronised for \(count)") }
        if let count = flags[3] { words.append("stepped at \(count)") }
        return .init(.clock, .information, words.joined(separator: "; "))
    }

    private static let clockNames: [UInt64: String] = [0: "no clock source", 1: "RTC", 2: "NTP", 3: "GNSS", 4: "PTP"]

    /// Which nodes, and the latest of the counted receipts' times.
    static func anchoredLine(
        _ batches: [JudgedBatch], _ splitViews: [EvidenceReport.SplitView], evidence: Evidence, trustFile: TrustFile
    ) -> Verdict.Line {
        var faults = Findings()
        var notes = Findings()
        for split in splitViews { faults.add("node \(split.node.node) signed two roots for its ledger at \(split.treeSize) entries") }
        for batch in batches {
            if batch.disclosesEvents && !batch.hasQuorum {
                faults.add(
                    "\(batch.name): \(counted(batch.counted.count, "receipt")) where the trust file asks for \(batch.receiptsNeeded)"
                        + nextStep(batch, trustFile))
            }
            for refused in batch.refusedReceipts.all { notes.add("\(batch.name): \(refused)") }
        }
        if !evidence.checkpoints.isEmpty || !evidence.ledgerAnchors.isEmpty {
            notes.add(
                "for information: \(counted(evidence.checkpoints.count, "checkpoint")) and "
                    + "\(counted(evidence.ledgerAnchors.count, "anchor")) on a chain are enclosed")
        }
        if let first = faults.first { return .init(.anchored, .failed, first, details: faults.rest + notes.all) }
        return anchoredSummary(batches, trustFile: trustFile, details: notes.all)
    }

    /// Whom to ask for the receipts that are not here; nothing where more of them would not count.
    private static func nextStep(_ batch: JudgedBatch, _ trustFile: TrustFile) -> String {
        let isRevoked = batch.revokedSinceSeconds != nil && batch.counted.count < batch.receipts.count
        let missing = trustFile.content.nodes.filter { node in !batch.receipts.contains { $0.node.node == node.name } }
        guard !isRevoked, !missing.isEmpty else { return "" }
        let known = missing.prefix(shownNodeCount).map { node in node.name.text.string + (node.url.map { " at \($0.string)" } ?? "") }
        let names = known.joined(separator: ", ") + (missing.count > shownNodeCount ? " and \(missing.count - shownNodeCount) more" : "")
        return "; ask another node: harborseal evidence --node URL; without a receipt here: \(names)"
    }

    /// Nodes that a sentence names.
    private static let shownNodeCount = 8

    private static func anchoredSummary(_ batches: [JudgedBatch], trustFile: TrustFile, details: [String]) -> Verdict.Line {
        let anchored = batches.filter(\.hasQuorum)
        let receipts = batches.flatMap(\.counted)
        guard let latest = receipts.map(\.header.issuedAtSeconds).max(), !anchored.isEmpty else {
            return .init(
                .anchored, .notJudged,
                "no batch discloses events, and none has a quorum of receipts" + (batches.first.map { nextStep($0, trustFile) } ?? ""),
                details: details)
        }
        var nodes: [String: Int] = [:]
        for receipt in receipts { nodes[receipt.node.node.text.string, default: 0] += 1 }
        let names = nodes.keys.sorted().joined(separator: ", ")
        return .init(
            .anchored, .passed,
            "\(counted(anchored.count, "batch", "batches")) with \(trustFile.content.quorum.receiptsNeeded) or more receipts, by \(names); "
                + "the latest at \(UTCText.text(seconds: latest))",
            details: details)
    }

    /// Two receipts of one origin and size with different roots: a node that shows two ledgers. The first such size of each node.
    static func splitViews(_ batches: [JudgedBatch]) -> [EvidenceReport.SplitView] {
        struct Position: Hashable {
            var origin: UTF8Text
            var size: UInt64
        }
        var roots: [Position: Digest] = [:]
        var splitViews: [EvidenceReport.SplitView] = []
        for receipt in batches.flatMap(\.receipts) {
            let position = Position(origin: receipt.header.origin, size: receipt.header.treeSize)
            guard let known = roots[position] else {
                roots[position] = receipt.root
                continue
            }
            if known != receipt.root, !splitViews.contains(where: { $0.node == receipt.node }) {
                splitViews.append(.init(node: receipt.node, treeSize: position.size))
            }
        }
        return splitViews
    }

    static func counted(_ count: Int, _ one: String, _ many: String? = nil) -> String {
        "\(count) \(count == 1 ? one : many ?? one + "s")"
    }
}

/// Sentences about what was found, the number of which an evidence file does not decide.
struct Findings {
    /// Most sentences that a line shows: more than a person reads.
    static let limit = 32

    private(set) var sentences: [String] = []
    private var dropped = 0

    /// The sentence is made only if it is shown: a file can give cause for millions.
    mutating func add(_ sentence: @autoclosure () -> String) {
        if sentences.count < Self.limit { sentences.append(sentence()) } else { dropped += 1 }
    }

    var isEmpty: Bool { sentences.isEmpty }

    var first: String? { sentences.first }
    var rest: [String] { Array(all.dropFirst()) }
    var all: [String] { dropped == 0 ? sentences : sentences + ["and \(dropped) more"] }
}
