import Foundation
import Testing

/// What a power cut right after a command must not take, seen with strace.
@Suite struct DurabilityTests {
    @Test("keys, certificates and trust files are synced, then put in their place, then their folder is synced") func order() throws {
        let alliance = try Alliance(name: "gba-sync", nodes: ["hk-1"], quorum: 1)
        let issued = alliance.folder.file("issued")
        let issue = try Trace(alliance, ["device", "issue", "--firm", Alliance.firm, "--device", "gw-1", "-o", issued])
        let names = try FileManager.default.contentsOfDirectory(atPath: issued)
        #expect(Set(names).isSuperset(of: ["seal.key", "seal.crt", "link.key", "link.crt"]), "\(names)")
        for name in names where name != "journal" { issue.expectDurable(name, in: issued) }

        try alliance.harborseal("alliance", "add-firm", "other")
        let sign = try Trace(alliance, ["alliance", "sign"])
        sign.expectDurable("alliance.hstrust", in: alliance.folder.file("alliance"))
    }

    /// The calls of one command that make a file durable, in their order.
    private struct Trace {
        private let lines: [String]

        init(_ alliance: Alliance, _ words: [String]) throws {
            let log = alliance.folder.file("trace")
            try? FileManager.default.removeItem(atPath: log)
            // -y: with the path of each descriptor. Not every architecture has the calls with a question mark.
            let strace = [
                try Programs.strace, "-f", "-qq", "-y", "-o", log, "-e", "trace=fsync,?link,linkat,?rename,?renameat,renameat2",
            ]
            try ChildProcess.run(strace + [try Programs.harborseal] + words, in: alliance.folder.path)
            lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").map(String.init)
        }

        func expectDurable(_ name: String, in folder: String, sourceLocation: SourceLocation = #_sourceLocation) {
            let steps: [(String, (String) -> Bool)] = [
                ("its own sync", { $0.contains("fsync(") && $0.contains("/\(name).") && $0.contains(".tmp>") }),
                ("its link or rename", { ($0.contains("link") || $0.contains("rename")) && $0.contains("/\(name)\"") }),
                ("its folder's sync", { $0.contains("fsync(") && $0.contains("\(folder)>") }),
            ]
            var rest = lines[...]
            for (what, isIt) in steps {
                guard let place = rest.firstIndex(where: isIt) else {
                    Issue.record("\(name): \(what) is missing in\n\(lines.joined(separator: "\n"))", sourceLocation: sourceLocation)
                    return
                }
                rest = rest[(place + 1)...]
            }
        }
    }
}
