import AllianceTrust
import AnchorNode
import AttestationFormat
import Foundation
import HarborsealTesting
import MerkleTree
import NodeTesting
import ServiceLifecycle
import Synchronization
import Testing

@testable import HarborsealCommands

/// What a node fetches for itself: lists from a registry and from a folder, trust files from other nodes.
@Suite(.serialized) struct NodeErrandsTests {
    /// A registry's published folder, served by a program that knows nothing of us.
    private final class Publisher {
        let folder: URL
        let port: UInt16
        private let process = Process()

        init() throws {
            folder = try TestNode.newFolder()
            port = try LoopbackPort.free()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
            process.arguments = ["-m", "http.server", "--bind", "127.0.0.1", "--directory", folder.path, "\(port)"]
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.runHearingSignals()
        }

        deinit {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            try? FileManager.default.removeItem(at: folder)
        }

        func url(_ name: String) -> String { "http://127.0.0.1:\(port)/\(name)" }

        func publish(_ bytes: some Sequence<UInt8>, as name: String) throws {
            try Data(bytes).write(to: folder.appendingPathComponent(name))
        }
    }

    /// A running node without a broker, and its errands, which the test lets run once.
    private struct Errand {
        let node: TestNode
        let errands: NodeErrands
        let health = NodeHealth()
        let said = LogLines()
        private let group: ServiceGroup
        private let running: Task<Void, any Error>

        init(_ alliance: TestAlliance, listsPath: String? = nil) async throws {
            node = try await TestNode(alliance)
            let desk = NodeDesk()
            let group = try node.service(brokerPorts: [], health: health, desk: desk)
            self.group = group
            running = Task { try await group.run() }
            errands = NodeErrands(
                desk: desk, reader: LedgerReader(store: node.store, settings: node.settings), name: node.settings.name, listsPath: listsPath,
                intervalMilliseconds: 1_000, health: health, logger: said.logger)
        }

        func turn() async {
            var troubles = NodeErrands.Troubles(logger: TestNode.silentLogger)
            var twins = TrustFileTwins(logger: said.logger)
            await errands.turn(&troubles, &twins)
        }

        func stop() async throws {
            await group.triggerGracefulShutdown()
            try await running.value
            try node.remove()
        }
    }

