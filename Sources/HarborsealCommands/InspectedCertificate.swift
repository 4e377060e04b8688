internal import AllianceTrust
internal import MerkleTree

/// Certificates and keys, in PEM or DER, with names for what they say.
enum InspectedCertificate {
    static func value(_ facts: CertificateFacts) -> JSONValue {
        .members(
            ("subject", .string(facts.subject)), ("issuer", .string(facts.issuer + (facts.isSelfIssued ? " (itself)" : ""))),
            ("validFrom", .string(UTCText.text(seconds: facts.validFromSeconds))),
            ("validUntil", .string(UTCText.text(seconds: facts.validUntilSeconds))),
            ("keyID", facts.keyID.map { InspectedSigned.hex($0) } ?? .string("none: the key is not on P-256")),
            ("usage", .string(facts.usages.isEmpty ? "not limited" : facts.usages.joined(separator: ", "))),
            ("names", facts.names.isEmpty ? nil : .array(facts.names.map { .string($0) })),
            ("mayIssueCertificates", .bool(facts.isAuthority)), ("serialNumber", InspectedSigned.hex(facts.serialNumber)),
            ("sha256", InspectedSigned.hex(facts.fingerprint)))
    }

    /// One block by itself, several as a list.
    static func value(_ blocks: [PEMText.Block]) -> JSONValue {
        if blocks.count == 1 { return value(blocks[0]) }
        return .array(blocks.map { .members(("type", .string(type($0))), ("content", value($0))) })
    }

    /// `PEM certificate`, or `PEM, 3 blocks`.
    static func type(_ blocks: [PEMText.Block]) -> String {
        blocks.count == 1 ? "PEM \(type(blocks[0]))" : "PEM, \(CountedText.of(blocks.count, "block"))"
    }

    private static func type(_ block: PEMText.Block) -> String {
        switch block {
        case .certificate: "certificate"
        case .revocationList: "revocation list"
        case .privateKey: "private key"
        case .publicKey: "public key"
        case .other(let label): label
        }
    }

    private static func value(_ block: PEMText.Block) -> JSONValue {
        switch block {
        case .certificate(let facts): value(facts)
        case .revocationList(let words): .members(("revocationList", .string(words)))
        case .privateKey(let keyID): .members(("keyID", id(keyID)), ("key", .string("not shown")))
        case .publicKey(let keyID): .members(("keyID", id(keyID)))
        case .other: .members(("content", .string("not known here")))
        }
    }

    private static func id(_ keyID: Digest?) -> JSONValue {
        keyID.map { InspectedSigned.hex($0) } ?? .string("none: it cannot be read as a key on P-256")
    }
}
