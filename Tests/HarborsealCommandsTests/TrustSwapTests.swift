import AllianceTrust
import AnchorNode
import AttestationFormat
import Foundation
import NodeTesting
import Testing

@testable import HarborsealCommands

/// A trust file is swapped whole: whatever stops the node in the middle, one of the two is in force afterwards, and it is in the ledger.
@Suite(.serialized) struct TrustSwapTests {
    private static let strace = "/usr/bin/strace"

    /// A stopped node's folder: a ledger under version 1, and version 2 where the node will look.
    private struct Stopped {
        let folder: URL
        let configuration: String
        let alliance: TestAlliance
        let second: [UInt8]

        init() async throws {
            alliance = try TestAlliance(nodeCount: 1, nowSeconds: WallClock.nowSeconds - 60)
            folder = try TestNode.newFolder()
            let path = folder.path
            configuration = "\(path)/node.conf"
            try DurableFile.write(alliance.trustFile.bytes, to: "\(path)/alliance.hstrust")
            try alliance.nodeKeys[0].write(to: "\(path)/receipt.key")
            try """
                [node]
                alliance = test
                name = n0
                key = \(path)/receipt.key
                trust = \(path)/alliance.hstrust
                data = \(path)/data

                [link]
                brokers = localhost:1
                insecure = true

                """.write(toFile: configuration, atomically: false, encoding: .utf8)
            try DurableFile.makeDirectory("\(path)/data")
            _ = try Self.run(configuration, carried: "\(path)/none.hscarry", before: [])
            var newer = alliance
            try newer.update { $0.revocationListURLs = ["https://registry.example/crl/acme.crl"] }
            second = newer.trustFile.bytes
            try DurableFile.write(second, to: "\(path)/alliance.hstrust")
        }

        /// Starts a node that takes a file without messages and ends; under another program, where one is named.
        static func run(_ configuration: String, carried: String, before: [String]) throws -> Int32 {
            try Data().write(to: URL(fileURLWithPath: carried))
            let command = before + [BuiltProgram.path, "node", "import", "--config", configuration, carried]
            let process = Process()
            process.executableURL = URL(fileURLWithPath: command[0])
            process.arguments = Array(command.dropFirst())
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.runHearingSignals()
            process.waitUntilExit()
            return process.terminationReason == .uncaughtSignal ? -process.terminationStatus : process.terminationStatus
        }

        /// The file in force and the entries, as the store has them.
        func state() throws -> (trustFile: [UInt8]?, entries: [[UInt8]]) {
            let settings = alliance.settings()
            let store = try SQLiteStore(
                path: folder.appendingPathComponent("data/ledger.sqlite").path, origin: settings.name.origin.string, keyID: settings.key.keyID)
            defer { try? store.close() }
            return try store.read { transaction in
                (try transaction.trustFile(), try (0..<transaction.entryCount()).compactMap { try transaction.entryBytes($0) })
            }
        }
    }

    @Test(
        "killed at each write and each sync of the ledger while it takes a newer file, a node has the old or the new one, whole",
        .enabled(if: FileManager.default.isExecutableFile(atPath: strace), "strace is not installed"), .timeLimit(.minutes(5)),
        arguments: ["pwrite64", "fdatasync,fsync"])
    func killed(call: String) async throws {
        let stopped = try await Stopped()
        defer { try? FileManager.default.removeItem(at: stopped.folder) }
        let data = stopped.folder.appendingPathComponent("data")
        let backup = stopped.folder.appendingPathComponent("backup")
        try FileManager.default.copyItem(at: data, to: backup)
        var outcomes: [Int: Int] = [:]
        for number in 1...60 {
            try FileManager.default.removeItem(at: data)
            try FileManager.default.copyItem(at: backup, to: data)
            let wasKilled = try run(stopped, killedAt: call, number)
            let (inForce, entries) = try stopped.state()
            let versions = [stopped.alliance.trustFile.bytes, stopped.second]
            let place = try #require(versions.firstIndex { $0 == inForce }, "call \(number): neither the old nor the new file")
            #expect(entries == Array(versions[...place]), "call \(number): what is in force is in the ledger, once")
            outcomes[place, default: 0] += 1
            // And whatever was left, the next start takes the new one.
            #expect(try Stopped.run(stopped.configuration, carried: stopped.folder.path + "/none.hscarry", before: []) == 1)
            #expect(try stopped.state().entries == versions)
            guard wasKilled else { break }
        }
        #expect(outcomes.values.reduce(0, +) > 1, "it was killed at least once: \(outcomes)")
    }

    /// Whether strace killed it.
    private func run(_ stopped: Stopped, killedAt call: String, _ number: Int) throws -> Bool {
        let paths = ["ledger.sqlite", "ledger.sqlite-wal"].flatMap { ["-P", stopped.folder.appendingPathComponent("data/\($0)").path] }
        let status = try Stopped.run(
            stopped.configuration, carried: stopped.folder.path + "/none.hscarry",
            before: [Self.strace, "-f", "-qq", "-o", "/dev/null", "-e", "inject=\(call):signal=KILL:when=\(number)"] + paths)
        return status < 0 || status == 137
    }
}
