import AllianceTrust
import AttestationFormat
import GRDB
import MerkleTree
import NodeTesting
import Testing

@testable import AnchorNode

@Suite struct RevocationTests {
    /// How a list reaches a node.
    enum Way: CaseIterable {
        case statement, fetched
    }

    private func bring(_ list: [UInt8], to node: TestNode, _ way: Way, _ alliance: TestAlliance) async throws {
        switch way {
        case .statement: _ = try await node.submit(entry: try alliance.revocation(list: list).bytes)
        case .fetched:
            #expect(try await node.core.take(revocationList: list))
            _ = try await node.integrate()
        }
    }

    @Test("from the list on new statements of the key are refused (3), those in the ledger stay, and other gateways go on", arguments: Way.allCases)
    func revoked(way: Way) async throws {
        let alliance = try TestAlliance()
        let node = try await TestNode(alliance)
        var (stolen, other) = (try alliance.gateway("gw-1"), try alliance.gateway("gw-2"))
        _ = try await node.handle(stolen.hello(), other.hello())
        let before = try stolen.batch()
        let receipt = try #require(try await node.receipt(for: before))
        try await bring(alliance.revocationList(1, of: [stolen]), to: node, way, alliance)
        #expect(try await node.handle(try stolen.batch().message()).refusalCodes == [3])
        #expect(try await node.handle(before.message()).receipts(for: before, trustFile: alliance.trustFile).map(\.bytes) == [receipt.bytes])
        #expect(try await node.receipt(for: try other.batch()) != nil)
        #expect(node.metrics.value(.keysRevoked) == 1 && node.metrics.value(.revoked) == 1)
        try node.close()
        let again = try await TestNode(alliance, folder: node.folder)
        #expect(try await again.handle(stolen.hello(), try stolen.batch().message()).refusalCodes == [3], "and after a restart")
        #expect(again.metrics.value(.keysRevoked) == 1)
        try again.remove()
    }

    @Test("statements with receipts from the time of the revocation on are marked, earlier ones are not")
    func late() async throws {
        let alliance = try TestAlliance()
        let node = try await TestNode(alliance)
        var gateway = try alliance.gateway()
        _ = try await node.handle(gateway.hello())
        for _ in 0..<3 { _ = try await node.receipt(for: try gateway.batch()) }
        try node.close()
        let later = try await TestNode(alliance, folder: node.folder, nowSeconds: alliance.nowSeconds + 7_200)
        for _ in 0..<2 { _ = try await later.receipt(for: try gateway.batch()) }
        // Reported afterwards: since between the two runs.
        let list = try alliance.revocationList(1, of: [gateway], sinceSeconds: alliance.nowSeconds + 7_200)
        _ = try await later.core.take(revocationList: list)
        _ = try await later.integrate()
        #expect(later.metrics.value(.statementsLate) == 2)
        #expect(try later.store.read { try $0.integers("SELECT leaf FROM late ORDER BY leaf") } == [4, 5])
        let earlier = try alliance.revocationList(2, of: [gateway], sinceSeconds: alliance.nowSeconds)
        _ = try await later.core.take(revocationList: earlier)
        _ = try await later.integrate()
        #expect(later.metrics.value(.statementsLate) == 5)
        try later.remove()
    }

    @Test("the newest list by its number wins; one that is behind, or a second one of its number, is refused with both numbers, however it comes")
    func stale() async throws {
        let alliance = try TestAlliance()
        let node = try await TestNode(alliance)
        let gateway = try alliance.gateway()
        let newest = try alliance.revocationList(300, of: [gateway])
        #expect(try await node.core.take(revocationList: newest))
        #expect(try await !node.core.take(revocationList: newest), "the same again is no news, and no fault")
        let numbers: [Int64] = [0, 1, 127, 128, 255, 299, 300]
        for number in numbers {
            let list = try alliance.revocationList(number)
            let words = "stale list \(number), held 300" + (number == 300 ? ", which is another list of this number" : "")
            let fetched = await #expect(throws: TrustError.self) { try await node.core.take(revocationList: list) }
            #expect(fetched?.code == .revocationList && fetched?.message == words)
            let statement = try alliance.revocation(list: list).bytes
            let brought = await #expect(throws: EntryRefusal.self) { try await node.submit(entry: statement) }
            #expect(brought?.code == .stale && brought?.reason == words)
        }
        #expect(node.metrics.value(.listsStale) == 2 * numbers.count)
        #expect(try node.store.read { try $0.entryCount() } == 1, "none is in the ledger")
        #expect(try node.store.read { try $0.revocationLists(firm: nil) } == [newest])
        #expect(try await node.handle(gateway.hello()).count == 1)
        // The statement over the list that was fetched is recorded once, and changes nothing.
        let entry = try await node.submit(entry: try alliance.revocation(list: newest).bytes)
        let again = try await node.submit(entry: try alliance.revocation(list: newest).bytes)
        #expect(entry.isNew && !again.isNew && again.id == entry.id)
        #expect(try node.store.read { try $0.revocationLists(firm: "beta") }.isEmpty)
        try node.remove()
    }

    @Test("a list of the link CA, of a stranger, changed, or without a number is refused", arguments: ["link CA", "stranger", "changed", "number", "garbage"])
    func refused(which: String) async throws {
        let alliance = try TestAlliance()
        let node = try await TestNode(alliance)
        var list: [UInt8]
        switch which {
        case "link CA": list = try alliance.revocationList(1, by: alliance.link)
        case "stranger": list = try TestAlliance().revocationList(1)
        case "number": list = try NumberlessList.der(by: alliance.firm)
        case "garbage": list = [0x30, 0]
        default:
            list = try alliance.revocationList(1)
            list[list.count - 1] ^= 1
        }
        let error = await #expect(throws: TrustError.self) { try await node.core.take(revocationList: list) }
        #expect(error?.code == .revocationList)
        #expect(try node.store.read { try $0.revocationLists(firm: nil) }.isEmpty)
        try node.remove()
    }

