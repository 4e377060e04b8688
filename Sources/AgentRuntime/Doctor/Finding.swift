internal import AttestationFormat

/// One thing that `doctor` looked at: what it saw, and what to do about it.
struct Finding {
    /// How bad it is; the worst one gives `doctor` its exit code.
    enum Level: UInt8, Comparable {
        case ok, warning, problem

        static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }

        var word: StaticString {
            switch self {
            case .ok: "ok"
            case .warning: "warning"
            case .problem: "problem"
            }
        }
    }

    var level: Level
    /// What was looked at: `clock`, `key`, `broker`, `node`, `source`...; stable, for scripts.
    var check: String
    /// Which one of them, where there are several; may be empty.
    var item: String
    /// What was seen.
    var value: String
    /// One step that mends it; empty when nothing is wrong.
    var advice: String
}

/// What `doctor` found, in the order in which it is shown.
struct Findings {
    private(set) var all: [Finding] = []

    /// Nothing to do about it.
    @inline(never)
    mutating func ok(_ check: StaticString, _ item: String = "", _ value: String) {
        all.append(Finding(level: .ok, check: check.description, item: item, value: value, advice: ""))
    }

    @inline(never)
    mutating func add(_ level: Finding.Level, _ check: StaticString, _ item: String = "", _ value: String, advice: String) {
        all.append(Finding(level: level, check: check.description, item: item, value: value, advice: advice))
    }

    /// Of words whose step stands behind the last semicolon.
    @inline(never)
    mutating func add(_ level: Finding.Level, _ check: StaticString, _ item: String = "", splitting text: String) {
        let words = Array(text.utf8)
        let end = words.lastIndex(of: UInt8(ascii: ";")) ?? words.count
        add(level, check, item, String(decoding: words[..<end], as: UTF8.self), advice: String(decoding: words[end...].dropFirst(2), as: UTF8.self))
    }

    mutating func add(_ finding: Finding) { all.append(finding) }

    var worst: Finding.Level {
        var worst = Finding.Level.ok
        for finding in all { worst = max(worst, finding.level) }
        return worst
    }
}

// MARK: - Between the running agent and its doctor

extension Findings {
    /// One line a finding: level, check, item, value and advice with tabs between. What a stranger wrote cannot add lines.
    var lines: [UInt8] {
        var out: [UInt8] = []
        for finding in all {
            out.append(UInt8(ascii: "0") + finding.level.rawValue)
            for part in [finding.check, finding.item, finding.value, finding.advice] {
                out.append(UInt8(ascii: "\t"))
                for byte in part.utf8 { out.append(byte < 0x20 || byte == 0x7F ? UInt8(ascii: " ") : byte) }
            }
            out.append(UInt8(ascii: "\n"))
        }
        return out
    }

    /// Adds what the agent said; a line that is none is left out.
    mutating func add(lines: [UInt8]) {
        for line in lines.split(separator: UInt8(ascii: "\n")) {
            let parts = line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
            guard parts.count == 5, parts[0].count == 1, let first = parts[0].first, first >= UInt8(ascii: "0"),
                let level = Finding.Level(rawValue: first - UInt8(ascii: "0"))
            else { continue }
            let texts = parts[1...].map { String(decoding: $0, as: UTF8.self) }
            all.append(Finding(level: level, check: texts[0], item: texts[1], value: texts[2], advice: texts[3]))
        }
    }
}

// MARK: - For people and for scripts

extension Findings {
    /// A line a finding, what to do under it, and how many there are of each level.
    var text: [UInt8] {
        var out: [UInt8] = []
        var counts = [0, 0, 0]
        for finding in all {
            counts[Int(finding.level.rawValue)] += 1
            let word: StaticString = finding.level == .ok ? "ok       " : finding.level == .warning ? "warning  " : "PROBLEM  "
            out.append(word)
            out.append(contentsOf: finding.check.utf8)
            if !finding.item.isEmpty {
                out.append(UInt8(ascii: " "))
                out.append(contentsOf: finding.item.utf8)
            }
            out.append(": ")
            out.append(contentsOf: finding.value.utf8)
            out.append(UInt8(ascii: "\n"))
            guard !finding.advice.isEmpty else { continue }
            out.append("         do: ")
            out.append(contentsOf: finding.advice.utf8)
            out.append(UInt8(ascii: "\n"))
        }
        out.append(contentsOf: "\(counts[0]) ok, \(counts[1]) warnings, \(counts[2]) problems\n".utf8)
        return out
    }

    /// One object on one line: the worst level, and every finding.
    var json: [UInt8] {
        var out: [UInt8] = []
        out.append("{\"worst\":")
        out.appendJSON(worst.word)
        out.append(",\"findings\":[")
        for (index, finding) in all.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            out.append("{\"level\":")
            out.appendJSON(finding.level.word)
            out.append(",\"check\":")
            out.appendJSON(text: finding.check)
            out.append(",\"item\":")
            out.appendJSON(text: finding.item)
            out.append(",\"value\":")
            out.appendJSON(text: finding.value)
            out.append(",\"advice\":")
            out.appendJSON(text: finding.advice)
            out.append("}")
        }
        out.append("]}\n")
        return out
    }
}
