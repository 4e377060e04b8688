import AllianceTrust
import AttestationFormat
import Foundation
import GRDB
import HarborsealTesting
import MerkleTree
import NodeTesting
import Testing

@testable import AnchorNode

@Suite struct TrustUpdateTests {
    /// A file with a fault, signed as the alliance's root would sign a good one, or under another root.
    static func faulty(_ fault: TrustFileFault, after held: TrustFile, _ alliance: TestAlliance) throws -> [UInt8] {
        var content = held.content
        content.version = held.content.version + 1
        fault.spoil(&content)
        var root = alliance.root
        if fault.isOfOtherRoot {
            root = try .root(
                alliance: content.alliance.text.string, key: AllianceSigningKey(),
                lifetime: .starting(at: alliance.nowSeconds, days: 3_650))
            content.rootCertificate = root.certificate.der
        }
        let seconds = UInt64(alliance.nowSeconds)
        let signature = try root.key.sign(
            UnverifiedTrustFile.bytesToSign(content: content, keyID: root.key.keyID, issuedAtSeconds: seconds))
        return fault.spoil(
            UnverifiedTrustFile.encode(content: content, keyID: root.key.keyID, issuedAtSeconds: seconds, signature: signature))
    }

    private func secondVersion() throws -> TestAlliance {
        var alliance = try TestAlliance()
        try alliance.update { $0.revocationListURLs = ["https://registry.example/crl/acme.crl"] }
        return alliance
    }

    @Test("a node refuses each fault of an update in its own words, and the file in force stays", arguments: TrustFileFault.allCases)
    func refusedByNode(fault: TrustFileFault) async throws {
        let alliance = try secondVersion()
        let node = try await TestNode(alliance)
        let bytes = try Self.faulty(fault, after: alliance.trustFile, alliance)
        let error = await #expect(throws: NodeError.self) { try await node.core.take(trustFile: bytes) }
        #expect(error?.code == .trustFileRefused)
        #expect(fault.isNamed(in: error?.message ?? ""), "\(error?.message ?? "taken")")
        #expect(try node.store.read { try $0.trustFile() } == alliance.trustFile.bytes)
        #expect(try node.store.read { try $0.entryCount() } == 1, "nothing was appended")
        #expect(node.metrics.value(.trustVersion) == 2)
        try node.remove()
    }

    @Test("a verifier that holds a file refuses each fault of an update in its own words", arguments: TrustFileFault.allCases)
    func refusedByVerifier(fault: TrustFileFault) throws {
        let alliance = try secondVersion()
        let bytes = try Self.faulty(fault, after: alliance.trustFile, alliance)
        let error = #expect(throws: TrustError.self) { try TrustFileVerifier.verify(bytes, asUpdateOf: alliance.trustFile) }
        #expect(error?.code == .trustUpdate)
        #expect(fault.isNamed(in: error?.message ?? ""), "\(error?.message ?? "taken")")
    }

    @Test("each message names its own fault and no other")
    func messagesDiffer() throws {
        let alliance = try secondVersion()
        for fault in TrustFileFault.allCases {
            let bytes = try Self.faulty(fault, after: alliance.trustFile, alliance)
            let message = #expect(throws: TrustError.self) { try TrustFileVerifier.verify(bytes, asUpdateOf: alliance.trustFile) }?.message ?? ""
            let named = TrustFileFault.allCases.filter { $0.isNamed(in: message) }
            // A gateway says "older" of the same version too, so that word is in both lists.
            #expect(named == (fault == .older ? [.older, .sameVersion] : [fault]), "\(message)")
        }
    }

    @Test("a newer file is in the ledger before it is in force, and stays in force after a restart with the old one on disk")
    func taken() async throws {
        var alliance = try TestAlliance()
        let first = alliance
        let node = try await TestNode(alliance)
        let seconds = UInt64(alliance.nowSeconds)
        try alliance.update { $0.notAfterSeconds = seconds + 1_000 }
        #expect(try await node.core.take(trustFile: alliance.trustFile.bytes))
        #expect(try await !node.core.take(trustFile: alliance.trustFile.bytes), "once")
        #expect(node.metrics.value(.trustVersion) == 2)
        #expect(try node.store.read { try $0.entryBytes(1) } == alliance.trustFile.bytes)
        try node.close()
        let again = try await TestNode(first, folder: node.folder)
        #expect(again.metrics.value(.trustVersion) == 2)
        #expect(try again.store.read { try $0.entryCount() } == 2)
        // A gateway with the first version gets the second.
        let replies = try await again.handle(try first.gateway().hello(trustVersion: 1))
        #expect(replies.contains { if case .trustFile(let file) = $0 { file.bytes == alliance.trustFile.bytes } else { false } })
        try again.remove()
    }

