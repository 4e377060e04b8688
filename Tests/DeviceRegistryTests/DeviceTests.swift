import AttestationFormat
import DeviceRegistry
import Foundation
import RegistryTesting
import Testing

@Suite("Adding, approving and listing devices") struct DeviceTests {
    let alliance: TestRegistry
    let now = Registry.now
    let alice = Requester("alice")

    init() throws {
        alliance = try TestRegistry()
    }

    struct Refused: CustomTestStringConvertible {
        var device: NewDevice
        var code: RegistryError.Code
        var testDescription: String { "\(device.firm.prefix(40)).\(device.device.prefix(40))" }
    }

    static let refused = [
        Refused(device: NewDevice(firm: "acme", device: "GW-1"), code: .name), Refused(device: NewDevice(firm: "acme", device: ""), code: .name),
        Refused(device: NewDevice(firm: "acme", device: "-gw"), code: .name), Refused(device: NewDevice(firm: "acme", device: "gw.1"), code: .name),
        Refused(device: NewDevice(firm: "acme", device: "gw\n1"), code: .name), Refused(device: NewDevice(firm: "acme", device: "gw#"), code: .name),
        Refused(device: NewDevice(firm: "acme", device: String(repeating: "g", count: 33)), code: .name),
        Refused(device: NewDevice(firm: "Acme", device: "gw-1"), code: .name), Refused(device: NewDevice(firm: "node", device: "hk-1"), code: .name),
        Refused(device: NewDevice(firm: "alliance", device: "hk-1"), code: .name),
        Refused(device: NewDevice(firm: String(repeating: "f", count: 32), device: String(repeating: "g", count: 32)), code: .name),
        Refused(device: NewDevice(firm: "gamma", device: "gw-1"), code: .unknownFirm),
        Refused(device: NewDevice(firm: "acme", device: "gw-1", note: String(repeating: "x", count: 201)), code: .argument),
    ]

    @Test("a name that the format does not allow, or a firm without a key here, is refused", arguments: refused)
    func names(_ refused: Refused) throws {
        let registry = try alliance.open()
        let error = #expect(throws: RegistryError.self) { _ = try registry.add(refused.device, by: alice, nowSeconds: now) }
        #expect(error?.code == refused.code)
        #expect(error?.nextStep != nil && error?.message.contains("\n") == false)
        #expect(try registry.devices(includingReplaced: true).isEmpty)
    }

    @Test("a name is taken once, and another firm's device may have it")
    func taken() throws {
        let registry = try alliance.open()
        _ = try registry.added("gw-1")
        #expect(refusal { try registry.added("gw-1") } == .deviceExists)
        _ = try registry.added("gw-1", firm: "beta")
        #expect(try registry.devices().map(\.gatewayID.description) == ["acme.gw-1", "beta.gw-1"])
    }

    private func code(_ result: Result<AddedDevice, RegistryError>) -> RegistryError.Code? {
        guard case .failure(let error) = result else { return nil }
        return error.code
    }

    @Test("an import adds the good lines and names the bad ones, each in its place")
    func partialImport() throws {
        let registry = try alliance.open()
        let devices = [NewDevice(firm: "acme", device: "gw-1", note: "yard 3"), NewDevice(firm: "acme", device: "GW"), NewDevice(firm: "acme", device: "gw-1"), NewDevice(firm: "beta", device: "gw-2")]
        let results = try registry.add(devices, by: alice, nowSeconds: now)
        let codes = results.map(code)
        #expect(codes == [nil, .name, .deviceExists, nil])
        #expect(try registry.devices().map(\.note) == ["yard 3", ""])
        #expect(try registry.audit().map(\.outcome) == ["ok", "name", "deviceExists", "ok"])
    }

