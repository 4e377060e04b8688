import AttestationFormat
@testable import DeviceRegistry
import Foundation
import GRDB
import RegistryTesting
import Testing

@Suite("The rule of a second person is the registry's own") struct PolicyTests {
    let alliance: TestRegistry
    let now = Registry.now
    let ann = Requester("alice", account: .login("ann"))
    let ben = Requester("bob", account: .login("ben"))
    let strict = FirmPolicy(needsSecondPerson: true)

    init() throws {
        alliance = try TestRegistry()
    }

    private func rule(_ registry: Registry, _ firm: String = "acme") throws -> SecondPersonRule {
        try #require(try registry.secondPersonRules().first { $0.firm.text.string == firm })
    }

    @Test("what the configuration asked for at the first code or start stays, whatever another configuration says", arguments: [true, false])
    func adopted(_ byStart: Bool) throws {
        let first = try alliance.open(strict)
        #expect(try rule(first).isOn && rule(first).setSeconds == nil && !rule(first, "beta").isOn)
        if byStart { try first.adoptPolicies(nowSeconds: now) } else { _ = try first.added("gw-0") }
        try first.adoptPolicies(nowSeconds: now + 1)
        #expect(try first.audit().filter { $0.action == .policy }.map(\.detail) == ["firm acme: second person on, as the configuration says"])
        try first.close()
        let lax = try alliance.open()
        let held = try rule(lax)
        #expect(held.isOn && held.isContradicted && !held.isOnInConfiguration && held.setBy == "registry" && held.setSeconds == now)
        let added = try lax.added("gw-1")
        #expect(added.needsApproval)
        #expect(refusal { try lax.enrolled(.link, added, TestDeviceKey()) } == .awaitingApproval)
        #expect(try lax.compareAudit(trustFiles: []).fault == nil)
    }

    @Test("what was never set is as the configuration says, and off is not written down")
    func neverSet() throws {
        let registry = try alliance.open()
        try registry.adoptPolicies(nowSeconds: now)
        #expect(try !registry.added().needsApproval && registry.audit().map(\.action) == [.add])
        #expect(try !rule(registry).isOn && !rule(registry).isContradicted)
    }

    @Test("switching it off waits for another person, who is told apart by name and by account; on takes the wish back")
    func off() throws {
        let registry = try alliance.open(strict)
        #expect(refusal { try registry.approveSecondPersonOff(of: "acme", by: ben, nowSeconds: now) } == .state)
        let asked = try registry.setSecondPerson(false, of: "acme", by: ann, nowSeconds: now)
        #expect(asked.isOn && asked.offAskedBy == "alice" && asked.offAskedSeconds == now)
        #expect(try registry.added("gw-1").needsApproval, "it holds until then")
        for (name, account) in [("alice", LocalAccount.login("ben")), ("ALICE", .login("ben")), ("bob", .login("ann")), ("bob", .sudo("ann")), ("bob", .user("root")), ("bob", .sudo("ben"))] {
            let requester = Requester(name, account: account)
            #expect(refusal { try registry.approveSecondPersonOff(of: "acme", by: requester, nowSeconds: now) } == .samePerson, "\(name) \(account)")
        }
        #expect(refusal { try registry.setSecondPerson(false, of: "acme", by: ben, nowSeconds: now) } == .state, "asking again is no approval")
        #expect(try registry.setSecondPerson(true, of: "acme", by: ann, nowSeconds: now + 1).offAskedBy == nil)
        #expect(refusal { try registry.approveSecondPersonOff(of: "acme", by: ben, nowSeconds: now + 1) } == .state)
        _ = try registry.setSecondPerson(false, of: "acme", by: ann, nowSeconds: now + 2)
        let done = try registry.approveSecondPersonOff(of: "acme", by: ben, nowSeconds: now + 3)
        #expect(!done.isOn && done.setBy == "bob" && done.offAskedBy == nil && done.isContradicted)
        #expect(try !registry.added("gw-2").needsApproval, "the configuration, which still asks for it, does not bring it back")
        #expect(refusal { try registry.setSecondPerson(false, of: "acme", by: ann, nowSeconds: now) } == .state)
        #expect(try registry.setSecondPerson(true, of: "acme", by: ann, nowSeconds: now + 4).isOn)
        #expect(refusal { try registry.setSecondPerson(true, of: "acme", by: ann, nowSeconds: now) } == .state)
        #expect(try registry.compareAudit(trustFiles: []).fault == nil)
        let rows = try registry.audit().filter { $0.action == .policy }
        #expect(rows.map(\.outcome).filter { $0 != "ok" } == ["state", "samePerson", "samePerson", "samePerson", "samePerson", "samePerson", "samePerson", "state", "state", "state", "state"])
    }

