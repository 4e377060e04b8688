import AllianceTrust
import AttestationFormat
@testable import DeviceRegistry
import Foundation
import GRDB
import MerkleTree
import RegistryTesting
import Testing

@Suite("The audit table against what the store has and the ledgers are told") struct AuditComparisonTests {
    let audited: AuditedStore
    let registry: Registry
    let now = Registry.now

    init() throws {
        audited = try AuditedStore()
        registry = audited.registry
    }

    struct Edit: CustomTestStringConvertible {
        var sql: String
        /// The words of the row that no longer fits; nil: the store has what no row tells of.
        var row: String?
        var reason: String
        var testDescription: String { sql }
    }

    @Test(
        "who changes the store beside the table is found out, at the row, and told what differs",
        arguments: [
            Edit(sql: "UPDATE statements SET bytes = (SELECT bytes FROM statements WHERE id = 2) WHERE id = 1", row: "seal certificate", reason: "no statement tells the ledgers"),
            Edit(sql: "UPDATE statements SET bytes = substr(bytes, 1, length(bytes) - 1) || char(0) WHERE id = 1", row: nil, reason: "the column bytes of the table statements has a value of another type"),
            Edit(sql: "UPDATE devices SET revoked_since = NULL WHERE gateway = 'acme.gw-2'", row: "code until", reason: "it tells of acme.gw-2, device 1, whose state in the store is revoked"),
            Edit(sql: "UPDATE devices SET revoked_since = revoked_since + 9 WHERE gateway = 'acme.gw-2'", row: "generation 1, since", reason: "since when acme.gw-2, device 1 is revoked"),
            Edit(sql: "UPDATE devices SET reason = 'sold' WHERE gateway = 'acme.gw-3' AND generation = 1", row: "generation 2, code", reason: "the reason of the revocation of acme.gw-3, device 1 is stolen in it, and sold in the store"),
            Edit(sql: "UPDATE devices SET note = 'truck 8' WHERE gateway = 'acme.gw-4'", row: "note: truck 7; note: x", reason: "the note of acme.gw-4, device 1 is truck 7; note: x in it, and truck 8 in the store"),
            Edit(sql: "UPDATE devices SET added_by = 'bob' WHERE gateway = 'acme.gw-5'", row: "code until", reason: "who added acme.gw-5, device 1 is alice in it, and bob in the store"),
            Edit(sql: "UPDATE codes SET approved_by = 'carol' WHERE device = 6", row: "asked for by alice", reason: "the approval of the code of acme.gw-5, device 1 is bob in it, and carol in the store"),
            Edit(sql: "UPDATE codes SET needs_approval = 0 WHERE device = 7", row: "waits for a second person", reason: "state"),
            Edit(sql: "UPDATE codes SET hash = randomblob(32) WHERE device = 6", row: "code until", reason: "the mark of the code of acme.gw-5, device 1"),
            Edit(sql: "UPDATE policies SET second_person = 0, asked = NULL, asked_by = NULL, asked_account = NULL WHERE firm = 'acme'", row: "off is asked for", reason: "whether a second person is asked for of firm acme is true in it, and false in the store"),
            Edit(sql: "DELETE FROM policies WHERE firm = 'beta'", row: "firm beta: second person on", reason: "which the store does not have"),
            Edit(sql: "INSERT INTO policies(firm, second_person, at, set_by) VALUES ('gamma', 0, 1, 'x')", row: nil, reason: "firm gamma asks for a second person, and no row does"),
            Edit(sql: "UPDATE certificates SET revoked_since = revoked_since - 9 WHERE label = 'seal' AND device = 2", row: "seal certificate", reason: "no statement tells the ledgers that it is revoked since"),
            Edit(sql: "UPDATE deliveries SET state = 'due' WHERE statement = 2 AND node = 'hk-1'", row: "registration statement 2", reason: "is accepted, and the store due"),
            Edit(sql: "UPDATE deliveries SET receipt = NULL WHERE statement = 1", row: "statement 1", reason: "does not verify: it is none"),
            Edit(sql: "UPDATE deliveries SET state = 'accepted', receipt = x'00' WHERE statement = 6 AND node = 'gz-1'", row: nil, reason: "is accepted in the store, and no row says so"),
            Edit(sql: "UPDATE devices SET added = 'yesterday' WHERE id = 1", row: nil, reason: "the column added of the table devices has a value of another type"),
        ])
    func edited(_ edit: Edit) throws {
        try registry.store.write { transaction in
            try transaction.run("PRAGMA defer_foreign_keys = ON")
            try transaction.run(edit.sql)
        }
        guard case .intact = try registry.checkAudit() else {
            Issue.record("the table itself was not touched")
            return
        }
        let fault = try #require(registry.compareAudit(trustFiles: audited.trustFiles).fault)
        let detail = try fault.row.flatMap { number in try registry.audit(from: number, limit: 1).first?.detail }
        #expect(fault.reason.contains(edit.reason), "\(fault), \(detail ?? "")")
        #expect(detail.map { $0.contains(edit.row ?? "no row") } ?? (edit.row == nil), "\(fault), \(detail ?? "")")
    }

