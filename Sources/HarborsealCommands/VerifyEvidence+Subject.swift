internal import AllianceTrust
internal import AttestationFormat

extension VerifyEvidence {
    /// The verdict on the file, and where a subject was asked for, a line about that: the ending, the checks and the exit code are one.
    func verdict(of report: EvidenceReport) -> Verdict {
        guard let subject, report.verdict.malformed == nil else { return report.verdict }
        return report.verdict.adding(subjectLine(UTF8Text(subject), report))
    }

    private func subjectLine(_ subject: UTF8Text, _ report: EvidenceReport) -> Verdict.Line {
        guard report.evidence != nil else {
            return .init(.subject, .notJudged, "what the events name was not looked at, since the trust file is refused")
        }
        let shown = report.batches.flatMap(\.events)
        let namingCount = shown.count { $0.event.names(subject) }
        guard namingCount > 0 else {
            return .init(
                .subject, .failed, "no event shown names \(subject.string): whatever is verified here is about something else",
                details: ["--events lists what the events name"])
        }
        let words = "\(namingCount) of \(CountedText.of(shown.count, "event")) shown \(namingCount == 1 ? "names" : "name") \(subject.string)"
        guard report.isIntact else { return .init(.subject, .notJudged, words + ", but they are not proven to be what was signed") }
        return .init(.subject, .passed, words)
    }

    /// Whether an event shown names this, alone or as a parent.
    func isNamed(_ subject: UTF8Text, in report: EvidenceReport) -> Bool {
        report.batches.flatMap(\.events).contains { $0.event.names(subject) }
    }

    /// What the disclosed events name, a parent as what it is; the most frequent first, those of equal frequency in the order of
    /// their first event.
    func subjects(of report: EvidenceReport) -> [UTF8Text] {
        var counts: [UTF8Text: Int] = [:]
        var order: [UTF8Text] = []
        for disclosed in report.batches.flatMap(\.events) {
            var named: Set<UTF8Text> = []
            // Once an event, though it names a container itself and as a parent.
            for name in disclosed.event.what.map(\.withoutParent) where named.insert(name).inserted {
                if counts[name] == nil { order.append(name) }
                counts[name, default: 0] += 1
            }
        }
        return order.enumerated().sorted { (counts[$0.element] ?? 0, $1.offset) > (counts[$1.element] ?? 0, $0.offset) }.map(\.element)
    }
}

extension EvidenceReport {
    var isIntact: Bool { verdict.lines.contains { $0.check == .intact && $0.state == .passed } }
}

extension EventView {
    /// Whether key 4 has this URI, alone or as `parent:<URI>`: what a node looks for (wire-format.md, section 12), an archive is
    /// searched for and a verifier asks for is one thing.
    func names(_ subject: UTF8Text) -> Bool {
        what.contains { $0 == subject || $0.withoutParent == subject }
    }
}

extension UTF8Text {
    /// `parent:bic:CSQU3054383` → `bic:CSQU3054383`; any other text as it is.
    fileprivate var withoutParent: UTF8Text {
        let prefix = UTF8Text("parent:").bytes
        guard bytes.count > prefix.count, bytes.starts(with: prefix) else { return self }
        return UTF8Text(validating: Array(bytes.dropFirst(prefix.count))) ?? self
    }
}