    @Test("an import of all or none adds none when one is refused")
    func wholeImport() throws {
        let registry = try alliance.open()
        let devices = [NewDevice(firm: "acme", device: "gw-1"), NewDevice(firm: "acme", device: "GW"), NewDevice(firm: "acme", device: "gw-2")]
        let results = try registry.add(devices, allOrNone: true, by: alice, nowSeconds: now)
        let codes = results.map(code)
        #expect(codes == [.state, .name, .state])
        #expect(try registry.devices().isEmpty)
        #expect(try registry.audit().map(\.outcome) == ["state"])
        let others = try registry.add([devices[0], devices[2]], allOrNone: true, othersRefused: 3, by: alice, nowSeconds: now).map(code)
        #expect(try others == [.state, .state] && registry.devices().isEmpty, "others of the list were refused before")
        #expect(try registry.audit().last?.detail == "5 devices at once, all or none: none was added, since 3 would be refused")
        let good = try registry.add([devices[0], devices[2]], allOrNone: true, by: alice, nowSeconds: now)
        #expect(try good.map { try $0.get().gatewayID.description } == ["acme.gw-1", "acme.gw-2"])
    }

    @Test("where the policy asks for it, another person than the one who added a device approves it")
    func approval() throws {
        let registry = try alliance.open(FirmPolicy(needsSecondPerson: true))
        let added = try registry.added()
        #expect(added.needsApproval)
        let key = TestDeviceKey()
        #expect(refusal { try registry.enrolled(.link, added, key) } == .awaitingApproval)
        for name in ["alice", "ALICE", "Alice"] {
            #expect(refusal { try registry.approve("acme.gw-1", by: Requester(name), nowSeconds: now) } == .samePerson)
        }
        #expect(try registry.devices(state: .pendingApproval).count == 1)
        let approved = try registry.approve("acme.gw-1", by: Requester("bob"), nowSeconds: now)
        #expect(approved.state == .waiting && approved.approvedBy == "bob" && approved.addedBy == "alice")
        #expect(refusal { try registry.approve("acme.gw-1", by: Requester("carol"), nowSeconds: now) } == .state)
        _ = try registry.enrolled(.link, added, key)
    }

    /// Who asked and who approves, by name and account; whether it is one person.
    @Test("one account does not approve what it asked for, whatever it calls itself, nor does one that nobody is known behind; where no person asked the name decides", arguments: [
        (LocalAccount.login("ann"), LocalAccount.login("ann"), true), (.login("ann"), .sudo("ann"), true), (.sudo("ann"), .login("ann"), true),
        (.login("ann"), .login("ben"), false), (.user("root"), .user("root"), false), (.user("registry"), .login("ann"), false), (.user("root"), .sudo("ann"), false),
        (.sudo("ann"), .user("ann"), true), (.sudo("ann"), .user("root"), true), (.login("ann"), .user("root"), true), (.login("ann"), .sudo("ben"), true),
        (.sudo("ann"), .sudo("ben"), false), (.sudo("ann"), .login("ben"), false),
    ])
    func accounts(_ asker: LocalAccount, _ approver: LocalAccount, _ isOne: Bool) throws {
        let registry = try alliance.open(FirmPolicy(needsSecondPerson: true))
        _ = try registry.add(NewDevice(firm: "acme", device: "gw-1"), by: Requester("alice", account: asker), nowSeconds: now)
        let approving = Requester("bob", account: approver)
        let code = refusal { try registry.approve("acme.gw-1", by: approving, nowSeconds: now) }
        #expect(code == (isOne ? .samePerson : nil))
        let rows = try registry.audit().filter { $0.action != .policy }
        #expect(rows.map(\.address) == [asker.text, approver.text] && rows.map(\.who) == ["alice", "bob"], "both are written down")
    }

    @Test("a code that has ended, or that a clock ahead made, is not approved: the step is a new one")
    func expiredApproval() throws {
        let registry = try alliance.open(FirmPolicy(needsSecondPerson: true))
        let added = try registry.added()
        for seconds in [added.codeExpiresSeconds, now - 8 * 86_400] {
            let error = #expect(throws: RegistryError.self) { try registry.approve("acme.gw-1", by: Requester("bob"), nowSeconds: seconds) }
            #expect(error?.code == .codeExpired && error?.nextStep == "harborseal device code acme.gw-1 makes a new one")
        }
        #expect(try registry.device("acme.gw-1").device.state == .pendingApproval)
        _ = try registry.approve("acme.gw-1", by: Requester("bob"), nowSeconds: added.codeExpiresSeconds - 1)
    }

