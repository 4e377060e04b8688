@testable import AllianceTrust
import AttestationFormat
import Crypto
import Foundation
import SwiftASN1
import X509

/// An alliance `gba-test` with firms acme and beta, whose keys the tests hold.
struct TestAuthorities {
    static let nowSeconds: Int64 = 1_800_000_000
    static let lifetime = CertificateLifetime(notBeforeSeconds: nowSeconds - 86_400, notAfterSeconds: nowSeconds + 86_400 * 365)

    let root: CertificateAuthority
    let acme: CertificateAuthority
    let beta: CertificateAuthority
    let link: CertificateAuthority
    let sealKey: AllianceSigningKey

    init() throws {
        root = try .root(alliance: "gba-test", key: AllianceSigningKey(), lifetime: Self.lifetime)
        acme = try root.issueFirmAuthority(firm: "acme", key: AllianceSigningKey(), lifetime: Self.lifetime)
        beta = try root.issueFirmAuthority(firm: "beta", key: AllianceSigningKey(), lifetime: Self.lifetime)
        link = try .linkAuthority(alliance: "gba-test", key: AllianceSigningKey(), lifetime: Self.lifetime)
        sealKey = try AllianceSigningKey()
    }

    var issuers: SealIssuers {
        SealIssuers(
            alliance: "gba-test", rootCertificate: root.certificate.der,
            firms: [
                .init(name: "acme", certificates: [acme.certificate.der]),
                .init(name: "beta", certificates: [beta.certificate.der]),
            ])
    }

    func seal(lifetime: CertificateLifetime = Self.lifetime) throws -> CertificateBytes {
        try acme.issueSeal(
            firm: "acme", gatewayID: "acme.gw-1", issuer: "hs:gba-test/acme.gw-1", publicKey: sealKey.publicKey,
            lifetime: lifetime)
    }
}

/// A certificate with everything of a good seal certificate, each part of which a test can spoil.
struct CertificateRecipe {
    var organisation: String? = "acme"
    var commonName: String? = "acme.gw-1"
    var names: [GeneralName] = [.uniformResourceIdentifier("hs:gba-test/acme.gw-1")]
    var usages: [ExtendedKeyUsage.Usage] = [.init(oid: [1, 3, 6, 1, 5, 5, 7, 3, 36])]
    var keyUsage: KeyUsage? = KeyUsage(digitalSignature: true)
    var basicConstraints: BasicConstraints? = .notCertificateAuthority
    var nameConstraints: NameConstraints?
    var nameConstraintsCritical = true
    var extra: [Certificate.Extension] = []
    var key: Certificate.PublicKey?
    var lifetime = TestAuthorities.lifetime

    func make(signedBy authority: CertificateAuthority, key defaultKey: AllianceSigningKey) throws -> CertificateBytes {
        var extensions = Certificate.Extensions()
        if let basicConstraints { try extensions.append(.init(basicConstraints, critical: true)) }
        if let keyUsage { try extensions.append(.init(keyUsage, critical: true)) }
        if !usages.isEmpty { try extensions.append(.init(ExtendedKeyUsage(usages), critical: false)) }
        if !names.isEmpty { try extensions.append(.init(SubjectAlternativeNames(names), critical: false)) }
        if let nameConstraints { try extensions.append(.init(nameConstraints, critical: nameConstraintsCritical)) }
        try extensions.append(.init(AuthorityKeyIdentifier(keyIdentifier: CertificateAuthority.keyIdentifier(of: authority.parsed.publicKey)), critical: false))
        for one in extra { try extensions.append(one) }
        let subject = try DistinguishedName {
            if let organisation { OrganizationName(organisation) }
            if let commonName { CommonName(commonName) }
        }
        return try authority.sign(
            subject: subject, key: key ?? defaultKey.publicKeyForCertificates, lifetime: lifetime, extensions: extensions)
    }
}
