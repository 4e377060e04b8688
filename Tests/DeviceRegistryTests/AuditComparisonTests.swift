import AllianceTrust
import AttestationFormat
@testable import DeviceRegistry
import Foundation
import GRDB
import MerkleTree
import RegistryTesting
import Testing

@Suite("The audit table against what the store has and the ledgers are told") struct AuditComparisonTests {
    let alliance: TestRegistry
    let registry: Registry
    let now = Registry.now
    let alice = Requester("alice")

    init() throws {
        alliance = try TestRegistry()
        registry = try alliance.open()
        let node = try TestRegistry.name("hk-1")
        try registry.setNodes([node], nowSeconds: now)
        // One that is renewed, one revoked twice, one replaced because it was stolen, one that never enrolled.
        let first = try EnrolledDevice("gw-1", in: registry)
        _ = try registry.renewed(.link, with: first.link, TestDeviceKey(), at: now + 60 * 86_400)
        _ = try EnrolledDevice("gw-2", in: registry)
        for since in [now, now - 60] { _ = try registry.revoke("acme.gw-2", sinceSeconds: since, reason: "generation 7, since 1970Z: x", by: alice, nowSeconds: now + 1) }
        _ = try EnrolledDevice("gw-3", in: registry)
        _ = try registry.replace("acme.gw-3", oldKey: .revoke(sinceSeconds: now - 5, reason: "stolen"), by: alice, nowSeconds: now + 2)
        _ = try registry.added("gw-4")
        _ = try registry.revoke("acme.gw-4", sinceSeconds: now, reason: "", by: alice, nowSeconds: now + 3)
        for statement in 1...3 as ClosedRange<Int64> { try registry.record(.accepted(receipt: [1]), of: statement, to: node, nowSeconds: now + 4) }
        try registry.record(.refused("400"), of: 4, to: node, nowSeconds: now + 4)
    }

    @Test("a table that says what happened fits: each certificate, revocation and receipt is there")
    func whole() throws {
        #expect(try registry.compareAudit() == AuditComparison(registrationCount: 3, revocationCount: 3, receiptCount: 3, fault: nil))
    }

    struct Edit: CustomTestStringConvertible {
        var sql: String
        /// The words of the row that no longer fits; nil: the store has what no row tells of.
        var row: String?
        var reason: String
        var testDescription: String { sql }
    }

    @Test(
        "who changes the store beside the table is found out, at the row",
        arguments: [
            Edit(sql: "DELETE FROM deliveries WHERE statement = 6; DELETE FROM statements WHERE id = 6", row: "generation 1, since", reason: "acme.gw-3"),
            Edit(sql: "DELETE FROM deliveries WHERE statement = 1; DELETE FROM statements WHERE id = 1", row: "seal certificate", reason: "no statement tells the ledgers"),
            Edit(sql: "UPDATE statements SET bytes = (SELECT bytes FROM statements WHERE id = 2) WHERE id = 1", row: "seal certificate", reason: "no statement tells the ledgers"),
            Edit(sql: "UPDATE statements SET bytes = substr(bytes, 1, length(bytes) - 1) || x'00' WHERE id = 1", row: "seal certificate", reason: "no statement tells the ledgers"),
            Edit(sql: "UPDATE devices SET revoked_since = NULL WHERE gateway = 'acme.gw-2'", row: "generation 1, since", reason: "has not as revoked"),
            Edit(sql: "UPDATE devices SET revoked_since = revoked_since + 9 WHERE gateway = 'acme.gw-2'", row: "generation 1, since", reason: "no row says so"),
            Edit(sql: "UPDATE certificates SET revoked_since = revoked_since - 9 WHERE label = 'seal' AND revoked IS NOT NULL", row: "generation 1, since", reason: "is revoked since then"),
            Edit(sql: "UPDATE deliveries SET state = 'due' WHERE statement = 2", row: "registration statement 2", reason: "which the store does not have"),
            Edit(sql: "UPDATE deliveries SET receipt = NULL WHERE statement = 3", row: "statement 3", reason: "which the store does not have"),
            Edit(sql: "UPDATE deliveries SET state = 'accepted', receipt = x'00' WHERE statement = 4", row: nil, reason: "a receipt of node hk-1 for statement 4"),
            Edit(sql: "DELETE FROM certificates WHERE label = 'link' AND id = 1", row: "link certificate", reason: "which the store does not have"),
            Edit(sql: "UPDATE certificates SET serial = x'01' WHERE id = 2", row: "seal certificate", reason: "which the store does not have"),
        ])
    func edited(_ edit: Edit) throws {
        try registry.store.write { transaction in
            try transaction.run("PRAGMA defer_foreign_keys = ON")
            for sql in edit.sql.split(separator: ";") { try transaction.run(String(sql)) }
        }
        guard case .intact = try registry.checkAudit() else {
            Issue.record("the table itself was not touched")
            return
        }
        let fault = try #require(registry.compareAudit().fault)
        #expect(fault.reason.contains(edit.reason), "\(fault)")
        let detail = try fault.row.flatMap { number in try registry.audit(from: number, limit: 1).first?.detail }
        #expect(detail.map { $0.contains(edit.row ?? "no row") } ?? (edit.row == nil), "\(fault), \(detail ?? "")")
    }

    @Test("a revocation whose seal is open fits, since its row says so, and the later one too")
    func open() throws {
        try registry.store.write { try $0.run("UPDATE certificates SET revoked = NULL, revoked_since = NULL WHERE label = 'seal' AND device = 2") }
        #expect(try registry.device("acme.gw-2").device.isSealRevocationOpen)
        #expect(try registry.compareAudit().fault == nil)
    }
}
