import Foundation

/// One call of the agent on its journal, by the system call's name and its index among the calls of that name: where SIGKILL strikes,
/// before the call takes place.
struct KillPoint: Hashable, CustomStringConvertible {
    let call: String
    /// From 1 on, in one run of the agent.
    let index: Int
    var description: String { "\(call) #\(index)" }

    /// The calls that change or open what is on the medium.
    static let calls = ["openat", "pwrite64", "fdatasync", "fsync", "ftruncate", "unlinkat", "renameat", "mkdir", "flock"]

    /// The call of this name about half as far into the run, or the nearest before or after it that is not among the others.
    func earlier(notIn others: Set<KillPoint>) -> KillPoint? {
        (1..<max(index, 1)).sorted { abs($0 - index / 2) < abs($1 - index / 2) }
            .map { KillPoint(call: call, index: $0) }
            .first { !others.contains($0) }
    }

    /// Points spread evenly over a recorded run's calls, the first and the last among them.
    static func spread(_ count: Int, over recorded: [String]) -> [KillPoint] {
        var seen: [String: Int] = [:]
        let all = recorded.map { call in
            seen[call, default: 0] += 1
            return KillPoint(call: call, index: seen[call] ?? 0)
        }
        guard all.count > count, count > 1 else { return all }
        return (0..<count).map { all[$0 * (all.count - 1) / (count - 1)] }
    }
}

/// strace on an agent's journal: counts its calls there, or kills it at one of them. The loader's own calls are not counted, because
/// only those on the journal's folder and files are looked at.
struct JournalTracer {
    let journal: String
    let logFile: String

    /// What stands in front of the agent's command. With a point the agent is killed there.
    func wrapper(killingAt point: KillPoint? = nil) throws -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: journal)) ?? []
        let newest = names.compactMap { $0.hasSuffix(".hsj") ? UInt64($0.dropLast(4), radix: 16) : nil }.max() ?? 0
        // Segments that this run may make: each start and each 64 KiB makes one.
        let coming = (newest + 1...newest + 12).map { number in
            let digits = String(number, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits + ".hsj"
        }
        let paths = [journal] + Set(names + coming + ["lock"]).sorted().map { journal + "/" + $0 }
        try? FileManager.default.removeItem(atPath: logFile)
        var words = [try Programs.strace, "-f", "-qqq", "-o", logFile, "-e", "trace=" + KillPoint.calls.joined(separator: ",")]
        words += paths.flatMap { ["-P", $0] }
        if let point { words += ["-e", "inject=\(point.call):signal=KILL:when=\(point.index)"] }
        return words
    }

    /// The names of the calls that the latest run made, in order.
    var recordedCalls: [String] {
        get throws {
            try String(contentsOfFile: logFile, encoding: .utf8).split(separator: "\n").compactMap { line in
                let call = line.drop { $0.isNumber || $0 == " " }.prefix { $0 != "(" }
                return KillPoint.calls.contains(String(call)) ? String(call) : nil
            }
        }
    }

    /// Whether the latest run ended by SIGKILL in this very call, which did not take place.
    func didStrike(_ point: KillPoint) throws -> Bool {
        let calls = try String(contentsOfFile: logFile, encoding: .utf8).split(separator: "\n")
            .filter { $0.contains("(") }
        let ofItsName = calls.filter { $0.contains(" \(point.call)(") }
        return ofItsName.count == point.index && calls.last == ofItsName.last && calls.last?.hasSuffix("= ?") == true
    }
}
