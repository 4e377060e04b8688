internal import AllianceTrust
internal import AttestationFormat
internal import Foundation

/// `harborseal evidence`: asks several nodes for what they hold about a subject or a gateway, and writes one evidence file.
///
/// With a trust file everything that a node gives is verified by itself, so that no node spoils what the others gave; without one
/// the answers are joined as they are. Nothing is dropped silently: what a node did not answer or could not prove, what of an archive
/// stands under no statement, and what is missing between batches, is said. Exit 2 when a node could not be asked or something was
/// left out: the file may verify all the same, and may be more complete on the next try.
public struct EvidenceCommand: Sendable {
    /// A URI of key 4, also found as `parent:<URI>`.
    public var subject: String?
    /// `<firm>.<device>`.
    public var gateway: String?
    /// Of the statements, seconds since 1970.
    public var fromSeconds: Int64?
    public var toSeconds: Int64?
    /// `http://…` or `https://…`.
    public var nodes: [String]
    /// Carried files with the events whose hashes alone nodes hold.
    public var archives: [String] = []
    /// The trust file: by it answers are verified, and its link CA issued the certificates of nodes that answer over TLS.
    public var trustFile: String?
    public var output: String
    public var title: String?
    /// How long one request may take, seconds.
    public var timeoutSeconds: Int64 = 30
    /// Told how long a node has been waited for, again and again from 2 s on, and nil when the waiting ends.
    public var onWaiting: (@Sendable (NodeWaiting?) -> Void)?
    /// Statements between two batches that an archive discloses events of; a longer run is left out on purpose, as nodes do.
    var longestRun = 1_024

    public init(nodes: [String], output: String) {
        self.nodes = nodes
        self.output = output
    }

    public func run() async throws -> CommandResult {
        try checkQuestion()
        let trust = try trustFile.map { try TrustFileInput.verified($0) }
        let archive = try EvidenceArchive(archives, question, longestRun: longestRun)
        let client = try NodeClient(linkCertificate: trust?.content.linkCertificate, requestSeconds: timeoutSeconds)
        var answers = await ask(client, trust)
        await askAround(archive, client, trust, &answers)
        try await client.shutdown()
        answers.note(archive.refusals + answers.merger.disclose(archive), of: "archive")
        if let trust {
            let unanchored = await answers.merger.leaveOutUnanchored(trustFile: trust)
            answers.note(unanchored, of: "from all")
            if !unanchored.isEmpty { noteMissingNodes(trust, &answers) }
        }
        return try write(answers)
    }

    var question: EvidenceQuestion {
        EvidenceQuestion(subject: subject, gateway: gateway, fromSeconds: fromSeconds, toSeconds: toSeconds)
    }

    /// Fewer nodes than a batch needs receipts cannot give enough of them.
    private func noteMissingNodes(_ trust: TrustFile, _ answers: inout Answers) {
        let answeredCount = Set(nodes).count - answers.failedCount
        answers.missingNodeCount = max(0, Int(clamping: trust.content.quorum.receiptsNeeded) - answeredCount)
        answers.otherNodes = trust.content.nodes.compactMap(\.url?.string).filter { !nodes.contains($0) }
    }

    private func write(_ answers: Answers) throws -> CommandResult {
        var text = answers.notes.map { "  \(TerminalStyle.safe($0))\n" }.joined()
        var merger = answers.merger
        guard var (merged, bytes) = file(of: merger) else {
            throw CommandError(
                .failed, "no node gave any evidence:\n\(text.trimmingCharacters(in: .newlines))", nextStep: answers.nextStep(hasArchive: !archives.isEmpty))
        }
        if bytes.count > Limits.evidenceByteCount {
            merger.leaveOutDeclaredRuns()
            if let smaller = file(of: merger) { (merged, bytes) = smaller }
        }
        guard bytes.count <= Limits.evidenceByteCount else {
            throw CommandError(
                .failed, "the evidence has \(bytes.count) bytes, and a file has at most \(Limits.evidenceByteCount)",
                nextStep: "ask for less with --from and --to")
        }
        try DurableFile.write(bytes, to: output, mode: 0o644, replacing: true)
        for gap in merged.gaps { text += "  gap: \(gap)\n" }
        if answers.hasNextStep { text += "  next: \(answers.nextStep(hasArchive: !archives.isEmpty))\n" }
        return CommandResult(
            output: "\(output): \(Self.summary(merged)), \(bytes.count) bytes\n", notes: text, exitCode: answers.isPartial ? 2 : 0)
    }

    /// `3 events in 3 batches; the 2 batches between them, which show no event, prove that none is missing`.
    private static func summary(_ merged: EvidenceMerger.Merged) -> String {
        let shown = "\(CountedText.of(merged.disclosedCount, "event")) in \(CountedText.of(merged.disclosingCount, "batch", "batches"))"
        let between = merged.batchCount - merged.disclosingCount
        guard between > 0 else { return shown }
        return shown + "; \(CountedText.of(between, "more batch", "more batches")) without events, for the chain between them"
    }

    /// nil when there is nothing to write.
    private func file(of merger: EvidenceMerger) -> (EvidenceMerger.Merged, bytes: [UInt8])? {
        guard var merged = merger.merged() else { return nil }
        merged.evidence.title = (title ?? subject ?? gateway).map { UTF8Text($0) }
        return (merged, merged.evidence.encoded())
    }
}