    @Test("evidence from a node encloses its firm's newest list: what was anchored before verifies, what came after does not")
    func evidence() async throws {
        var alliance = try TestAlliance(nodeCount: 1)
        try alliance.update { $0.revocationListURLs = ["https://registry.example/crl/acme.crl"] }
        let node = try await TestNode(alliance)
        var gateway = try alliance.gateway()
        _ = try await node.handle(gateway.hello())
        _ = try await node.receipt(for: try gateway.batch(gateway.events(1, what: ["urn:before"])))
        try node.close()
        let later = try await TestNode(alliance, folder: node.folder, nowSeconds: alliance.nowSeconds + 100)
        _ = try await later.receipt(for: try gateway.batch(gateway.events(1, what: ["urn:after"])))
        let reader = LedgerReader(store: later.store, settings: later.settings)
        func verdict(_ subject: String) async throws -> Verdict {
            let page = try #require(try reader.evidence(EvidenceQuery(.subject(subject))))
            return await EvidenceVerifier.report(evidence: page.evidence, trustFile: alliance.trustFile.bytes).verdict
        }
        #expect(try await verdict("urn:before").exitCode == 2, "lists are published, and none is enclosed yet")
        let list = try alliance.revocationList(1, of: [gateway], sinceSeconds: alliance.nowSeconds + 50)
        _ = try await later.submit(entry: try alliance.revocation(list: list).bytes)
        let before = try await verdict("urn:before")
        #expect(before.exitCode == 0, "\(before.lines)")
        let words = before.lines.first { $0.check == .certified }?.reason ?? ""
        #expect(words.contains("revoked since") && words.contains("before"), "\(words)")
        let after = try await verdict("urn:after")
        #expect(after.exitCode == 1)
        #expect(after.firstFailure?.reason.contains("revoked since") == true, "\(after.lines)")
        try later.remove()
    }

    @Test("a receipt that was given again later, for late event bytes, does not take the first one's time away")
    func firstReceiptCounts() async throws {
        let alliance = try TestAlliance(nodeCount: 1)
        let node = try await TestNode(alliance)
        var gateway = try alliance.gateway()
        _ = try await node.handle(gateway.hello())
        let batch = try gateway.batch(count: 2)
        _ = try await node.handle(batch.message(withholding: [0]))
        _ = try await node.integrate()
        try node.close()
        let later = try await TestNode(alliance, folder: node.folder, nowSeconds: alliance.nowSeconds + 100)
        _ = try await later.core.take(revocationList: alliance.revocationList(1, of: [gateway], sinceSeconds: alliance.nowSeconds + 50))
        let second = try #require(try await later.receipt(for: batch))
        #expect(second.held == 2 && second.header.issuedAtSeconds == UInt64(alliance.nowSeconds + 100))
        #expect(later.metrics.value(.statementsLate) == 0)
        let reader = LedgerReader(store: later.store, settings: later.settings)
        let page = try #require(try reader.evidence(EvidenceQuery(.gateway(gateway.name.gatewayID))))
        let verdict = await EvidenceVerifier.report(evidence: page.evidence, trustFile: alliance.trustFile.bytes).verdict
        #expect(verdict.exitCode == 0, "\(verdict.lines)")
        try later.remove()
    }

    @Test("a renewed issuing certificate goes on with the list of its key")
    func renewedIssuer() async throws {
        var alliance = try TestAlliance()
        let renewed = try alliance.root.issueFirmAuthority(
            firm: "acme", key: alliance.firm.key, lifetime: .starting(at: alliance.nowSeconds, days: 30))
        try alliance.update { $0.firms[0].issuingCertificates.append(renewed.certificate.der) }
        let node = try await TestNode(alliance)
        var (one, two) = (try alliance.gateway("gw-1"), try alliance.gateway("gw-2", by: renewed))
        _ = try await node.handle(one.hello(), two.hello())
        _ = try await node.core.take(revocationList: alliance.revocationList(1, of: [one, two], by: renewed))
        #expect(try await node.handle(try one.batch().message(), try two.batch().message()).refusalCodes == [3, 3])
        try node.remove()
    }

    @Test("one issuing key's list says nothing of another's, of the same firm")
    func otherIssuer() async throws {
        var alliance = try TestAlliance()
        let second = try alliance.root.issueFirmAuthority(
            firm: "acme", key: AllianceSigningKey(), lifetime: .starting(at: alliance.nowSeconds, days: 30))
        try alliance.update { $0.firms[0].issuingCertificates.append(second.certificate.der) }
        let node = try await TestNode(alliance)
        var gateway = try alliance.gateway()
        _ = try await node.handle(gateway.hello())
        // The stolen second key cannot revoke what the first one vouched for.
        _ = try await node.core.take(revocationList: alliance.revocationList(9, of: [gateway], by: second))
        #expect(try await node.receipt(for: try gateway.batch()) != nil)
        _ = try await node.core.take(revocationList: alliance.revocationList(1, of: [gateway]))
        #expect(try await node.handle(try gateway.batch().message()).refusalCodes == [3])
        #expect(try node.store.read { try $0.revocationLists(firm: "acme") }.count == 2)
        try node.remove()
    }
}