    @Test("whose account asked for the newest code decides, and an address is nobody's account")
    func newestAccount() throws {
        let registry = try alliance.open(FirmPolicy(needsSecondPerson: true))
        let (ann, ben) = (Requester("alice", account: .login("ann")), Requester("bob", account: .login("ben")))
        _ = try registry.add(NewDevice(firm: "acme", device: "gw-1"), by: ann, nowSeconds: now)
        _ = try registry.reissue("acme.gw-1", by: ben, nowSeconds: now)
        #expect(refusal { try registry.approve("acme.gw-1", by: Requester("carol", account: .login("ben")), nowSeconds: now) } == .samePerson)
        _ = try registry.approve("acme.gw-1", by: ann, nowSeconds: now)
        #expect(LocalAccount("sudo:ann") == .sudo("ann") && LocalAccount("SUDO_USER:ann") == .sudo("ann"), "rows of earlier versions, and of this one")
        for text in ["192.0.2.7", "2001:db8::/64", "unknown", "login", ""] { #expect(LocalAccount(text) == nil, "\(text)") }
    }

    @Test("a code that one person makes anew needs another's approval again; renewals do not wait for it")
    func reissueApproval() throws {
        let registry = try alliance.open(FirmPolicy(needsSecondPerson: true))
        let added = try registry.added()
        _ = try registry.approve("acme.gw-1", by: Requester("bob"), nowSeconds: now)
        let link = try registry.enrolled(.link, added, TestDeviceKey())
        let again = try registry.reissue("acme.gw-1", by: Requester("bob"), nowSeconds: now)
        #expect(try registry.device("acme.gw-1").device.state == .pendingApproval)
        #expect(refusal { try registry.enrolled(.link, again, TestDeviceKey()) } == .awaitingApproval)
        #expect(refusal { try registry.approve("acme.gw-1", by: Requester("bob"), nowSeconds: now) } == .samePerson)
        _ = try registry.renewed(.link, with: link, TestDeviceKey())
        #expect(try registry.approve("acme.gw-1", by: alice, nowSeconds: now).state == .partlyEnrolled)
        _ = try registry.enrolled(.link, again, TestDeviceKey())
    }

    @Test("without such a policy nothing waits for an approval, and an approval comes after no revocation")
    func noApproval() throws {
        let registry = try alliance.open()
        _ = try registry.added()
        #expect(refusal { try registry.approve("acme.gw-1", by: Requester("bob"), nowSeconds: now) } == .state)
        let strict = try alliance.open(FirmPolicy(needsSecondPerson: true))
        _ = try strict.added("gw-2")
        _ = try strict.revoke("acme.gw-2", sinceSeconds: now, reason: "never built", by: alice, nowSeconds: now)
        #expect(refusal { try strict.approve("acme.gw-2", by: Requester("bob"), nowSeconds: now) } == .state)
    }

    @Test("lists filter by firm and state, and show says all of one device")
    func lists() throws {
        let registry = try alliance.open()
        let device = try EnrolledDevice("gw-1", in: registry)
        _ = try registry.added("gw-2")
        _ = try registry.added("gw-3", firm: "beta")
        _ = try registry.revoke("acme.gw-2", sinceSeconds: now - 5, reason: "lost", by: alice, nowSeconds: now)
        func names(_ firm: String?, _ state: DeviceState?) throws -> [String] {
            try registry.devices(firm: firm, state: state).map(\.gatewayID.description)
        }
        #expect(try names("acme", nil) == ["acme.gw-1", "acme.gw-2"])
        #expect(try names(nil, .waiting) == ["beta.gw-3"])
        #expect(try names("acme", .revoked) == ["acme.gw-2"])
        #expect(try names("gamma", nil).isEmpty && names("beta", .enrolled).isEmpty)
        let detail = try registry.device("acme.gw-1")
        #expect(detail.device.sealKeyID == device.seal.keyID && detail.device.linkEndsSeconds == device.link.endsSeconds)
        #expect(detail.certificates == [device.seal, device.link])
        #expect(detail.audit.map(\.action) == [.enrol, .enrol, .add])
        for name in ["acme.gw-9", "acme", "", "acme.gw-1.x"] { #expect(refusal { try registry.device(name) } == .unknownDevice) }
    }
}
