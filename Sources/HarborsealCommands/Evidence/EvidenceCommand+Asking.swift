internal import AllianceTrust
internal import AttestationFormat

extension EvidenceCommand {
    /// What the nodes gave together, a line about each, and whether some gave nothing or too much.
    struct Answers {
        /// Sentences about what one node gave, or all gave: more nobody reads.
        static let noteLimit = 33

        var merger = EvidenceMerger()
        var notes: [String] = []
        /// A node could not be asked, or something was left out.
        var isPartial = false
        /// Nodes that could not be asked, and what helps.
        private var failures: [(node: String, remedy: NodeFailure.Remedy)] = []
        /// Nodes that must be named beside those, for a quorum of receipts; 0 where they are enough.
        var missingNodeCount = 0
        /// Addresses of the trust file's nodes that were not asked.
        var otherNodes: [String] = []

        mutating func note(_ leftOut: [String], of whom: String) {
            isPartial = isPartial || !leftOut.isEmpty
            notes += leftOut.prefix(Self.noteLimit).map { "\(whom), LEFT OUT: \($0)" }
            if leftOut.count > Self.noteLimit { notes.append("\(whom), LEFT OUT: and \(leftOut.count - Self.noteLimit) more") }
        }

        mutating func note(_ error: any Error, of node: String, seconds: Int64) {
            let failure = NodeFailure(error, seconds: seconds)
            notes.append("\(node): NOT included: \(failure.words)")
            if !hasFailed(node) { failures.append((node, failure.remedy)) }
            isPartial = true
        }

        func hasFailed(_ node: String) -> Bool { failures.contains { $0.node == node } }

        var failedCount: Int { failures.count }

        /// Whether something can be done for a fuller file.
        var hasNextStep: Bool { !failures.isEmpty || missingNodeCount > 0 }

        /// One step for whoever wants more than this.
        func nextStep(hasArchive: Bool) -> String {
            // What the first failure asks for, for all nodes that failed so: one step at a time.
            if let first = failures.first { return first.remedy.nextStep(failures.filter { $0.remedy == first.remedy }.map(\.node)) }
            guard missingNodeCount == 0 else {
                let known = otherNodes.isEmpty ? "" : ": " + otherNodes.map { TerminalStyle.safe($0) }.joined(separator: ", ")
                return "name \(CountedText.of(missingNodeCount, "more node")) with --node\(known)"
            }
            return hasArchive
                ? "check the subject, the times and the nodes"
                : "check the subject and the times; where a gateway shares hashes alone, give its owner's --archive FILE"
        }
    }

    func ask(_ client: NodeClient, _ trust: TrustFile?) async -> Answers {
        var answers = Answers()
        if trust == nil {
            answers.notes.append(
                "WARNING: without --trust nothing is checked, and one hostile node can spoil the file: give --trust alliance.hstrust")
        }
        for node in nodes {
            do {
                let (pages, leftOut) = try await answer(of: node, to: question, client, trust)
                for page in pages { try answers.merger.add(page) }
                answers.notes.append(pages.isEmpty ? "\(node): \(nothingWords)" : "\(node): answered")
                answers.note(leftOut, of: node)
            } catch {
                answers.note(error, of: node, seconds: timeoutSeconds)
            }
        }
        return answers
    }

    /// Nodes that hold hashes alone cannot find a subject.
    private var nothingWords: String {
        subject != nil && !archives.isEmpty ? "answered; it holds no event about this itself" : "holds nothing about this"
    }

    /// Asks for the batches that an archive discloses events of, with those between them. A gateway's batches were asked for already.
    func askAround(_ archive: EvidenceArchive, _ client: NodeClient, _ trust: TrustFile?, _ answers: inout Answers) async {
        guard subject != nil else { return }
        for gateway in archive.gateways {
            let windows = archive.windows(of: gateway, known: answers.merger.disclosingStatements)
            for (signer, run) in windows.leftOut { answers.merger.leftOut[signer, default: []].append(run) }
            for node in nodes where !answers.hasFailed(node) {
                do {
                    for window in windows.issuedSeconds {
                        let around = question.context(gateway: gateway, issuedSeconds: window)
                        let (pages, leftOut) = try await answer(of: node, to: around, client, trust)
                        for page in pages { try answers.merger.add(page, isContext: true) }
                        answers.note(leftOut, of: node)
                    }
                } catch {
                    answers.note(error, of: node, seconds: timeoutSeconds)
                }
            }
        }
    }

    /// A node's pages; with a trust file what is proven of them, and what is not.
    private func answer(
        of node: String, to question: EvidenceQuestion, _ client: NodeClient, _ trust: TrustFile?
    ) async throws -> ([Evidence], leftOut: [String]) {
        try await NodeWaiting.during(node, onWaiting) {
            try await gather(node, question, client, trust)
        }
    }

    private func gather(
        _ node: String, _ question: EvidenceQuestion, _ client: NodeClient, _ trust: TrustFile?
    ) async throws -> ([Evidence], leftOut: [String]) {
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
}
