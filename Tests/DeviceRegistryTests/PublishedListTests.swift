import AllianceTrust
import AttestationFormat
import DeviceRegistry
import Foundation
import RegistryTesting
import Testing

@Suite("What a published list revokes stays revoked, whatever store comes after it") struct PublishedListTests {
    let alliance: TestRegistry
    let now = Registry.now
    let bob = Requester("bob")

    init() throws {
        alliance = try TestRegistry()
    }

    /// The registry as it was before something happened to it.
    private func restored(_ name: String, before change: (Registry) throws -> Void) throws -> (old: Registry, new: Registry) {
        let registry = try alliance.open()
        _ = try EnrolledDevice(in: registry)
        _ = try registry.refreshRevocationLists(nowSeconds: now)
        let file = "\(alliance.folder)/\(name).sqlite"
        _ = try registry.backup(to: file)
        try change(registry)
        let place = "\(alliance.folder)/\(name)"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        _ = try Registry.restore(file, into: place, settings: alliance.settings(), statements: TestStatements(), by: bob, nowSeconds: now + 100)
        return (try alliance.open(in: place), registry)
    }

    private func entries(_ der: [UInt8]?) throws -> (number: Int64, serials: [[UInt8]]) {
        let list = try UnverifiedRevocationList(der: #require(der))
        return (list.number?.value ?? 0, list.entries.map(\.serialNumber))
    }

    @Test("a list that names what the store has not revoked goes on being published, until it is revoked again", arguments: [CertificateLabel.link, .seal])
    func kept(_ label: CertificateLabel) throws {
        let (old, new) = try restored("old") { _ = try $0.revoke("acme.gw-1", sinceSeconds: now + 10, reason: "stolen", by: bob, nowSeconds: now + 20) }
        func list(_ registry: Registry) throws -> [UInt8]? { try label == .link ? registry.linkRevocationList() : registry.revocationLists(firm: "acme").first }
        let published = try #require(try list(new))
        let (number, serials) = try entries(published)
        #expect(try serials.count == 1 && entries(list(old)).serials.isEmpty)
        let lost = try #require(try old.judge(published: published, nowSeconds: now + 200))
        #expect(lost.certificates == ["\(Hexadecimal.text(of: serials[0])) of acme.gw-1"])
        #expect(try list(old) == published)
        #expect(try list(old) == published && old.revocationLists(firm: "beta").first != published, "no other list")
        _ = try old.added("gw-2")
        _ = try old.revoke("acme.gw-1", sinceSeconds: now + 10, reason: "stolen", by: bob, nowSeconds: now + 300)
        #expect(try old.judge(published: published, nowSeconds: now + 300) == nil)
        let next = try entries(list(old))
        #expect(next.serials == serials && next.number > number)
        #expect(try old.checkAudit() == .intact(old.auditHead()) && old.compareAudit(trustFiles: []).fault == nil)
    }

    @Test("certificates that the store never had are named by their serial numbers, and stay on the list")
    func unknown() throws {
        let (old, new) = try restored("old") { registry in
            _ = try EnrolledDevice("gw-2", in: registry)
            _ = try registry.revoke("acme.gw-2", sinceSeconds: now + 10, reason: "stolen", by: bob, nowSeconds: now + 20)
        }
        let published = try #require(try new.linkRevocationList())
        let serial = try Hexadecimal.text(of: entries(published).serials[0]).string
        #expect(try old.judge(published: published, nowSeconds: now + 200)?.certificates == [serial])
        #expect(try old.linkRevocationList() == published)
    }

    @Test("a list with a higher number that revokes nothing more is passed by the store's next one, and one that the store made itself changes nothing")
    func numbers() throws {
        let (old, new) = try restored("old") { _ = try $0.refreshRevocationLists(nowSeconds: now + 40 * 86_400) }
        let published = try #require(try new.linkRevocationList())
        #expect(try entries(old.linkRevocationList()).number < entries(published).number)
        // By a clock that stands before the list's.
        #expect(try old.judge(published: published, nowSeconds: now + 200) == nil)
        #expect(try entries(old.linkRevocationList()).number == entries(published).number + 1)
        let own = try #require(try old.linkRevocationList())
        let head = try old.auditHead()
        #expect(try old.judge(published: own, nowSeconds: now + 300) == nil && old.linkRevocationList() == own && old.auditHead() == head)
        #expect(try old.compareAudit(trustFiles: []).fault == nil)
    }

    @Test("a list that another key signed, and what is no list, say nothing")
    func foreign() throws {
        let (old, _) = try restored("old") { _ in }
        let other = try TestRegistry().open()
        _ = try EnrolledDevice(in: other)
        _ = try other.revoke("acme.gw-1", sinceSeconds: now, reason: "", by: bob, nowSeconds: now)
        let own = try old.linkRevocationList()
        let foreign = try #require(try other.linkRevocationList())
        let lists: [[UInt8]] = [foreign, [], [0x30, 0x80]]
        for bytes in lists { #expect(try old.judge(published: bytes, nowSeconds: now) == nil) }
        #expect(try old.linkRevocationList() == own)
    }
}
