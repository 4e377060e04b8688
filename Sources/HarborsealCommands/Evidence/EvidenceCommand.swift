internal import AllianceTrust
internal import AttestationFormat
internal import Foundation

/// `harborseal evidence`: asks several nodes for what they hold about a subject or a gateway, and writes one evidence file.
///
/// With a trust file everything that a node gives is verified by itself, so that no node spoils what the others gave; without one
/// the answers are joined as they are. Nothing is dropped silently: what a node did not answer or could not prove, and what is
/// missing between batches, is said. Exit 2 when a node could not be asked or something was left out: the file may verify all the
/// same, and may be more complete on the next try.
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
    /// The trust file: by it answers are verified, and its link CA issued the certificates of nodes that answer over TLS.
    public var trustFile: String?
    public var output: String
    public var title: String?

    public init(nodes: [String], output: String) {
        self.nodes = nodes
        self.output = output
    }

    public func run() async throws -> CommandResult {
        guard (subject == nil) != (gateway == nil) else {
            throw CommandError(.usage, "evidence is about a subject or about a gateway", nextStep: "give either --subject or --gateway")
        }
        guard !nodes.isEmpty else {
            throw CommandError(.usage, "no node to ask", nextStep: "give --node URL for each node of the alliance")
        }
        let trust = try trustFile.map {
            try TrustFileVerifier.verify(try DurableFile.read($0, byteLimit: Limits.trustFileByteCount))
        }
        let client = try NodeClient(linkCertificate: trust?.content.linkCertificate)
        var answers = await ask(client, trust)
        try await client.shutdown()
        if let trust { answers.note(await answers.merger.leaveOutUnanchored(trustFile: trust), of: "from all") }
        return try write(answers)
    }

    /// What the nodes gave together, a line about each, and whether some gave nothing or too much.
    private struct Answers {
        /// Sentences about what one node gave, or all gave: more nobody reads.
        static let noteLimit = 33

        var merger = EvidenceMerger()
        var notes: [String] = []
        /// A node could not be asked, or something was left out.
        var isPartial = false

        mutating func note(_ leftOut: [String], of whom: String) {
            isPartial = isPartial || !leftOut.isEmpty
            notes += leftOut.prefix(Self.noteLimit).map { "\(whom), LEFT OUT: \($0)" }
            if leftOut.count > Self.noteLimit { notes.append("\(whom), LEFT OUT: and \(leftOut.count - Self.noteLimit) more") }
        }
    }

    private func ask(_ client: NodeClient, _ trust: TrustFile?) async -> Answers {
        var answers = Answers()
        if trust == nil {
            answers.notes.append(
                "WARNING: without --trust nothing is checked, and one hostile node can spoil the file: give --trust alliance.hstrust")
        }
        for node in nodes {
            do {
                let (pages, leftOut) = try await answer(of: node, client, trust)
                for page in pages { try answers.merger.add(page) }
                answers.notes.append(pages.isEmpty ? "\(node): holds nothing about this" : "\(node): answered")
                answers.note(leftOut, of: node)
            } catch {
                answers.notes.append("\(node): NOT included: \(Self.words(error))")
                answers.isPartial = true
            }
        }
        return answers
    }

    private var question: EvidenceQuestion {
        EvidenceQuestion(subject: subject, gateway: gateway, fromSeconds: fromSeconds, toSeconds: toSeconds)
    }

    /// A node's pages; with a trust file what is proven of them, and what is not.
    private func answer(of node: String, _ client: NodeClient, _ trust: TrustFile?) async throws -> ([Evidence], leftOut: [String]) {
        var kept: [Evidence] = []
        var leftOut: [String] = []
        var pages = client.pages(of: node, question.parameters)
        while let page = try await pages.next() {
            guard let trust else {
                kept.append(page)
                continue
            }
            let proven = await ProvenEvidence(of: page, trustFile: trust)
            leftOut += proven.refusals
            // A node that proves nothing may have as much of it as it likes.
            guard let evidence = proven.evidence else { break }
            let (answer, otherEventCount) = question.answer(in: evidence)
            if otherEventCount > 0 { leftOut.append("\(otherEventCount) events that were not asked for") }
            kept.append(answer)
        }
        return (kept, leftOut)
    }

    private func write(_ answers: Answers) throws -> CommandResult {
        var text = answers.notes.map { "  \(TerminalStyle.safe($0))\n" }.joined()
        var merger = answers.merger
        guard var (merged, bytes) = file(of: merger) else {
            throw CommandError(.failed, "no node gave any evidence:\n\(text)", nextStep: "check the subject, the times and the nodes")
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
        let summary =
            "\(output): \(merged.disclosedCount) events in \(merged.disclosingCount) batches, "
            + "\(merged.batchCount - merged.disclosingCount) more by their statements, \(bytes.count) bytes\n"
        return CommandResult(output: summary, notes: text, exitCode: answers.isPartial ? 2 : 0)
    }

    /// nil when there is nothing to write.
    private func file(of merger: EvidenceMerger) -> (EvidenceMerger.Merged, bytes: [UInt8])? {
        guard var merged = merger.merged() else { return nil }
        merged.evidence.title = (title ?? subject ?? gateway).map { UTF8Text($0) }
        return (merged, merged.evidence.encoded())
    }

    private static func words(_ error: any Error) -> String {
        switch error {
        case let error as CommandError: error.message
        case let error as FormatError: "its answer is malformed at byte \(error.offset)"
        default: "cannot be reached: \(NodeClient.words(error))"
        }
    }
}
