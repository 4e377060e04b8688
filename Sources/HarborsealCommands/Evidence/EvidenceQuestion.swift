internal import AttestationFormat

/// What nodes are asked for, and whether an answer is about it.
struct EvidenceQuestion {
    var subject: String?
    var gateway: String?
    var fromSeconds: Int64?
    var toSeconds: Int64?
    /// Whether a gateway's batches are asked for around what an archive discloses about the subject. Nodes that hold hashes alone
    /// cannot find that, and are right to give whatever else they have of these batches.
    var isContext = false

    /// The question for a gateway's batches of a time, around what an archive discloses.
    func context(gateway: GatewayID, issuedSeconds: ClosedRange<Int64>) -> EvidenceQuestion {
        EvidenceQuestion(
            subject: subject, gateway: gateway.text.string, fromSeconds: issuedSeconds.lowerBound, toSeconds: issuedSeconds.upperBound,
            isContext: true)
    }

    /// Of the request's query.
    var parameters: [(String, String)] {
        var parameters: [(String, String)] = []
        if let subject, !isContext { parameters.append(("subject", subject)) }
        if let gateway { parameters.append(("gateway", gateway)) }
        if let fromSeconds { parameters.append(("from", String(fromSeconds))) }
        if let toSeconds { parameters.append(("to", String(toSeconds))) }
        return parameters
    }

    /// The answer without events that were not asked for, and how many those were. Their batches stay, by their statements.
    func answer(in page: Evidence) -> (Evidence, otherEventCount: Int) {
        var page = page
        var otherEventCount = 0
        page.entries = page.entries.map { entry in
            guard case .batch(var batch) = entry else { return entry }
            let all = batch.events.count
            batch.events = isAbout(batch.statement.header) ? batch.events.filter { isAbout($0.event) } : []
            if !isContext { otherEventCount += all - batch.events.count }
            return .batch(batch)
        }
        return (page, otherEventCount)
    }

    func isAbout(_ header: BatchHeader) -> Bool {
        let issued = Int64(clamping: header.issuedAtSeconds)
        guard issued >= fromSeconds ?? 0, issued <= toSeconds ?? .max else { return false }
        return gateway.map { UTF8Text($0) == header.gateway.gatewayID.text } ?? true
    }

    func isAbout(_ event: EventView) -> Bool {
        subject.map { event.names(UTF8Text($0)) } ?? true
    }
}
