internal import AllianceTrust
internal import AttestationFormat
internal import Foundation

/// `harborseal evidence`: asks several nodes for what they hold about a subject or a gateway, and writes one evidence file.
///
/// Nothing is dropped silently: what a node did not answer, and what is missing between batches, is said. Exit 2 when a node
/// could not be asked: the file may verify all the same, and may be more complete on the next try.
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
    /// The trust file, for nodes that answer over TLS: its link CA issued their certificates.
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
        let client = try NodeClient(linkCertificate: try linkCertificate())
        let answers = await ask(client)
        try await client.shutdown()
        return try write(answers)
    }

    /// What the nodes gave together, a line about each, and how many gave nothing because they could not be asked.
    private struct Answers {
        var merger = EvidenceMerger()
        var notes: [String] = []
        var missingCount = 0
    }

    private func ask(_ client: NodeClient) async -> Answers {
        var answers = Answers()
        for node in nodes {
            do {
                let pages = try await client.pages(of: node, parameters)
                for page in pages { try answers.merger.add(page) }
                answers.notes.append(pages.isEmpty ? "\(node): holds nothing about this" : "\(node): answered")
            } catch {
                answers.notes.append("\(node): NOT included: \(Self.words(error))")
                answers.missingCount += 1
            }
        }
        return answers
    }

    private var parameters: [(String, String)] {
        var parameters: [(String, String)] = []
        if let subject { parameters.append(("subject", subject)) }
        if let gateway { parameters.append(("gateway", gateway)) }
        if let fromSeconds { parameters.append(("from", String(fromSeconds))) }
        if let toSeconds { parameters.append(("to", String(toSeconds))) }
        return parameters
    }

    private func linkCertificate() throws -> [UInt8]? {
        guard let trustFile else { return nil }
        return try TrustFileVerifier.verify(try DurableFile.read(trustFile)).content.linkCertificate
    }

    private func write(_ answers: Answers) throws -> CommandResult {
        var text = answers.notes.map { "  \($0)\n" }.joined()
        guard var merged = answers.merger.merged() else {
            throw CommandError(.failed, "no node gave any evidence:\n\(text)", nextStep: "check the subject, the times and the nodes")
        }
        merged.evidence.title = (title ?? subject ?? gateway).map { UTF8Text($0) }
        let bytes = merged.evidence.encoded()
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
        return CommandResult(output: summary, notes: text, exitCode: answers.missingCount == 0 ? 0 : 2)
    }

    private static func words(_ error: any Error) -> String {
        switch error {
        case let error as CommandError: error.message
        case let error as FormatError: "its answer is malformed at byte \(error.offset)"
        default: "cannot be reached: \(NodeClient.words(error))"
        }
    }
}
