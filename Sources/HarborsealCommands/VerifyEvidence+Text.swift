internal import AllianceTrust
internal import AttestationFormat

extension VerifyEvidence {
    /// One line a check, what else there is to say below it, then what the evidence is about, the disclosed events, and the end in
    /// one sentence.
    func text(_ report: EvidenceReport, _ verdict: Verdict) -> String {
        var text = ""
        for line in verdict.lines {
            text += mark(line.state) + " " + style.paint(TerminalStyle.padded(line.check.rawValue, to: 10), .bold)
            text += TerminalStyle.safe(line.reason) + "\n"
            for detail in line.details { text += style.paint("             " + TerminalStyle.safe(detail), .dim) + "\n" }
        }
        text += about(report)
        if showsEvents { text += "\n" + EventTable(report.batches, style: style).text }
        return text + ending(verdict)
    }

    /// What the signed events name, and apart from it the title: nobody signed that, so it must never look like a result.
    private func about(_ report: EvidenceReport) -> String {
        let named = subjects(of: report)
        var text = ""
        let asked = subject.map { UTF8Text($0) }.flatMap { named.contains($0) ? $0 : nil }
        if let first = asked ?? named.first, report.isIntact {
            let others = named.count > 1 ? " and \(named.count - 1) more" : ""
            text += fact("about", style.paint(TerminalStyle.safe(first.string), .bold) + others + ", as the signed events name it")
        }
        if let title = report.evidence?.title {
            text += fact("title", "\"\(TerminalStyle.safe(title.string))\": written by whoever made the file, signed by nobody")
            if title.string.contains(":"), !isNamed(title, in: report) {
                text += fact("", style.paint("no event shown names what the title says", .yellow))
            }
        }
        return text
    }

    private func fact(_ name: String, _ words: String) -> String {
        "  " + style.paint(TerminalStyle.padded(name, to: 10), .bold) + words + "\n"
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
