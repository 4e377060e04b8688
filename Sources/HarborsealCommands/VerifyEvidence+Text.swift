internal import AllianceTrust
internal import AttestationFormat

extension VerifyEvidence {
    /// One line a check, what else there is to say below it, then the disclosed events, then the end in one sentence.
    func text(_ report: EvidenceReport) -> String {
        var text = ""
        if let title = report.evidence?.title { text += style.paint(TerminalStyle.safe(title.string), .bold) + "\n" }
        for line in report.verdict.lines {
            text += mark(line.state) + " " + style.paint(TerminalStyle.padded(line.check.rawValue, to: 10), .bold)
            text += TerminalStyle.safe(line.reason) + "\n"
            for detail in line.details { text += style.paint("             " + TerminalStyle.safe(detail), .dim) + "\n" }
        }
        if showsEvents { text += "\n" + EventTable(report.batches, style: style).text }
        return text + ending(report.verdict)
    }

    private func mark(_ state: Verdict.State) -> String {
        switch state {
        case .passed: style.paint("✓", .green)
        case .failed: style.paint("✗", .red)
        case .notJudged: style.paint("?", .yellow)
        case .information: style.paint("·", .blue)
        }
    }

    private func ending(_ verdict: Verdict) -> String {
        switch verdict.exitCode {
        case 0: style.paint("verified", .green) + "\n"
        case 2:
            style.paint("verified in part", .yellow) + ": what is marked ? could not be judged, or is not complete\n"
        default: style.paint("not verified", .red) + ": what is marked ✗ failed\n"
        }
    }
}