    /// What stands in the place of a receipt, and why it is none for that statement.
    enum Forged: String, CaseIterable {
        case ofAnotherNode = "it is of node gz-1"
        case ofAnotherStatement = "the node's signature"
        case ofStranger = "no node's key"
        case ofEndedKey = "the node's key was not in force"
        case truncated = "it is none"
        case forStrangeEntry = "the entry that it is for is about something else"
    }

    private func forge(_ forged: Forged, _ bytes: [UInt8]) throws -> (receipt: [UInt8], entry: [UInt8]?) {
        switch forged {
        case .ofAnotherNode: (try audited.receipts.receipt(for: bytes, of: "gz-1"), nil)
        case .ofAnotherStatement: (try audited.receipts.receipt(for: audited.another(bytes), of: "hk-1"), nil)
        case .ofStranger: (try TestReceipts(["hk-1"], of: audited.alliance).receipt(for: bytes, of: "hk-1"), nil)
        case .ofEndedKey: (try audited.receipts.receipt(for: bytes, of: "hk-1", atSeconds: now - 2_000), nil)
        case .truncated: (Array(try audited.receipts.receipt(for: bytes, of: "hk-1").dropLast()), nil)
        case .forStrangeEntry:
            (try audited.receipts.receipt(for: #require(try audited.statement(2)), of: "hk-1"), try audited.statement(2))
        }
    }

    @Test("a receipt that is there and does not verify under the trust file is found", arguments: Forged.allCases)
    func forged(_ forged: Forged) throws {
        let (receipt, entry) = try forge(forged, #require(try audited.statement(1)))
        try registry.store.write {
            try $0.run("UPDATE deliveries SET receipt = ?, entry = ? WHERE statement = 1 AND node = 'hk-1'", [Data(receipt), entry.map { Data($0) }])
        }
        let fault = try #require(registry.compareAudit(trustFiles: audited.trustFiles).fault)
        #expect(fault.row != nil && fault.reason.hasPrefix("the receipt of statement 1 for node hk-1 does not verify: "), "\(fault)")
        let isNamed = fault.reason.contains(forged.rawValue) || [.ofAnotherStatement, .ofStranger, .ofEndedKey].contains(forged)
        #expect(isNamed, "\(fault)")
    }

    @Test("a receipt under the keys of an earlier trust file verifies by that file, and by no other")
    func earlierTrustFile() throws {
        let later = try TestReceipts(["hk-1", "gz-1"], of: audited.alliance).trustFile
        #expect(try registry.compareAudit(trustFiles: [later] + audited.trustFiles).fault == nil)
        #expect(try registry.compareAudit(trustFiles: [later]).fault?.reason.contains("does not verify") == true)
        #expect(try registry.compareAudit(trustFiles: []).fault?.reason.contains("does not verify") == true)
    }

    @Test("rows of an earlier version, which tell less, fit what they tell")
    func earlierRows() throws {
        let rows = try registry.audit(limit: 1_000)
        try registry.store.write { transaction in
            for name in ["audit_update", "audit_delete"] { try transaction.run("DROP TRIGGER \(name)") }
            var before = AuditHead(count: 0, hash: Digest())
            for row in rows {
                let detail = Self.earlier(row.detail)
                let hash = AuditEntry.hash(
                    after: before.hash, number: row.number, atSeconds: row.atSeconds, who: row.who, address: row.address, action: row.action.rawValue,
                    gatewayID: row.gatewayID, outcome: row.outcome, detail: detail)
                try transaction.run("UPDATE audit SET detail = ?, hash = ? WHERE number = ?", [detail, hash.data, row.number])
                before = AuditHead(count: row.number, hash: hash)
            }
        }
        #expect(try registry.audit(limit: 1_000).map(\.detail) != rows.map(\.detail))
        guard case .intact = try registry.checkAudit() else { throw RegistryError(.damagedStore, "the chain is not whole") }
        // The triggers are gone, which is another test's.
        let comparison = try registry.store.read { try registry.compareAudit(trustFiles: audited.trustFiles, in: $0) }
        #expect(comparison.fault == nil, "\(comparison)")
    }

    /// Without marks, notes, generations and keys of lists.
    private static func earlier(_ detail: String) -> String {
        // Firms' codes are newer than marks.
        if detail.hasPrefix("code of firm") { return detail }
        var words = detail
        if let mark = words.firstRange(of: ", mark ") { words = String(words[..<mark.lowerBound]) + (words.firstRange(of: "; ").map { String(words[$0.lowerBound...]) } ?? "") }
        for cut in [", generation 1", ", generation 2", ", by key "] where !words.hasPrefix("generation") {
            if let mark = words.firstRange(of: cut) { words = String(words[..<mark.lowerBound]) + (words.firstRange(of: "; ").map { String(words[$0.lowerBound...]) } ?? "") }
        }
        return words
    }
}