    @Test("a firm that is not here has no rule", arguments: ["gamma", "", "ACME", "acme\n"])
    func unknownFirm(_ firm: String) throws {
        let registry = try alliance.open()
        #expect(refusal { try registry.setSecondPerson(true, of: firm, by: ann, nowSeconds: now) } == .unknownFirm)
        #expect(refusal { try registry.approveSecondPersonOff(of: firm, by: ann, nowSeconds: now) } == .unknownFirm)
    }

    @Test("a device that waits for approval goes on waiting after a new code, and after a replacement, though the firm asks for nobody any more")
    func pending() throws {
        let registry = try alliance.open(strict)
        _ = try registry.added("gw-1")
        let two = try registry.added("gw-2")
        _ = try registry.approve("acme.gw-2", by: ben, nowSeconds: now)
        _ = try registry.enrolled(.link, two, TestDeviceKey())
        _ = try registry.reissue("acme.gw-2", by: ann, nowSeconds: now)
        _ = try registry.setSecondPerson(false, of: "acme", by: ann, nowSeconds: now)
        _ = try registry.approveSecondPersonOff(of: "acme", by: ben, nowSeconds: now)
        #expect(try !registry.added("gw-3").needsApproval)
        let again = try registry.reissue("acme.gw-1", by: ann, nowSeconds: now)
        #expect(try again.needsApproval && registry.device("acme.gw-1").device.state == .pendingApproval)
        #expect(refusal { try registry.enrolled(.link, again, TestDeviceKey()) } == .awaitingApproval)
        #expect(try registry.replace("acme.gw-2", oldKey: .retire, by: ann, nowSeconds: now).needsApproval)
        _ = try registry.approve("acme.gw-1", by: ben, nowSeconds: now)
        #expect(try !registry.reissue("acme.gw-1", by: ann, nowSeconds: now).needsApproval, "once approved it waits no more")
    }

    @Test("approving again says who has approved, what became of it, and a step")
    func approvedAgain() throws {
        let registry = try alliance.open(strict)
        let added = try registry.added("gw-1")
        func words() -> String {
            let error = #expect(throws: RegistryError.self) { _ = try registry.approve("acme.gw-1", by: ben, nowSeconds: now) }
            #expect(error?.code == .state && error?.nextStep != nil)
            return "\(error?.message ?? ""): \(error?.nextStep ?? "")"
        }
        _ = try registry.approve("acme.gw-1", by: ben, nowSeconds: now)
        #expect(words() == "acme.gw-1 was approved by bob already, and waits for its gateway: the technician runs harborseal-agent enroll there again")
        _ = try registry.enrolled(.link, added, TestDeviceKey())
        #expect(words().hasPrefix("acme.gw-1 was approved by bob already, and has one of its two certificates: the technician"))
        _ = try registry.enrolled(.seal, added, TestDeviceKey())
        #expect(words().hasPrefix("acme.gw-1 was approved by bob already, and has enrolled since: nothing is to be done"))
        _ = try registry.revoke("acme.gw-1", sinceSeconds: now, reason: "", by: ann, nowSeconds: now)
        #expect(words() == "acme.gw-1 waits for no approval: it is revoked: harborseal device replace acme.gw-1 registers new keys under its name")
    }

    @Test("a store of an earlier schema is taken over with all that is in it, once, and of another alliance it is not touched", arguments: [1, 2])
    func migration(_ before: Int) throws {
        let registry = try alliance.open()
        _ = try registry.setNodes([TestRegistry.name("hk-1")], nowSeconds: now)
        let device = try EnrolledDevice(in: registry)
        try registry.close()
        let path = "\(alliance.folder)/registry.sqlite"
        func version() throws -> Int? { try DatabaseQueue(path: path).read { try Int.fetchOne($0, sql: "PRAGMA user_version") } }
        try DatabaseQueue(path: path).write { database in
            let second = ["DROP TABLE policies", "DROP TABLE hand_certificates", "ALTER TABLE deliveries DROP COLUMN entry"]
            let third = ["DROP TABLE firm_codes", "DROP INDEX codes_hash", "DROP TABLE link_reports", "PRAGMA user_version = \(before)"]
            for sql in (before < 2 ? second : []) + third { try database.execute(sql: sql) }
        }
        #expect(refusal { try alliance.open(alliance.settings(alliance: "other")) } == .foreignStore)
        #expect(try version() == before)
        let taken = try alliance.open(strict)
        #expect(try version() == 3)
        #expect(try taken.device("acme.gw-1").certificates == [device.seal, device.link])
        try taken.adoptPolicies(nowSeconds: now)
        #expect(try rule(taken).isOn && taken.compareAudit(trustFiles: []).fault == nil && taken.checkAudit() == .intact(taken.auditHead()))
        try taken.record(.failed("x"), of: 1, to: TestRegistry.name("hk-1"), nowSeconds: now)
        _ = try taken.revoke("acme.gw-1", sinceSeconds: now, reason: "", by: ann, nowSeconds: now)
        try taken.close()
        #expect(try alliance.open().device("acme.gw-1").device.state == .revoked)
    }
}
