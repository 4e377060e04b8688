public import AttestationFormat
internal import enum Crypto.P256
internal import SwiftASN1
internal import X509

extension CertificateAuthority {
    /// A seal certificate (wire-format.md, section 8), signed by a firm's issuing key: what evidence is verified under.
    ///
    /// - Parameters:
    ///   - gatewayID: `<firm>.<device>`, the CN.
    ///   - issuer: `hs:<alliance>/<firm>.<device>`, the SAN URI.
    ///   - publicKey: the gateway's seal key.
    public func issueSeal(
        firm: String, gatewayID: String, issuer: String, publicKey: AttestationFormat.PublicKey, lifetime: CertificateLifetime
    ) throws -> CertificateBytes {
        try issueLeaf(
            organisation: firm, commonName: gatewayID, names: [.uniformResourceIdentifier(issuer)],
            usage: ExtendedKeyUsage.Usage(oid: CertificateNames.documentSigning), publicKey: publicKey, lifetime: lifetime)
    }

    /// A link certificate, signed by the link CA: a gateway's (O firm, CN gateway id) or a node's (O alliance,
    /// CN `node.<node>` or `node.<node>.<worker>`) right to connect to the broker.
    public func issueLink(
        organisation: String, commonName: String, issuer: String, publicKey: AttestationFormat.PublicKey,
        lifetime: CertificateLifetime
    ) throws -> CertificateBytes {
        try issueLeaf(
            organisation: organisation, commonName: commonName, names: [.uniformResourceIdentifier(issuer)],
            usage: .clientAuth, publicKey: publicKey, lifetime: lifetime)
    }

    /// A server certificate, signed by the link CA: for the broker or a node's HTTP side.
    ///
    /// - Parameters:
    ///   - dnsNames: SAN DNS names, for example `broker.example.org`.
    ///   - addresses: SAN IP addresses, 4 or 16 bytes each.
    public func issueServer(
        organisation: String, commonName: String, dnsNames: [String], addresses: [[UInt8]],
        publicKey: AttestationFormat.PublicKey, lifetime: CertificateLifetime
    ) throws -> CertificateBytes {
        let names =
            dnsNames.map { GeneralName.dnsName($0) }
            + addresses.map { GeneralName.ipAddress(ASN1OctetString(contentBytes: $0[...])) }
        guard !names.isEmpty else {
            throw TrustError(
                .argument, "server \(commonName) has neither a DNS name nor an address",
                nextStep: "give --dns NAME or --ip ADDRESS, as clients will call it")
        }
        return try issueLeaf(
            organisation: organisation, commonName: commonName, names: names, usage: .serverAuth, publicKey: publicKey,
            lifetime: lifetime)
    }

    private func issueLeaf(
        organisation: String, commonName: String, names: [GeneralName], usage: ExtendedKeyUsage.Usage,
        publicKey: AttestationFormat.PublicKey, lifetime: CertificateLifetime
    ) throws -> CertificateBytes {
        guard let point = try? P256.Signing.PublicKey(x963Representation: publicKey.uncompressedPoint) else {
            throw TrustError(.key, "the public key for \(commonName) is not a point of P-256")
        }
        let key = Certificate.PublicKey(point)
        let extensions = try Certificate.Extensions {
            Critical(BasicConstraints.notCertificateAuthority)
            Critical(KeyUsage(digitalSignature: true))
            try ExtendedKeyUsage([usage])
            SubjectKeyIdentifier(keyIdentifier: Self.keyIdentifier(of: key))
            AuthorityKeyIdentifier(keyIdentifier: Self.keyIdentifier(of: parsed.publicKey))
            SubjectAlternativeNames(names)
        }
        return try sign(
            subject: CertificateNames.name(organisation: organisation, common: commonName), key: key, lifetime: lifetime,
            extensions: extensions)
    }
}
