@testable import AllianceTrust
import Crypto
import Foundation
import SwiftASN1
import X509

/// One certificate of a chain, every part of which a case can change before it is made.
struct LinkPlan {
    /// Attributes of the subject, each a relative name of its own, in their order.
    var subject: [RelativeDistinguishedName.Attribute]
    var key: TestKey
    var from = TestAuthorities.lifetime.notBeforeSeconds
    var until = TestAuthorities.lifetime.notAfterSeconds
    var version = Certificate.Version.v3
    var serial: [UInt8]?
    var algorithm: Certificate.SignatureAlgorithm?
    var basic: BasicConstraints?
    var isBasicCritical = true
    var keyUsage: KeyUsage?
    var isKeyUsageCritical = true
    var usages: [ExtendedKeyUsage.Usage] = []
    var areUsagesCritical = false
    var names: [GeneralName] = []
    var areNamesCritical = false
    var constraints: NameConstraints?
    var areConstraintsCritical = true
    var extra: [Certificate.Extension] = []
    var hasSubjectKeyIdentifier = true
    var hasAuthorityKeyIdentifier = true

    static func organisation(_ text: String) -> RelativeDistinguishedName.Attribute {
        .init(type: .RDNAttributeType.organizationName, value: .init(utf8String: text))
    }

    static func common(_ text: String) -> RelativeDistinguishedName.Attribute {
        .init(type: .RDNAttributeType.commonName, value: .init(utf8String: text))
    }

    static func authority(_ organisation: String, _ common: String, pathLength: Int?) throws -> LinkPlan {
        var plan = LinkPlan(subject: [Self.organisation(organisation), Self.common(common)], key: try TestKey(.p256))
        plan.basic = .isCertificateAuthority(maxPathLength: pathLength)
        plan.keyUsage = KeyUsage(keyCertSign: true, cRLSign: true)
        return plan
    }

    static func leaf(firm: String = "acme", device: String = "gw-1") throws -> LinkPlan {
        var plan = LinkPlan(subject: [organisation(firm), common("\(firm).\(device)")], key: try TestKey(.p256))
        plan.basic = .notCertificateAuthority
        plan.keyUsage = KeyUsage(digitalSignature: true)
        plan.usages = [.init(oid: CertificateNames.documentSigning)]
        plan.names = [.uniformResourceIdentifier("hs:gba-test/\(firm).\(device)")]
        return plan
    }

    /// Critical basic constraints of these bytes, whatever they are.
    mutating func setBasic(_ value: [UInt8]) {
        basic = nil
        extra.append(.init(oid: .X509ExtensionID.basicConstraints, critical: true, value: value[...]))
    }

    func name() throws -> DistinguishedName { DistinguishedName(subject.map { RelativeDistinguishedName($0) }) }

    /// Makes the certificate, signed by the key of another link, or by its own.
    func made(by issuer: LinkPlan) throws -> Certificate {
        var extensions = Certificate.Extensions()
        if let basic { try extensions.append(.init(basic, critical: isBasicCritical)) }
        if let keyUsage { try extensions.append(.init(keyUsage, critical: isKeyUsageCritical)) }
        if !usages.isEmpty { try extensions.append(.init(ExtendedKeyUsage(usages), critical: areUsagesCritical)) }
        if !names.isEmpty { try extensions.append(.init(SubjectAlternativeNames(names), critical: areNamesCritical)) }
        if let constraints { try extensions.append(.init(constraints, critical: areConstraintsCritical)) }
        if hasSubjectKeyIdentifier {
            try extensions.append(.init(SubjectKeyIdentifier(keyIdentifier: key.identifier), critical: false))
        }
        if hasAuthorityKeyIdentifier {
            try extensions.append(.init(AuthorityKeyIdentifier(keyIdentifier: issuer.key.identifier), critical: false))
        }
        for one in extra { try extensions.append(one) }
        return try Certificate(
            version: version, serialNumber: serial.map { Certificate.SerialNumber(bytes: $0) } ?? Certificate.SerialNumber(),
            publicKey: key.key.publicKey, notValidBefore: Date(timeIntervalSince1970: Double(from)),
            notValidAfter: Date(timeIntervalSince1970: Double(until)), issuer: issuer.name(), subject: name(),
            signatureAlgorithm: algorithm ?? issuer.key.algorithm, extensions: version == .v3 ? extensions : .init(),
            issuerPrivateKey: issuer.key.key)
    }
}

