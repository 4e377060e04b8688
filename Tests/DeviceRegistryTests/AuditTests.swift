import AllianceTrust
import AttestationFormat
@testable import DeviceRegistry
import Foundation
import GRDB
import MerkleTree
import RegistryTesting
import Testing

@Suite("The audit table") struct AuditTests {
    let alliance: TestRegistry
    let registry: Registry
    let now = Registry.now
    let alice = Requester("alice")

    init() throws {
        alliance = try TestRegistry()
        registry = try alliance.open()
    }

    private func database() throws -> DatabaseQueue { try DatabaseQueue(path: "\(alliance.folder)/registry.sqlite") }

    @Test("everything that happens is a row: who, from where, what, about whom, and how it ended")
    func rows() throws {
        let device = try EnrolledDevice(in: registry)
        _ = refusal { try registry.enrolled(.link, device.added, TestDeviceKey(), at: now + 1) }
        _ = refusal {
            try registry.enrol(
                .link, gatewayID: "acme.gw-7", code: "x", request: [], by: Requester("acme.gw-7", address: "203.0.113.9"), nowSeconds: now + 2)
        }
        _ = refusal { try registry.approve("acme.gw-1", by: Requester("bob"), nowSeconds: now + 3) }
        _ = try registry.revoke("acme.gw-1", sinceSeconds: now, reason: "stolen\nfrom the yard", by: alice, nowSeconds: now + 4)
        _ = refusal { try registry.renewed(.link, with: device.link, TestDeviceKey(), at: now + 5) }
        let rows = try registry.audit()
        let seen = rows.map { "\($0.who) \($0.address ?? "-") \($0.action.rawValue) \($0.gatewayID ?? "-") \($0.outcome)" }
        #expect(
            seen == [
                "alice - add acme.gw-1 ok", "acme.gw-1 192.0.2.7 enrol acme.gw-1 ok", "acme.gw-1 192.0.2.7 enrol acme.gw-1 ok",
                "acme.gw-1 192.0.2.7 enrol acme.gw-1 codeUsed", "acme.gw-7 203.0.113.9 enrol - wrongCode", "bob - approve acme.gw-1 state",
                "registry - list - ok", "registry - list - ok", "alice - revoke acme.gw-1 ok", "acme.gw-1 192.0.2.7 renew acme.gw-1 deviceRevoked",
            ])
        #expect(rows.map(\.number) == Array(1...10))
        #expect(rows.last?.atSeconds == now + 5)
        #expect(rows[1].detail.contains(Hexadecimal.text(of: device.link.serialNumber).string))
        #expect(rows[8].detail.contains("stolen?from the yard"))
        #expect(try registry.audit(from: 9).count == 2 && registry.audit(gatewayID: "acme.gw-1").count == 7 && registry.audit(limit: 3).count == 3)
    }

    @Test("no row and no other place of the store holds a code")
    func secrets() throws {
        var codes: [EnrolmentCode] = []
        let device = try EnrolledDevice(in: registry)
        codes.append(device.added.code)
        codes.append(try registry.reissue("acme.gw-1", by: alice, nowSeconds: now).code)
        let wrong = EnrolmentCode()
        codes.append(wrong)
        _ = refusal { try registry.enrol(.link, gatewayID: "acme.gw-1", code: wrong.text, request: [], by: Requester("acme.gw-1"), nowSeconds: now) }
        codes.append(try registry.replace("acme.gw-1", oldKey: .retire, by: alice, nowSeconds: now).code)
        var files = Data()
        for name in ["registry.sqlite", "registry.sqlite-wal"] { files.append(try Data(contentsOf: URL(fileURLWithPath: "\(alliance.folder)/\(name)"))) }
        for code in codes {
            for secret in [Data(code.bytes), Data(code.text.utf8), Data(code.text.filter { $0 != "-" }.utf8)] { #expect(files.range(of: secret) == nil) }
        }
        #expect(files.range(of: Data("acme.gw-1".utf8)) != nil)
    }

    @Test(
        "the table takes no change",
        arguments: [
            "UPDATE audit SET who = 'bob' WHERE number = 1", "DELETE FROM audit WHERE number = 3", "DELETE FROM audit",
            "REPLACE INTO audit SELECT number, at, 'bob', address, action, gateway, outcome, detail, hash FROM audit WHERE number = 2",
            "INSERT INTO audit SELECT number + 7, at, 'bob', address, action, gateway, outcome, detail, hash FROM audit WHERE number = 2",
            "UPDATE OR REPLACE audit SET number = 1 WHERE number = 2",
        ])
    func appendOnly(_ sql: String) throws {
        _ = try EnrolledDevice(in: registry)
        let head = try registry.auditHead()
        #expect(throws: DatabaseError.self) { try database().write { try $0.execute(sql: sql) } }
        #expect(try registry.checkAudit() == .intact(head) && head.count == 3)
    }

    struct Edit: CustomTestStringConvertible {
        var sql: String
        var number: Int64
        var testDescription: String { sql }
    }

    @Test(
        "who takes the guards away and edits is found out, at the row",
        arguments: [
            Edit(sql: "UPDATE audit SET who = 'bob' WHERE number = 4", number: 4), Edit(sql: "UPDATE audit SET detail = '' WHERE number = 1", number: 1),
            Edit(sql: "UPDATE audit SET outcome = 'ok' WHERE outcome = 'wrongCode'", number: 4), Edit(sql: "UPDATE audit SET at = at + 1 WHERE number = 2", number: 2),
            Edit(sql: "UPDATE audit SET address = NULL WHERE number = 3", number: 3), Edit(sql: "UPDATE audit SET gateway = 'acme.gw-2' WHERE number = 5", number: 5),
            Edit(sql: "UPDATE audit SET hash = randomblob(32) WHERE number = 5", number: 5), Edit(sql: "DELETE FROM audit WHERE number = 2", number: 2),
            Edit(sql: "DELETE FROM audit WHERE number = 1", number: 1), Edit(sql: "UPDATE audit SET action = 'enrol' WHERE number = 1", number: 1),
        ])
    func edited(_ edit: Edit) throws {
        let device = try EnrolledDevice(in: registry)
        _ = refusal { try registry.enrol(.link, gatewayID: "acme.gw-1", code: "x", request: [], by: Requester("acme.gw-1", address: "::1"), nowSeconds: now) }
        _ = try registry.enrolled(.link, device.added, device.linkKey)
        #expect(try registry.checkAudit() == .intact(registry.auditHead()))
        try database().write { database in
            for name in ["audit_update", "audit_delete", "audit_insert"] { try database.execute(sql: "DROP TRIGGER \(name)") }
            try database.execute(sql: edit.sql)
        }
        guard case .broken(let number, let reason) = try registry.checkAudit() else {
            Issue.record("the edit was not found")
            return
        }
        #expect(number == edit.number && !reason.isEmpty)
    }

    @Test("a head that was noted down shows rows that were cut off, and a table that was made anew")
    func noted() throws {
        _ = try registry.added("gw-1")
        let early = try registry.auditHead()
        _ = try registry.added("gw-2")
        let late = try registry.auditHead()
        #expect(try registry.checkAudit(noted: early) == .intact(late))
        #expect(try registry.checkAudit(noted: late) == .intact(late))
        try database().write { try $0.execute(sql: "DROP TRIGGER audit_delete; DELETE FROM audit WHERE number = 2") }
        #expect(try registry.checkAudit() == .intact(early))
        #expect(try registry.checkAudit(noted: late) == .broken(atNumber: 2, reason: "1 rows that were noted down are missing"))
        let other = AuditHead(count: 1, hash: late.hash)
        #expect(try registry.checkAudit(noted: other) == .broken(atNumber: 1, reason: "the row is another one than was noted down"))
    }

    @Test("strangers cannot fill the table: of an hour's refusals a bounded number is written down, and the last says so")
    func flood() throws {
        let stranger = Requester("acme.gw-\u{1B}[31m" + String(repeating: "x", count: 1_000), address: "203.0.113.9")
        for index in 0..<(Registry.strangersRefusalLimit + 50) {
            _ = refusal { try registry.enrol(.link, gatewayID: "acme.gw-\(index)", code: "x", request: [], by: stranger, nowSeconds: now) }
        }
        let rows = try registry.audit(limit: 10_000)
        #expect(rows.count == Registry.strangersRefusalLimit)
        #expect(rows.last?.detail.contains("the next ones are not") == true && rows.first?.detail.contains("next ones") == false)
        #expect(rows.allSatisfy { $0.who.count <= 129 && !$0.who.contains("\u{1B}") })
        _ = refusal { try registry.enrol(.link, gatewayID: "acme.gw-1", code: "x", request: [], by: stranger, nowSeconds: now + 3_601) }
        #expect(try registry.audit(limit: 10_000).count == rows.count + 1)

        _ = try registry.added("gw-1")
        for _ in 0..<(Registry.deviceRefusalLimit + 20) {
            _ = refusal { try registry.enrol(.link, gatewayID: "acme.gw-1", code: "x", request: [], by: stranger, nowSeconds: now) }
        }
        #expect(try registry.audit(gatewayID: "acme.gw-1").count == 1 + Registry.deviceRefusalLimit)
        #expect(try registry.device("acme.gw-1").device.triesLeft == 0)
    }
}
