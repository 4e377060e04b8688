import AttestationFormat
import DeviceCrypto
import GatewayAgent
import LogisticsEvents
import MerkleTree
import Testing

/// A gateway with three scripted nodes (quorum 2), without socket, clock or disk.
final class Scene {
    let gatewayName: GatewayName
    private(set) var key: SigningKey
    let rootKey: SigningKey
    let nodes: [ScriptedNode]
    let journal = MemoryJournal()
    let link = MemoryLink()
    private(set) var signer: TestSigner
    let trustStore = MemoryTrust()
    let trust: TrustFile
    var gateway: Gateway<TestPlatform>
    /// Milliseconds since boot; the wall clock runs beside it.
    var milliseconds: UInt64 = 1_000_000
    var wallOffset: UInt64 = 1_800_000_000_000
    private var made = 0

    init(key: SigningKey? = nil, isConnected: Bool = true, policy: GatewayPolicy = GatewayPolicy(), device: Name = Name("gw-1")!) throws {
        let alliance = try #require(Name("pearl"))
        gatewayName = try #require(GatewayName(alliance: alliance, firm: Name("acme")!, device: device))
        self.key = try key ?? SigningKey.generate()
        rootKey = try SigningKey.generate()
        nodes = try ["hk-1", "sg-1", "ae-1"].map { try ScriptedNode(#require(Name($0)), alliance: alliance) }
        signer = TestSigner(self.key)
        trust = try Scene.makeTrust(alliance, nodes, rootKey: rootKey, version: 1)
        trustStore.rootKey = rootKey.publicKey
        let now = Moment(monotonicMilliseconds: milliseconds, wallMilliseconds: milliseconds + wallOffset, isSynchronised: true)
        let identity = GatewayIdentity(
            name: gatewayName, publicKey: self.key.publicKey, certificates: [[1, 2, 3]], hashing: SHA256.self)
        gateway = Gateway(
            identity: identity, policy: policy, trust: trust, facts: Scene.facts(.boot), at: now, journal: journal, link: link,
            signer: signer, trustStore: trustStore, salts: OnesAsSalts())
        if isConnected { gateway.linkConnected(at: now) }
    }

    private static func facts(_ why: StartReason) -> AgentFacts {
        AgentFacts(bootID: "boot", version: "0", configurationHash: [UInt8](repeating: 7, count: 32), keyClass: "software", why: why)
    }

    /// Another run on the same journal, connected.
    /// - Parameter newKey: the seal key from now on.
    func restart(trust other: TrustFile? = nil, newKey: SigningKey? = nil) {
        if let newKey {
            key = newKey
            signer = TestSigner(newKey)
        }
        let identity = GatewayIdentity(
            name: gatewayName, publicKey: key.publicKey, certificates: gateway.identity.certificates, hashing: SHA256.self)
        gateway = Gateway(
            identity: identity, policy: gateway.policy, trust: other ?? trust, facts: Scene.facts(.restart), at: now,
            journal: journal, link: link, signer: signer, trustStore: trustStore, salts: OnesAsSalts())
        gateway.linkConnected(at: now)
    }

    static func makeTrust(
        _ alliance: Name, _ nodes: [ScriptedNode], rootKey: SigningKey, version: UInt64, signedBy signer: SigningKey? = nil
    ) throws -> TrustFile {
        let file = try unverifiedTrust(alliance, nodes, rootKey: rootKey, version: version, signedBy: signer)
        return try file.verified(rootKey: rootKey.publicKey, verifier: P256Verifier.self, using: SHA256.self)
    }

    static func unverifiedTrust(
        _ alliance: Name, _ nodes: [ScriptedNode], rootKey: SigningKey, version: UInt64, signedBy signer: SigningKey? = nil
    ) throws -> UnverifiedTrustFile {
        var content = TrustContent(
            alliance: alliance, version: version, rootCertificate: [48], linkCertificate: [48], quorum: .init(receiptsNeeded: 2))
        for node in nodes {
            content.nodes.append(
                .init(
                    name: node.name.node, origin: node.name.origin,
                    keys: [.init(publicKey: node.key.publicKey, fromSeconds: 0)]))
        }
        let keyID = rootKey.publicKey.keyID(using: SHA256.self)
        let signature = try (signer ?? rootKey).sign(
            UnverifiedTrustFile.bytesToSign(content: content, keyID: keyID, issuedAtSeconds: 1_700_000_000))
        return try UnverifiedTrustFile(
            parsing: UnverifiedTrustFile.encode(
                content: content, keyID: keyID, issuedAtSeconds: 1_700_000_000, signature: signature))
    }

    var now: Moment {
        Moment(
            monotonicMilliseconds: milliseconds, wallMilliseconds: milliseconds + wallOffset, clockSource: .ntp,
            errorMilliseconds: 2, isSynchronised: true)
    }

    /// Lets time pass and the gateway do what is due.
    func pass(_ duration: UInt64 = 0) {
        milliseconds += duration
        gateway.advance(to: now)
    }

    /// Records ordinary events.
    @discardableResult
    func record(_ count: Int = 1, kind: UInt64 = 31, isPriority: Bool = false, byteCount: Int = 0) throws -> UInt64 {
        var last: UInt64 = 0
        for _ in 0..<count {
            made += 1
            var event = AttestationFormat.Event(kind: .number(kind), wallClockMilliseconds: 1, monotonicMilliseconds: UInt64(made))
            if byteCount > 0 { event.salt = [UInt8](repeating: 9, count: byteCount) }
            let outcome = try gateway.record(event.encoded(), EventTraits(kind: kind, isPriority: isPriority), at: now)
            if case .stored(let sequence) = outcome { last = sequence }
        }
        return last
    }

    func answerHello() {
        for node in nodes { receive(node.position(), from: node) }
    }

    func receive(_ reply: [UInt8], from node: ScriptedNode) {
        gateway.receive(reply, from: node.name.node.text, at: now)
    }

    /// The nodes that are named take the batches, and answer.
    func receipts(for batches: [BatchMessage], from indexes: [Int] = [0, 1, 2]) throws {
        for batch in batches {
            for index in indexes { receive(try nodes[index].receipt(for: batch), from: nodes[index]) }
        }
    }

    /// A statement of this gateway's own key that its journal does not have.
    func ownStatement(
        epoch: Epoch, first: UInt64, count: Int = 1, iat: UInt64 = 1_800_000_000, signer: SigningKey? = nil
    ) throws -> Statement {
        let header = try BatchHeader(
            keyID: key.publicKey.keyID(using: SHA256.self), gateway: gatewayName, epoch: epoch, issuedAtSeconds: iat,
            first: first, count: count, previous: Digest())
        let root = SHA256.hash([UInt8(truncatingIfNeeded: first)])
        let signature = try (signer ?? key).sign(Statement.bytesToSign(header: header, root: root))
        return Statement(header: header, root: root, signature: signature)
    }
}
