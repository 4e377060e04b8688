import AllianceTrust
import AttestationFormat
@testable import DeviceRegistry
import Foundation
import GRDB
import RegistryTesting
import Testing

/// Who changes the store, has the registry do something, and changes it back.
@Suite("What was done while the store was another, and what is not this program's, is found") struct AuditOrderTests {
    let alliance: TestRegistry
    let now = Registry.now
    let bob = Requester("bob")

    init() throws {
        alliance = try TestRegistry()
    }

    private func edit(_ registry: Registry, _ sql: String) throws { try registry.store.write { try $0.database.execute(sql: sql) } }

    /// The reason, after the chain was found whole.
    private func fault(_ registry: Registry) throws -> AuditComparison.Fault? {
        #expect(try registry.checkAudit() == .intact(registry.auditHead()))
        return try registry.compareAudit(trustFiles: []).fault
    }

    @Test("a renewal that a revoked device got, with every value as it was before", arguments: [true, false])
    func renewedAfterRevocation(_ isNew: Bool) throws {
        let registry = try alliance.open()
        let device = try EnrolledDevice(in: registry)
        _ = try registry.revoke("acme.gw-1", sinceSeconds: now + 5, reason: "stolen", by: bob, nowSeconds: now + 5)
        #expect(try fault(registry) == nil)
        let values = try registry.store.read { try $0.rows("SELECT id, revoked, revoked_since FROM certificates") }
        try edit(registry, "UPDATE devices SET revoked_since = NULL, state = 'enrolled'; UPDATE certificates SET revoked_since = NULL, revoked = NULL")
        let key = isNew ? TestDeviceKey() : device.linkKey
        _ = try registry.renewed(.link, with: device.link, key, at: now + 10)
        try registry.store.write { transaction in
            try transaction.run("UPDATE devices SET revoked_since = ?, state = 'revoked'", [now + 5])
            for row in values {
                try transaction.run("UPDATE certificates SET revoked = ?, revoked_since = ? WHERE id = ?", [row["revoked"] as Int64?, row["revoked_since"] as Int64?, row["id"] as Int64])
            }
        }
        let found = try #require(try fault(registry))
        let number = try #require(found.row)
        let row = try #require(try registry.audit(from: number, limit: 1).first)
        // A new one is also on no list, which the earlier row tells.
        #expect(found.reason.contains(isNew ? "whose link certificate" : "acme.gw-1, device 1, which row"), "\(found)")
        #expect(row.action == (isNew ? .revoke : .renew), "\(row)")
        guard isNew else { return }
        try edit(registry, "UPDATE certificates SET revoked = 1, revoked_since = 1 WHERE revoked IS NULL")
        let misplaced = try registry.store.read { transaction in
            var facts = AuditedFacts()
            for entry in try transaction.audit(from: 1, gatewayID: nil, limit: 100) { facts.add(entry) }
            return facts.misplaced
        }
        #expect(misplaced?.reason.contains("which row") == true)
    }

    @Test("a certificate of a revoked device that is on no list is found without the order, too")
    func unlisted() throws {
        let registry = try alliance.open()
        _ = try EnrolledDevice(in: registry)
        _ = try registry.revoke("acme.gw-1", sinceSeconds: now, reason: "stolen", by: bob, nowSeconds: now)
        try edit(registry, "UPDATE certificates SET revoked_since = NULL, revoked = NULL WHERE label = 'link'")
        #expect(try fault(registry)?.reason.contains("whose link certificate") == true)
    }

    @Test("a certificate for a code that waited for a second person, with every value as it was before")
    func enrolledBeforeApproval() throws {
        let registry = try alliance.open(FirmPolicy(needsSecondPerson: true))
        let added = try registry.added()
        let key = TestDeviceKey()
        try edit(registry, "UPDATE codes SET needs_approval = 0")
        _ = try registry.enrolled(.link, added, key)
        try edit(registry, "UPDATE codes SET needs_approval = 1; UPDATE devices SET state = 'pending-approval'")
        let found = try #require(try fault(registry))
        #expect(found.reason.contains("waited for a second person, and no row approves it"), "\(found)")
    }

    @Test("what the registry does by itself is in order: replaced, revoked, renewed, approved, enrolled again, and asked for the same once more")
    func inOrder() throws {
        let registry = try alliance.open(FirmPolicy(needsSecondPerson: true))
        let one = try registry.added("gw-1")
        #expect(refusal { try registry.enrolled(.link, one, TestDeviceKey()) } == .awaitingApproval)
        _ = try registry.approve("acme.gw-1", by: bob, nowSeconds: now)
        let (link, seal) = (TestDeviceKey(), TestDeviceKey())
        let first = try registry.enrolled(.link, one, link)
        _ = try registry.enrolled(.link, one, link)
        _ = try registry.enrolled(.seal, one, seal)
        // Renewals go on while a new code waits.
        _ = try registry.reissue("acme.gw-1", by: bob, nowSeconds: now)
        _ = try registry.renewed(.link, with: first, TestDeviceKey(), at: now + 1)
        _ = try registry.approve("acme.gw-1", by: Requester("carol"), nowSeconds: now)
        let two = try registry.replace("acme.gw-1", oldKey: .revoke(sinceSeconds: now, reason: "lost"), by: bob, nowSeconds: now + 2)
        #expect(refusal { try registry.renewed(.link, with: first, link, at: now + 3) } != nil)
        _ = try registry.approve("acme.gw-1", by: Requester("carol"), nowSeconds: now)
        let second = try registry.enrolled(.link, two, TestDeviceKey(), at: now + 3)
        // The one before is revoked once more, further back, and the newer one goes on.
        _ = try registry.revoke("acme.gw-1", generation: 1, sinceSeconds: now - 1, reason: "lost", by: bob, nowSeconds: now + 4)
        _ = try registry.renewed(.link, with: second, TestDeviceKey(), at: now + 5)
        #expect(try fault(registry) == nil)
    }

    @Test(
        "a table, index or trigger that is not as this program makes it is named",
        arguments: [
            ("CREATE TRIGGER quiet BEFORE INSERT ON audit WHEN NEW.outcome <> 'ok' BEGIN SELECT RAISE(IGNORE); END", "the store has the trigger quiet, which this program does not make"),
            ("DROP TRIGGER audit_update", "the trigger audit_update of the store is not there"),
            ("DROP TRIGGER audit_update; CREATE TRIGGER audit_update BEFORE UPDATE ON audit BEGIN SELECT 1; END", "the trigger audit_update of the store is another than this program makes"),
            ("DROP INDEX devices_in_force", "the index devices_in_force of the store is not there"),
            ("DROP INDEX devices_firm; CREATE INDEX devices_firm ON devices(state, firm)", "the index devices_firm of the store is another"),
            ("CREATE TABLE notes(x)", "the store has the table notes"), ("CREATE VIEW all_devices AS SELECT 1", "the store has the view all_devices"),
            ("ALTER TABLE devices ADD COLUMN y TEXT", "the table devices of the store is another"),
        ])
    func schema(_ sql: String, _ words: String) throws {
        let registry = try alliance.open()
        _ = try EnrolledDevice(in: registry)
        #expect(try fault(registry) == nil)
        try edit(registry, sql)
        let reason = try fault(registry)?.reason
        #expect(reason?.hasPrefix(words) == true, "\(reason ?? "nothing")")
    }

    @Test("an ANALYZE, which only SQLite's own tables come of, is nothing strange")
    func analyzed() throws {
        let registry = try alliance.open()
        _ = try EnrolledDevice(in: registry)
        try edit(registry, "ANALYZE")
        #expect(try fault(registry) == nil)
    }
}
