internal import SwiftASN1
internal import X509

extension CertificateAuthority {
    /// Signs a revocation list (RFC 5280, section 5.1, version 2), in DER.
    ///
    /// An alliance has an empty list from its first day: mosquitto refuses everyone once a list is named and absent.
    ///
    /// - Parameters:
    ///   - number: cRLNumber, which rises with every list.
    ///   - nextUpdateSeconds: OpenSSL, and so mosquitto, refuses every client after it.
    public func issueRevocationList(
        entries: [UnverifiedRevocationList.Entry] = [], number: Int64, thisUpdateSeconds: Int64, nextUpdateSeconds: Int64
    ) throws -> [UInt8] {
        let algorithm = RevocationAlgorithm()
        var body = DER.Serializer()
        try body.appendConstructedNode(identifier: .sequence) { coder in
            try coder.serialize(1)
            try coder.serialize(algorithm)
            try coder.serialize(parsed.subject)
            try RevocationTime.serialize(thisUpdateSeconds, into: &coder)
            try RevocationTime.serialize(nextUpdateSeconds, into: &coder)
            if !entries.isEmpty {
                try coder.appendConstructedNode(identifier: .sequence) { list in
                    for entry in entries { try Self.serialize(entry, into: &list) }
                }
            }
            try coder.serialize(explicitlyTaggedWithTagNumber: 0, tagClass: .contextSpecific) { coder in
                try coder.appendConstructedNode(identifier: .sequence) { try listExtensions(number: number, into: &$0) }
            }
        }
        let signature = try key.signDER(body.serializedBytes)
        var whole = DER.Serializer()
        try whole.appendConstructedNode(identifier: .sequence) { coder in
            coder.serializeRawBytes(body.serializedBytes)
            try coder.serialize(algorithm)
            try coder.serialize(ASN1BitString(bytes: signature[...]))
        }
        return whole.serializedBytes
    }

    /// A revocation list as PEM, which is what mosquitto's `crlfile` takes.
    public static func revocationListPEM(der: [UInt8]) -> String {
        PEMDocument(type: "X509 CRL", derBytes: der).pemString + "\n"
    }

    private func listExtensions(number: Int64, into coder: inout DER.Serializer) throws {
        let authorityIdentifier = AuthorityKeyIdentifier(keyIdentifier: Self.keyIdentifier(of: parsed.publicKey))
        try coder.serialize(Certificate.Extension(authorityIdentifier, critical: false))
        var value = DER.Serializer()
        try value.serialize(number)
        try coder.serialize(
            Certificate.Extension(oid: RevocationListNumber.identifier, critical: false, value: value.serializedBytes[...]))
    }

    private static func serialize(_ entry: UnverifiedRevocationList.Entry, into coder: inout DER.Serializer) throws {
        try coder.appendConstructedNode(identifier: .sequence) { coder in
            try coder.serialize(entry.serialNumber[...])
            try RevocationTime.serialize(entry.revokedSeconds, into: &coder)
            var date = DER.Serializer()
            try date.serialize(RevocationTime.time(entry.sinceSeconds))
            let invalidity = Certificate.Extension(
                oid: [2, 5, 29, 24], critical: false, value: date.serializedBytes[...])
            try coder.appendConstructedNode(identifier: .sequence) { coder in
                if entry.isSuperseded {
                    try coder.serialize(Certificate.Extension(oid: RevocationReason.identifier, critical: false, value: RevocationReason.superseded[...]))
                }
                try coder.serialize(invalidity)
            }
        }
    }
}