/// A key on one of the curves that a certificate may have.
struct TestKey {
    enum Curve {
        case p256, p384, p521, ed25519
    }

    let key: Certificate.PrivateKey
    let algorithm: Certificate.SignatureAlgorithm

    init(_ curve: Curve) throws {
        switch curve {
        case .p256: (key, algorithm) = (.init(P256.Signing.PrivateKey()), .ecdsaWithSHA256)
        case .p384: (key, algorithm) = (.init(P384.Signing.PrivateKey()), .ecdsaWithSHA384)
        case .p521: (key, algorithm) = (.init(P521.Signing.PrivateKey()), .ecdsaWithSHA512)
        case .ed25519: (key, algorithm) = (.init(Curve25519.Signing.PrivateKey()), .ed25519)
        }
    }

    var identifier: ArraySlice<UInt8> { Array(Insecure.SHA1.hash(data: key.publicKey.subjectPublicKeyInfoBytes))[...] }
}

/// A chain root → issuing → leaf with everything as it should be, and what a case makes of it.
struct ChainPlan {
    enum Signer {
        case issuing, root, itself, stranger
        /// A CA below the firm's.
        case below
        /// Another gateway.
        case gateway
        /// The other firm's issuing key.
        case otherFirm
    }

    var root: LinkPlan
    var issuing: LinkPlan
    var leaf: LinkPlan
    var other: LinkPlan
    var signer = Signer.issuing
    var issuingSigner = Signer.root
    /// Firm that the trust file lists the issuing certificate for; nil: it is not listed.
    var listedFirm: String? = "acme"
    var firmUntilSeconds: Int64?
    /// The time that both verdicts are about.
    var atSeconds = TestAuthorities.nowSeconds
    /// Bits changed in certificates that were signed: `leaf`, `issuing`.
    var changed: String?
    /// Another certificate of the issuing key that the trust file lists first.
    var earlierIssuing: LinkPlan?

    init() throws {
        root = try .authority("gba-test", "root", pathLength: 1)
        issuing = try .authority("acme", "acme issuing", pathLength: 0)
        issuing.constraints = try CertificateNames.constraint(to: "acme")
        other = try .authority("beta", "beta issuing", pathLength: 0)
        other.constraints = try CertificateNames.constraint(to: "beta")
        leaf = try .leaf()
    }

    /// The certificates in DER.
    struct Made {
        var root: [UInt8]
        var issuing: [UInt8]
        var leaf: [UInt8]
        /// What else the one who verifies is given.
        var others: [[UInt8]] = []
        var earlierIssuing: [UInt8]?
    }

    func made() throws -> Made {
        let stranger = try LinkPlan.authority("gba-test", "root", pathLength: 1)
        var below = try LinkPlan.authority("acme", "acme below", pathLength: nil)
        below.usages = []
        let gateway = try LinkPlan.leaf(device: "gw-9")
        let issuingCertificate = try issuing.made(by: issuingSigner == .itself ? issuing : issuingSigner == .stranger ? stranger : root)
        var others = [try other.made(by: root)]
        let leafSigner: LinkPlan
        switch signer {
        case .issuing: leafSigner = issuing
        case .root: leafSigner = root
        case .itself: leafSigner = leaf
        case .stranger:
            leafSigner = try LinkPlan.authority("acme", "acme issuing", pathLength: 0)
        case .below:
            leafSigner = below
            others.append(try below.made(by: issuing))
        case .gateway:
            leafSigner = gateway
            others.append(try gateway.made(by: issuing))
        case .otherFirm: leafSigner = other
        }
        var made = Made(
            root: try Self.der(root.made(by: root)), issuing: try Self.der(issuingCertificate),
            leaf: try Self.der(leaf.made(by: leafSigner)), others: try others.map { try Self.der($0) },
            earlierIssuing: try earlierIssuing.map { try Self.der($0.made(by: root)) })
        if changed == "leaf" { made.leaf[made.leaf.count - 1] ^= 1 }
        if changed == "issuing" { made.issuing[made.issuing.count - 1] ^= 1 }
        return made
    }

    private static func der(_ certificate: Certificate) throws -> [UInt8] {
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        return serializer.serializedBytes
    }
}
