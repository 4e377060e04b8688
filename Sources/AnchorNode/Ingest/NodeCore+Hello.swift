import AllianceTrust
import AttestationFormat
import Logging
import MerkleTree

/// A hello whose certificates and `oldest-held` have been noted.
struct Greeting {
    let gateway: GatewayID
    let broker: Int
    let trustVersion: UInt64
    /// Seal keys of the certificates that hold, in the hello's order.
    let keyIDs: [Digest]
}

extension NodeCore {
    /// A gateway renews a certificate once in years; beyond this many in one hello the rest is not looked at.
    private static var certificatesPerHello: Int { 8 }

    /// Notes what a hello may change: the certificates known, each checked by section 8, and the hole it may open.
    ///
    /// - Throws: what the store throws; a certificate that is refused is counted and logged.
    func greet(_ message: BrokerMessage, _ topic: Topic) async throws -> Greeting? {
        guard topic.isShardRight(using: SHA256.self), let hello = try? Hello(parsing: message.payload) else {
            metrics.add(.malformed)
            logger.info("hello is malformed", metadata: ["gateway": "\(topic.gatewayID)"])
            return nil
        }
        let issuer = GatewayName(alliance: settings.name.alliance, gatewayID: topic.gatewayID).issuer
        var keyIDs: [Digest] = []
        var problem: String?
        for der in hello.sealCertificates.prefix(Self.certificatesPerHello) {
            do {
                keyIDs.append(try await learn(der, issuer: issuer))
            } catch let error as TrustError {
                problem = "\(error)"
                metrics.add(.certificatesRefused)
                logger.warning(
                    "certificate refused", metadata: ["gateway": "\(topic.gatewayID)", "why": "\(error)"])
            }
        }
        sessions.note(topic.gatewayID, broker: message.broker) {
            $0.epoch = hello.epoch
            $0.oldestHeld = hello.oldestHeld
            $0.certificateProblem = keyIDs.isEmpty ? problem : nil
        }
        return Greeting(
            gateway: topic.gatewayID, broker: message.broker, trustVersion: hello.trustVersion, keyIDs: keyIDs)
    }

    /// Keeps a certificate that holds for this issuer. Returns its key.
    private func learn(_ der: [UInt8], issuer: UTF8Text) async throws -> Digest {
        if let known = trust.keyID(ofKnown: der) { return known }
        let certificate = try await trust.verifier.verify(der)
        guard certificate.issuer == issuer else {
            throw TrustError(.certificateRule, "the certificate is \(certificate.issuer)'s, the topic \(issuer)'s")
        }
        try trust.verifier.requireRoom(for: certificate)
        try store.write { transaction in
            let signer = try transaction.addSigner(keyID: certificate.keyID, issuer: issuer)
            try transaction.addCertificate(der, hash: SHA256.hash(der), of: signer)
        }
        trust.insert(certificate)
        return certificate.keyID
    }

    /// Answers every hello with reply 1, and with reply 3 when the node's trust file is newer.
    func answer(_ greetings: [Greeting]) throws -> [OutboundReply] {
        guard !greetings.isEmpty else { return [] }
        let store = store
        let positions = try store.read { transaction in
            try greetings.map { try Self.position(of: $0, alliance: settings.name.alliance, transaction) }
        }
        var replies: [OutboundReply] = []
        for (greeting, position) in zip(greetings, positions) {
            metrics.add(.positions)
            replies.append(reply(to: greeting.gateway, at: greeting.broker, .position(position)))
            if greeting.trustVersion < trust.version {
                replies.append(reply(to: greeting.gateway, at: greeting.broker, .trustFile(try UnverifiedTrustFile(parsing: trust.bytes))))
            }
        }
        return replies
    }

    /// The newest statement of the last key that the hello has a certificate for and the node a statement of.
    private static func position(
        of greeting: Greeting, alliance: Name, _ transaction: some NodeTransaction
    ) throws -> Statement? {
        let issuer = GatewayName(alliance: alliance, gatewayID: greeting.gateway).issuer
        for keyID in greeting.keyIDs.reversed() {
            guard let signer = try transaction.signer(keyID: keyID, issuer: issuer) else { continue }
            if let newest = try transaction.newest(of: signer) { return try transaction.storedStatement(newest.leaf) }
        }
        // Without a certificate there is nothing to judge by: the newest of the name. The gateway believes it under its own key only.
        guard greeting.keyIDs.isEmpty, let signer = try transaction.signers(issuer: issuer).last,
            let newest = try transaction.newest(of: signer)
        else { return nil }
        return try transaction.storedStatement(newest.leaf)
    }
}