    /// Waits until the publisher answers: its program takes a moment to start.
    private func turn(_ errand: Errand, until isDone: () -> Bool) async throws {
        for _ in 0..<100 {
            await errand.turn()
            if isDone() { return }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    @Test("a list that the registry publishes, in DER or PEM, takes the key from the node", arguments: [true, false])
    func published(isPEM: Bool) async throws {
        let publisher = try Publisher()
        var alliance = try TestAlliance(nodeCount: 1)
        try alliance.update { $0.revocationListURLs = [UTF8Text(publisher.url("acme.crl"))] }
        let errand = try await Errand(alliance)
        var gateway = try alliance.gateway()
        _ = try await errand.node.handle(gateway.hello())
        #expect(try await errand.node.receipt(for: try gateway.batch()) != nil)
        await errand.turn()
        #expect(errand.health.warnings[.revocation]?.contains("acme.crl") == true, "nothing is published yet")
        let list = try alliance.revocationList(1, of: [gateway])
        try publisher.publish(isPEM ? Array(CertificateAuthority.revocationListPEM(der: list).utf8) : list, as: "acme.crl")
        try await turn(errand) { errand.node.metrics.value(.keysRevoked) == 1 || errand.health.warnings[.revocation] == nil }
        #expect(try await errand.node.handle(try gateway.batch().message()).refusalCodes == [3])
        #expect(errand.health.warnings[.revocation] == nil)
        try await errand.stop()
    }

    @Test("a list in a file or in a folder is taken too, and what is none beside it is named", arguments: ["file", "folder"])
    func carried(_ place: String) async throws {
        let alliance = try TestAlliance(nodeCount: 1)
        let folder = try TestNode.newFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("acme.crl")
        let errand = try await Errand(alliance, listsPath: place == "file" ? file.path : folder.path)
        let gateway = try alliance.gateway()
        try Data(alliance.revocationList(1, of: [gateway])).write(to: file)
        try Data("none".utf8).write(to: folder.appendingPathComponent("readme.txt"))
        if place == "folder" { try Data("none".utf8).write(to: folder.appendingPathComponent("broken.crl")) }
        await errand.turn()
        #expect(try errand.node.store.read { try $0.revocationLists(firm: "acme") }.count == 1)
        #expect(errand.health.warnings[.revocation]?.contains("broken.crl") == (place == "folder" ? true : nil))
        try await errand.stop()
    }

    @Test("what a registry gives that is no list of the alliance changes nothing, and is a warning", arguments: ["garbage", "stranger", "too large", "absent"])
    func refused(_ what: String) async throws {
        let publisher = try Publisher()
        var alliance = try TestAlliance(nodeCount: 1)
        try alliance.update { $0.revocationListURLs = [UTF8Text(publisher.url("acme.crl"))] }
        switch what {
        case "garbage": try publisher.publish([1, 2, 3], as: "acme.crl")
        case "stranger": try publisher.publish(TestAlliance().revocationList(1), as: "acme.crl")
        case "too large": try publisher.publish([UInt8](repeating: 0x30, count: 200_000), as: "acme.crl")
        default: break
        }
        let errand = try await Errand(alliance)
        await errand.turn()
        #expect(errand.health.warnings[.revocation] != nil)
        #expect(try errand.node.store.read { try $0.revocationLists(firm: nil) }.isEmpty)
        try await errand.stop()
    }

    @Test("a newer trust file of another node is taken; a node that is behind, or of another alliance, changes nothing")
    func trustFiles() async throws {
        let alliance = try TestAlliance(nodeCount: 2)
        let behind = try await AnsweringNode(alliance, 1)
        var named = alliance
        try named.update { $0.nodes[1].url = UTF8Text(behind.url) }
        let errand = try await Errand(named)
        await errand.turn()
        #expect(errand.node.metrics.value(.trustVersion) == 2, "the other one has version 1")
        var newer = named
        try newer.update { $0.notAfterSeconds = UInt64(alliance.nowSeconds) + 1_000 }
        _ = try await behind.node.core.take(trustFile: named.trustFile.bytes)
        _ = try await behind.node.core.take(trustFile: newer.trustFile.bytes)
        await errand.turn()
        #expect(errand.node.metrics.value(.trustVersion) == 3)
        #expect(try errand.node.store.read { try $0.trustFile() } == newer.trustFile.bytes)
        try await errand.stop()
        try await behind.stop()
    }

    /// A node that shows whatever trust file it likes.
    private struct Liar: LedgerReading {
        let bytes: [UInt8]
        func entry(id: Digest) throws -> LedgerEntry? { nil }
        func evidence(_ query: EvidenceQuery) throws -> EvidencePage? { nil }
        func trustFile() throws -> [UInt8]? { bytes }
        func keySet() throws -> [UInt8] { [] }
    }

    /// One that does not know yet what it will show.
    private final class ChangingLiar: LedgerReading {
        let bytes = Mutex<[UInt8]>([])
        func entry(id: Digest) throws -> LedgerEntry? { nil }
        func evidence(_ query: EvidenceQuery) throws -> EvidencePage? { nil }
        func trustFile() throws -> [UInt8]? { bytes.withLock { $0 } }
        func keySet() throws -> [UInt8] { [] }
    }

    @Test(
        "another trust file of the version in force, by the same root, is a warning until a newer one is in force; a stranger's, a changed one and the same one are none",
        arguments: ["other", "root", "byte", "same"])
    func twins(_ what: String) async throws {
        let alliance = try TestAlliance(nodeCount: 2)
        let liar = ChangingLiar()
        let node = try await AnsweringNode(answering: liar)
        var named = alliance
        try named.update { $0.nodes[1].url = UTF8Text(node.url) }
        var other = what == "root" ? try TestAlliance(nodeCount: 2) : alliance
        try other.update { $0.notAfterSeconds = UInt64(alliance.nowSeconds) + 9 }
        var bytes = what == "same" ? named.trustFile.bytes : other.trustFile.bytes
        if what == "byte" { bytes[bytes.count - 1] ^= 1 }
        liar.bytes.withLock { $0 = bytes }
        let errand = try await Errand(named)
        await errand.turn()
        #expect(try errand.node.store.read { try $0.trustFile() } == named.trustFile.bytes, "this node goes on with its own")
        let words = errand.health.warnings[.trustFile]
        let lines = errand.said.lines.filter { $0.hasPrefix("warning") && $0.contains("another trust file of the version in force") }
        if what == "other" {
            #expect(words?.contains("/alliance.hstrust shows another trust file of version 2, signed by the same root key") == true, "\(words ?? "")")
            #expect(words?.contains("sign version 3") == true && lines.count == 1, "\(lines)")
            try named.update { $0.notAfterSeconds = UInt64(alliance.nowSeconds) + 99 }
            _ = try await errand.node.core.take(trustFile: named.trustFile.bytes)
            await errand.turn()
        } else {
            #expect(lines.isEmpty)
        }
        #expect(errand.health.warnings[.trustFile] == nil)
        try await errand.stop()
        try await node.stop()
    }

    @Test("a newer version under another root, or with a changed byte, is not taken from a node", arguments: ["root", "byte"])
    func lies(_ what: String) async throws {
        let alliance = try TestAlliance(nodeCount: 2)
        var lie = what == "root" ? try TestAlliance(nodeCount: 2) : alliance
        for _ in 0..<4 { try lie.update { $0.notAfterSeconds = 1 } }
        var bytes = lie.trustFile.bytes
        if what == "byte" { bytes[bytes.count - 1] ^= 1 }
        let liar = try await AnsweringNode(answering: Liar(bytes: bytes))
        var named = alliance
        try named.update { $0.nodes[1].url = UTF8Text(liar.url) }
        let errand = try await Errand(named)
        await errand.turn()
        #expect(errand.node.metrics.value(.trustVersion) == 2)
        #expect(try errand.node.store.read { try $0.trustFile() } == named.trustFile.bytes)
        try await errand.stop()
        try await liar.stop()
    }
}
