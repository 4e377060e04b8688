import Foundation
import NodeTesting
import Testing

/// `--from` and `--to` as a person writes them.
@Suite struct EvidenceTimeTests {
    /// 2027-01-15T08:00:00Z.
    private static let start: UInt64 = 1_800_000_000

    @Test("--from and --to choose batches by the time of their statements, in seconds and as dates, both ends included")
    func words() async throws {
        let answering = try await Self.node()
        let output = try TestNode.newFolder().path + "/journey.hsev"
        let rows: [(words: [String], said: String)] = [
            ([], "7 events in 3 batches"),
            (["--from", "1800000100"], "6 events in 2 batches"),
            (["--to", "1800000100"], "3 events in 2 batches"),
            (["--from", "1800000100", "--to", "1800000100"], "2 events in 1 batch"),
            (["--from", "1800000101", "--to", "1800000200"], "4 events in 1 batch"),
            (["--from", "2027-01-15T08:01:40Z"], "6 events in 2 batches"),
            (["--from", "2027-01-15T16:01:40+08:00", "--to", "2027-01-15T08:01:41Z"], "2 events in 1 batch"),
        ]
        for row in rows {
            let result = try await Self.run(answering.url, row.words, output)
            #expect(result.exitCode == 0 && result.output.contains(row.said), "\(row.words): \(result.output)")
        }
        for (words, code) in [(["--from", "1800000201"], 1), (["--to", "1799999999"], 1), (["--from", "1800000200", "--to", "1800000100"], 64)] {
            let result = try await Self.run(answering.url, words, output + ".none")
            #expect(result.exitCode == code && !FileManager.default.fileExists(atPath: output + ".none"), "\(words): \(result.output)")
        }
        try await answering.stop()
    }

    @Test("what is no time is refused, and the ways to write one are named", arguments: ["--from", "--to"])
    func noTime(option: String) throws {
        for text in ["yesterday", "2027-01-15", "2027-01-15T08:01:40", "1.8e9", ""] {
            let words = ["evidence", "--gateway", "acme.gw-1", "--node", "http://127.0.0.1:1", "-o", "/nonexistent/x.hsev", option, text]
            let result = try BuiltProgram.run(words)
            #expect(result.exitCode == 64 && result.output.hasPrefix("error: \(option) \(text) is no time\n  next: give seconds since 1970 or "), "\(result.output)")
            #expect(!result.output.contains("Usage"), "a slip in a value is no reason to show another command's usage: \(result.output)")
        }
    }

    /// A node that holds batches of 1, 2 and 4 events, 100 s apart.
    private static func node() async throws -> AnsweringNode {
        let alliance = try TestAlliance(nodeCount: 1)
        let answering = try await AnsweringNode(alliance, 0)
        var gateway = try alliance.gateway()
        _ = try await answering.node.handle(gateway.hello())
        for (number, count) in [1, 2, 4].enumerated() {
            gateway.nowSeconds = start + UInt64(number) * 100
            _ = try await answering.node.receipt(for: try gateway.batch(count: count))
        }
        return answering
    }

    /// On a thread of its own: the node answers on those of the tasks.
    private static func run(_ url: String, _ words: [String], _ output: String) async throws -> (exitCode: Int32, output: String) {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                let question = ["evidence", "--gateway", "acme.gw-1", "--node", url, "-o", output]
                continuation.resume(with: Result { try BuiltProgram.run(question + words) })
            }
        }
    }
}
