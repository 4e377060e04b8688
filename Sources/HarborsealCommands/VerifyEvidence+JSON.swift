internal import AllianceTrust
internal import AttestationFormat

extension VerifyEvidence {
    /// The same as the text, for programs. Names are stable; words may change.
    func json(_ report: EvidenceReport, _ verdict: Verdict, malformed: String?) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("exitCode", .integer(Int64(verdict.exitCode))),
            .init("malformed", .optional(malformed)),
            .init("subject", .optional(subject)),
            .init("checks", .array(verdict.lines.map(Self.line))),
        ]
        if let evidence = report.evidence {
            members.append(.init("alliance", .string(evidence.alliance.text.string)))
            members.append(.init("unprovenTitle", .optional(evidence.title?.string)))
            members.append(.init("subjects", .array(subjects(of: report).map { .string($0.string) })))
            members.append(.init("batches", .array(report.batches.map { batch($0) })))
        }
        return .object(members)
    }

    private static func line(_ line: Verdict.Line) -> JSONValue {
        .members(
            ("check", .string(line.check.rawValue)), ("state", .string(line.state.rawValue)),
            ("reason", .string(line.reason)), ("details", .array(line.details.map { .string($0) })))
    }

    private func batch(_ batch: EvidenceReport.Batch) -> JSONValue {
        .members(
            ("gateway", .string(batch.gateway.gatewayID.text.string)), ("epoch", .string(batch.epoch.text.string)),
            ("first", .unsigned(batch.first)), ("next", .unsigned(batch.next)),
            ("disclosed", .unsigned(UInt64(batch.events.count))), ("hasQuorum", .bool(batch.hasQuorum)),
            ("nodes", .array(batch.countedNodes.map { .string($0) })),
            ("revokedSinceSeconds", batch.revokedSinceSeconds.map { .integer($0) } ?? .null),
            ("latestReceiptSeconds", batch.latestReceiptSeconds.map { .unsigned($0) } ?? .null),
            ("events", showsEvents ? .array(batch.events.map { InspectedEvent.value($0.event) }) : nil))
    }
}
