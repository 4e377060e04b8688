import Foundation

/// What one run did to files that must survive a power cut, in strace's words; judged by the order that a file system needs.
///
/// SIGKILL leaves what the kernel has, a power cut what the medium has: only the order of calls tells the two apart.
struct DurableSteps: CustomStringConvertible {
    static let traced = ["openat", "write", "fsync", "close", "fchmod", "rename", "renameat2", "unlink"]

    /// strace in front of a program, on these files and folders alone.
    static func wrapper(files: [String], folders: [String], log: String, killingAt point: KillPoint? = nil) throws -> [String] {
        var words = [try Programs.strace, "-f", "-qqq", "-y", "-o", log, "-e", "trace=" + traced.joined(separator: ",")]
        words += (folders + files).flatMap { ["-P", $0] }
        if let point { words += ["-e", "inject=\(point.call):signal=KILL:when=\(point.index)"] }
        return words
    }

    private struct Step {
        let call: String
        /// Paths that it names, its descriptor's too.
        let paths: [String]
        let hasFailed: Bool
        let line: String
    }

    private let steps: [Step]

    init(_ log: String) throws {
        steps = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").compactMap { line in
            let text = line.drop { $0.isNumber || $0 == " " }
            let call = String(text.prefix { $0 != "(" })
            guard Self.traced.contains(call) else { return nil }
            // What a write wrote may look like anything: its descriptor's path stands first.
            let named = text.matches(of: #/"(\/[^"]*)"|\d+<([^>]*)>/#).map { String($0.output.1 ?? $0.output.2 ?? "") }
            return Step(call: call, paths: call == "write" ? Array(named.prefix(1)) : named, hasFailed: text.contains(" = -1 "), line: String(text.prefix(200)))
        }
    }

    /// The names of the calls, in order.
    var calls: [String] { steps.map(\.call) }

    /// Targets of renames, in order.
    var placed: [String] { steps.filter { isRename($0) && !$0.hasFailed }.compactMap(\.paths.last) }

    var description: String { (faults + steps.map(\.line)).joined(separator: "\n") }

    private func isRename(_ step: Step) -> Bool { step.call.hasPrefix("rename") }

    /// Each file that is put in place: written bytes are synced before it takes the name, and the folder is synced before anything else is
    /// begun. Empty where that holds.
    var faults: [String] {
        steps.indices.filter { isRename(steps[$0]) && !steps[$0].hasFailed }.flatMap { index in
            [unsynced(before: index), folderUnsynced(after: index)].compactMap { $0 }
        }
    }

    /// The file's own bytes and mode. A draft of an earlier run is under another name before it is synced, so what is renamed first was written here.
    private func unsynced(before index: Int) -> String? {
        guard let source = steps[index].paths.first(where: { $0 != steps[index].paths.last }) else { return "a rename names nothing: \(steps[index].line)" }
        let own = steps[..<index].filter { $0.paths.last == source || $0.paths.first == source }
        guard let last = own.last(where: { ["write", "fchmod", "fsync"].contains($0.call) || isRename($0) }) else { return nil }
        return last.call == "fsync" || isRename(last) ? nil : "\(source) took a name before its bytes were synced"
    }

    private func folderUnsynced(after index: Int) -> String? {
        guard let target = steps[index].paths.last else { return nil }
        let folder = URL(fileURLWithPath: target).deletingLastPathComponent().path
        for step in steps[(index + 1)...] where !step.hasFailed {
            if step.call == "fsync", step.paths.contains(folder) { return nil }
            if ["write", "unlink", "fchmod"].contains(step.call) || isRename(step) { break }
        }
        return "\(target): its folder was not synced before the next step"
    }
}
