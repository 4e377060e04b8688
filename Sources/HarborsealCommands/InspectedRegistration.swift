internal import AllianceTrust
internal import AttestationFormat
internal import MerkleTree

/// Registrations and revocations of firms, and what they carry, with names for what they say.
enum InspectedRegistration {
    /// Most entries of a list that are shown: more than a person reads.
    private static let shownEntryCount = 100

    static func value(_ statement: RegistrationStatement) -> JSONValue {
        let header = statement.header
        return .members(
            ("issuer", .string(header.issuer.string)), ("subject", .string(header.subject.string)),
            ("issuedAt", InspectedSigned.time(header.issuedAtSeconds)), ("keyID", InspectedSigned.hex(header.keyID)),
            ("id", InspectedSigned.hex(statement.hash(using: SHA256.self))),
            (header.kind == .registration ? "certificate" : "revocationList", payload(statement)),
            ("signature", InspectedSigned.hex(statement.signature.bytes)))
    }

    private static func payload(_ statement: RegistrationStatement) -> JSONValue {
        switch statement.header.kind {
        case .registration:
            CertificateFacts(der: statement.payload).map { InspectedCertificate.value($0) }
                ?? .string("\(statement.payload.count) bytes that are no certificate")
        case .revocation:
            (try? UnverifiedRevocationList(der: statement.payload)).map { value($0) }
                ?? .string("\(statement.payload.count) bytes that are no revocation list")
        }
    }

    static func value(_ list: UnverifiedRevocationList) -> JSONValue {
        let shown = list.entries.prefix(shownEntryCount).map { entry in
            JSONValue.members(
                ("serialNumber", InspectedSigned.hex(entry.serialNumber)), ("since", .string(UTCText.text(seconds: entry.sinceSeconds))),
                ("revokedAt", .string(UTCText.text(seconds: entry.revokedSeconds))))
        }
        let more = list.entries.count - shown.count
        return .members(
            ("list", .string(CertificateSummary.text(revocationList: list.der))),
            ("number", list.number.map { .string("\($0)") } ?? .string("none")),
            ("thisUpdate", .string(UTCText.text(seconds: list.thisUpdateSeconds))),
            ("nextUpdate", list.nextUpdateSeconds.map { .string(UTCText.text(seconds: $0)) }),
            ("revoked", shown.isEmpty ? nil : .array(shown + (more > 0 ? [.string("… \(more) more")] : []))))
    }
}
