internal import AllianceTrust
internal import AttestationFormat
internal import MerkleTree

/// Signed messages with names for their labels.
enum InspectedSigned {
    static func hex(_ digest: Digest) -> JSONValue { .string(Hexadecimal.text(of: digest.bytes).string) }
    static func hex(_ bytes: [UInt8]) -> JSONValue { .string(Hexadecimal.text(of: bytes).string) }
    static func time(_ seconds: UInt64) -> JSONValue { .string(UTCText.text(seconds: seconds)) }
    static func text(_ text: UTF8Text) -> JSONValue { .string(text.string) }

    static func statement(_ statement: Statement) -> JSONValue {
        .members(
            ("header", header(statement.header)), ("root", hex(statement.root)),
            ("signature", hex(statement.signature.bytes)), ("hash", hex(statement.hash(using: SHA256.self))))
    }

    static func header(_ header: BatchHeader) -> JSONValue {
        .members(
            ("issuer", text(header.gateway.issuer)), ("epoch", text(header.epoch.text)), ("first", .unsigned(header.first)),
            ("count", .unsigned(UInt64(header.count))), ("previous", hex(header.previous)),
            ("issuedAt", time(header.issuedAtSeconds)), ("keyID", hex(header.keyID)))
    }

    static func eventProof(_ proof: EventProof) -> JSONValue {
        .members(
            ("header", header(proof.header)), ("proof", inclusion(proof.proof)), ("signature", hex(proof.signature.bytes)))
    }

    static func inclusion(_ proof: InclusionProof) -> JSONValue {
        .members(
            ("size", .unsigned(proof.size)), ("index", .unsigned(proof.index)), ("path", .array(proof.path.map { hex($0) })))
    }

    static func receipt(_ receipt: UnverifiedReceipt) -> JSONValue {
        let header = receipt.header
        return .members(
            ("issuer", text(header.node.issuer)), ("subject", text(header.subject)), ("issuedAt", time(header.issuedAtSeconds)),
            ("keyID", hex(header.keyID)), ("origin", text(header.origin)), ("treeSize", .unsigned(header.treeSize)),
            ("held", .unsigned(header.held)), ("proof", inclusion(receipt.proof)),
            ("signature", hex(receipt.signature.bytes)))
    }

    static func trustFile(_ file: UnverifiedTrustFile) -> JSONValue {
        let content = file.content
        return .members(
            ("alliance", text(content.alliance.text)), ("version", .unsigned(content.version)),
            ("issuedAt", time(file.issuedAtSeconds)), ("keyID", hex(file.keyID)),
            ("receiptsNeeded", .unsigned(content.quorum.receiptsNeeded)), ("policy", text(content.quorum.policy.word)),
            ("cosignaturesNeeded", content.quorum.cosignaturesNeeded.map { .unsigned($0) }),
            ("notAfter", content.notAfterSeconds.map { time($0) }),
            ("hash", hex(file.hash(using: SHA256.self))),
            ("rootCertificate", .string(CertificateSummary.text(der: content.rootCertificate))),
            ("linkCertificate", .string(CertificateSummary.text(der: content.linkCertificate))),
            ("firms", .array(content.firms.map(firm))), ("nodes", .array(content.nodes.map(node))),
            ("contracts", content.contracts.isEmpty ? nil : .array(content.contracts.map(contract))),
            ("revocationLists", content.revocationListURLs.isEmpty ? nil : .array(content.revocationListURLs.map { text($0) })))
    }

    private static func firm(_ firm: TrustContent.Firm) -> JSONValue {
        .members(
            ("firm", text(firm.name.text)), ("until", firm.untilSeconds.map { time($0) }),
            ("certificates", .array(firm.issuingCertificates.map { .string(CertificateSummary.text(der: $0)) })))
    }

    private static func node(_ node: TrustContent.Node) -> JSONValue {
        .members(
            ("node", text(node.name.text)), ("origin", text(node.origin)), ("url", node.url.map { text($0) }),
            ("keys", .array(node.keys.map { key in
                .members(
                    ("keyID", hex(key.publicKey.keyID(using: SHA256.self))), ("from", time(key.fromSeconds)),
                    ("until", key.untilSeconds.map { time($0) }))
            })),
            ("logKey", node.logKey.map { hex($0) }), ("witnessKey", node.witnessKey.map { hex($0) }))
    }

    private static func contract(_ contract: TrustContent.Contract) -> JSONValue {
        .members(
            ("chain", .unsigned(contract.chainID)), ("address", hex(contract.address)), ("origin", text(contract.origin)))
    }

    /// A signed message of a kind that has no type of its own here, for example a registration.
    static func message(_ message: COSESign1) -> JSONValue {
        let header = message.header
        return .members(
            ("type", header.type.map { text($0) }), ("issuer", header.issuer.map { text($0) }),
            ("subject", header.subject.map { text($0) }), ("issuedAt", header.issuedAtSeconds.map { time($0) }),
            ("keyID", header.keyID.map { hex($0) }),
            ("payload", message.payload.map { InspectedItem.hexadecimal($0) } ?? .string("detached")),
            ("signature", hex(message.signature.bytes)))
    }
}