    @Test("a file that could not be stored is not in force either")
    func notStored() async throws {
        var alliance = try TestAlliance()
        let node = try await TestNode(alliance)
        try alliance.update { $0.notAfterSeconds = 1 }
        // The next leaf is taken, as it would be if the disk gave an error.
        try node.store.write { try $0.run("CREATE TRIGGER full BEFORE INSERT ON entries BEGIN SELECT RAISE(ABORT, 'disk full'); END", []) }
        await #expect(throws: DatabaseError.self) { try await node.core.take(trustFile: alliance.trustFile.bytes) }
        #expect(node.metrics.value(.trustVersion) == 1)
        try node.store.write { try $0.run("DROP TRIGGER full", []) }
        #expect(try await node.core.take(trustFile: alliance.trustFile.bytes))
        #expect(node.metrics.value(.trustVersion) == 2)
        try node.remove()
    }

    @Test("past its not-after a file is used, with a warning that says since when")
    func outOfDate() async throws {
        var alliance = try TestAlliance()
        let seconds = UInt64(alliance.nowSeconds)
        try alliance.update { $0.notAfterSeconds = seconds - 1 }
        let log = LogLines()
        let node = try await TestNode(alliance, logger: log.logger)
        var gateway = try alliance.gateway()
        _ = try await node.handle(gateway.hello())
        #expect(try await node.receipt(for: try gateway.batch()) != nil)
        #expect(await node.core.trustTimes.outOfDate?.contains("out of date") == true)
        _ = try await node.integrate()
        #expect(log.lines.count { $0.contains("out of date by its own words since") } == 1, "said once: \(log.lines)")
        #expect(node.metrics.value(.trustOutOfDate) == 1)
        try alliance.update { $0.notAfterSeconds = nil }
        _ = try await node.core.take(trustFile: alliance.trustFile.bytes)
        _ = try await node.integrate()
        #expect(await node.core.trustTimes == TrustTimes() && node.metrics.value(.trustOutOfDate) == 0)
        try node.remove()
    }

    @Test("a node whose key has ended keeps what comes and gives no receipt, until it is started with the new key")
    func keyEnded() async throws {
        var alliance = try TestAlliance(nodeCount: 1)
        let node = try await TestNode(alliance)
        var gateway = try alliance.gateway()
        _ = try await node.handle(gateway.hello())
        let old = try gateway.batch()
        let oldReceipt = try #require(try await node.receipt(for: old))
        let newKey = try AllianceSigningKey()
        let now = UInt64(alliance.nowSeconds)
        try alliance.update { content in
            content.nodes[0].keys[0].untilSeconds = now
            content.nodes[0].keys.append(.init(publicKey: newKey.publicKey, fromSeconds: now))
        }
        #expect(try await node.core.take(trustFile: alliance.trustFile.bytes))
        let batch = try gateway.batch()
        #expect(try await node.receipt(for: batch) == nil)
        #expect(await node.core.trustTimes.keyEnded?.contains("no receipt is given") == true)
        #expect(node.metrics.value(.keyEnded) == 1)
        try node.close()
        await #expect(throws: NodeError.self) { try await TestNode(alliance, folder: node.folder) }
        var settings = alliance.settings()
        settings.key = newKey
        let again = try await TestNode(alliance, settings: settings, folder: node.folder)
        let receipts = try await again.integrate().receipts(for: batch, trustFile: alliance.trustFile)
        #expect(receipts.map(\.header.keyID) == [newKey.keyID])
        #expect(try again.store.read { try $0.receipt(1)?.bytes } == oldReceipt.bytes, "what the old key signed stays")
        let keys = try LedgerReader(store: again.store, settings: settings).keySet()
        #expect(keys.first == 0x82, "both keys are shown")
        try again.remove()
    }

    @Test("a ledger goes over to a key that its own or the offered trust file has for this node, and to no other", arguments: [true, false])
    func strangersKey(isListed: Bool) async throws {
        var alliance = try TestAlliance()
        let node = try await TestNode(alliance)
        try node.close()
        let newKey = isListed ? try AllianceSigningKey() : alliance.nodeKeys[1]
        if isListed {
            let seconds = UInt64(alliance.nowSeconds)
            try alliance.update { $0.nodes[0].keys.append(.init(publicKey: newKey.publicKey, fromSeconds: seconds)) }
        }
        func open() throws -> SQLiteStore {
            let former = Set(alliance.trustFile.content.nodes[0].keys.map { $0.publicKey.keyID(using: SHA256.self) })
            return try SQLiteStore(
                path: node.folder.appendingPathComponent("ledger.sqlite").path, origin: "test/n0", keyID: newKey.keyID,
                formerKeyIDs: former.contains(newKey.keyID) ? former : [])
        }
        if isListed {
            let store = try open()
            try store.close()
        } else {
            #expect(throws: NodeError.self) { try open() }
        }
        // Nothing was changed by the attempt: the old key opens it as before.
        try await TestNode(alliance, folder: node.folder).remove()
    }
}
