import AttestationFormat
import DeviceCrypto
import MerkleTree
import Testing

@Suite("Trust files")
struct TrustFileTests {
    let fixture: Fixture

    init() throws {
        fixture = try Fixture()
    }

    @Test("a file with everything in it comes back from its bytes")
    func roundTrip() throws {
        var content = try fixture.trustContent()
        content.firms[0].untilSeconds = 1_900_000_000
        content.nodes[0].logKey = [UInt8](repeating: 1, count: 32)
        content.nodes[0].witnessKey = [UInt8](repeating: 2, count: 32)
        content.nodes[0].url = "https://hk-1.example"
        content.nodes[1].keys[0].untilSeconds = 1_900_000_000
        content.quorum.cosignaturesNeeded = 2
        content.quorum.policy = .cosigned
        content.contracts = [.init(chainID: 1, address: [UInt8](repeating: 3, count: 20), origin: content.nodes[0].origin)]
        content.revocationListURLs = ["https://alliance.example/acme.crl"]
        content.notAfterSeconds = 1_900_000_000
        let file = try UnverifiedTrustFile(parsing: try fixture.signed(content))
        #expect(file.content == content)
        let held = try fixture.trustFile(content)
        #expect(!held.isExpired(atSeconds: 1_900_000_000) && held.isExpired(atSeconds: 1_900_000_001))
        let found = try #require(held.node(forKeyID: fixture.nodes[1].key.publicKey.keyID(using: SHA256.self)))
        #expect(found.node == content.nodes[1] && found.key == content.nodes[1].keys[0])
        #expect(held.node(forKeyID: Digest()) == nil)
        #expect(held.firm(fixture.gateway.firm) == content.firms[0])
    }

    @Test("a file is believed under its own root's key alone, and by the hash that was given")
    func firstFile() throws {
        let file = try UnverifiedTrustFile(parsing: try fixture.signed(try fixture.trustContent()))
        _ = try verify(file, pinnedHash: file.hash(using: SHA256.self))
        #expect(throws: VerificationError.pinnedHash) { try verify(file, pinnedHash: Digest()) }
        #expect(throws: VerificationError.rootKey) { try verify(file, rootKey: fixture.gatewayKey.publicKey) }
    }

    @Test("one receipt of two or three nodes is no majority; a retired node does not count")
    func majority() throws {
        var content = try fixture.trustContent()
        content.quorum.receiptsNeeded = 1
        try refuse(content, .noMajority)
        content.nodes[2].keys[0].untilSeconds = 1_795_000_000
        try refuse(content, .noMajority)
        content.nodes[1].keys[0].untilSeconds = 1_795_000_000
        _ = try fixture.trustFile(content)
        content.nodes[1].keys[0].untilSeconds = 1_795_000_001
        try refuse(content, .noMajority)
        content.nodes = []
        content.quorum.receiptsNeeded = 0
        try refuse(content, .noMajority)
    }

    @Test("no key and no name stands twice")
    func twice() throws {
        var content = try fixture.trustContent()
        content.nodes[1].keys = content.nodes[0].keys
        try refuse(content, .keyTwice)
        content = try fixture.trustContent()
        content.nodes[1].name = content.nodes[0].name
        content.nodes[1].origin = content.nodes[0].origin
        try refuse(content, .nameTwice)
        content = try fixture.trustContent()
        content.firms.append(content.firms[0])
        try refuse(content, .nameTwice)
        content = try fixture.trustContent()
        content.nodes[0].logKey = [UInt8](repeating: 1, count: 32)
        content.nodes[2].witnessKey = content.nodes[0].logKey
        try refuse(content, .keyTwice)
    }

    @Test("an update verifies under the held root, in the same alliance, with a higher version; the next under its own root")
    func updates() throws {
        let held = try fixture.trustFile()
        let newRoot = try SigningKey.generate()
        let update = try UnverifiedTrustFile(parsing: try fixture.signed(try fixture.trustContent(version: 4)))
        let second = try update.verified(
            asUpdateOf: held, rootKey: newRoot.publicKey, verifier: P256Verifier.self, using: SHA256.self)
        let third = try UnverifiedTrustFile(parsing: try fixture.signed(try fixture.trustContent(version: 5), by: newRoot))
        _ = try third.verified(asUpdateOf: second, rootKey: newRoot.publicKey, verifier: P256Verifier.self, using: SHA256.self)
        #expect(throws: VerificationError.rootKey) { try updated(held, by: third) }
        #expect(throws: VerificationError.version) { try updated(second, by: update) }
        #expect(throws: VerificationError.version) { try updated(held, by: try UnverifiedTrustFile(parsing: held.bytes)) }
        var other = try fixture.trustContent(version: 9)
        other.alliance = try #require(Name("other"))
        for index in other.nodes.indices {
            other.nodes[index].origin = NodeName(alliance: other.alliance, node: other.nodes[index].name).origin
        }
        let foreign = try UnverifiedTrustFile(parsing: try fixture.signed(other))
        #expect(throws: VerificationError.alliance) { try updated(held, by: foreign) }
    }

    @Test("a file whose form is wrong is malformed")
    func malformed() throws {
        var content = try fixture.trustContent()
        content.nodes[0].origin = "gba-demo/other"
        #expect(throws: FormatError.self) { try UnverifiedTrustFile(parsing: try fixture.signed(content)) }
        content = try fixture.trustContent()
        content.firms[0].name = try #require(Name("alliance"))
        #expect(throws: FormatError.self) { try UnverifiedTrustFile(parsing: try fixture.signed(content)) }
        content = try fixture.trustContent()
        content.firms[0].issuingCertificates = []
        #expect(throws: FormatError.self) { try UnverifiedTrustFile(parsing: try fixture.signed(content)) }
        content = try fixture.trustContent()
        content.nodes[0].keys = []
        #expect(throws: FormatError.self) { try UnverifiedTrustFile(parsing: try fixture.signed(content)) }
        content = try fixture.trustContent()
        content.nodes[0].logKey = [1]
        #expect(throws: FormatError.self) { try UnverifiedTrustFile(parsing: try fixture.signed(content)) }
        content = try fixture.trustContent()
        content.rootCertificate = [UInt8](repeating: 0, count: Limits.trustFileByteCount)
        #expect(throws: FormatError(.limitExceeded, at: 0)) { try UnverifiedTrustFile(parsing: try fixture.signed(content)) }
    }

    @Test("a file with any bit changed is malformed or refused")
    func changedBits() throws {
        let bytes = try fixture.signed(try fixture.trustContent())
        for place in bytes.indices {
            var changed = bytes
            changed[place] ^= 1 << UInt8(place % 8)
            guard let file = try? UnverifiedTrustFile(parsing: changed) else { continue }
            #expect(throws: VerificationError.self, "byte \(place)") { try verify(file) }
        }
    }

    @discardableResult
    private func verify(_ file: UnverifiedTrustFile, rootKey: PublicKey? = nil, pinnedHash: Digest? = nil) throws -> TrustFile {
        try file.verified(
            rootKey: rootKey ?? fixture.rootKey.publicKey, pinnedHash: pinnedHash, verifier: P256Verifier.self, using: SHA256.self)
    }

    private func updated(_ held: TrustFile, by update: UnverifiedTrustFile) throws -> TrustFile {
        try update.verified(asUpdateOf: held, rootKey: held.rootKey, verifier: P256Verifier.self, using: SHA256.self)
    }

    private func refuse(_ content: TrustContent, _ reason: VerificationError) throws {
        let file = try UnverifiedTrustFile(parsing: try fixture.signed(content))
        #expect(throws: reason) { try verify(file) }
    }
}
