internal import enum Crypto.P256
internal import SwiftASN1
internal import X509

/// The rules of wire-format.md, section 8 for a chain root → firm's issuing certificate → seal certificate.
///
/// swift-certificates' own RFC 5280 policy refuses directory-name constraints, so this policy declares the extensions that
/// it handles and checks each of them itself. Times are not asked here: see ``SealCertificate``.
struct SealPolicy: VerifierPolicy {
    /// The alliance that the SAN must name.
    var alliance: String
    /// Firm by the DER of its issuing certificate, as the trust file lists them.
    var firmByIssuingCertificate: [[UInt8]: String]

    let verifyingCriticalExtensions = Self.knownCriticalExtensions

    private static let knownCriticalExtensions: [ASN1ObjectIdentifier] = [
        .X509ExtensionID.basicConstraints, .X509ExtensionID.keyUsage, .X509ExtensionID.extendedKeyUsage,
        .X509ExtensionID.nameConstraints, .X509ExtensionID.subjectAlternativeName,
    ]

    /// Refuses a certificate that says something which must be understood, and is not.
    static func checkCriticalExtensions(of certificate: Certificate, _ name: String) throws(Violation) {
        for ext in certificate.extensions where ext.critical && !knownCriticalExtensions.contains(ext.oid) {
            throw Violation(reason: "the \(name) certificate has an unknown critical extension \(ext.oid)")
        }
    }

    func chainMeetsPolicyRequirements(chain: UnverifiedCertificateChain) async -> PolicyEvaluationResult {
        do {
            try check(Array(chain))
            return .meetsPolicy
        } catch {
            let reason = error.reason
            return .failsToMeetPolicy(reason: reason)
        }
    }

    /// Why a chain is refused, for people.
    struct Violation: Error {
        var reason: String
    }

    private func check(_ chain: [Certificate]) throws(Violation) {
        guard chain.count == 3 else {
            throw Violation(reason: "the path is not root, issuing certificate, seal certificate but \(chain.count) long")
        }
        let (leaf, issuing, root) = (chain[0], chain[1], chain[2])
        try checkAlgorithms(leaf, "seal")
        try checkAlgorithms(root, "root")
        try checkAuthority(root, "root", pathLengths: [nil, 1, 2, 3])
        guard let firm = Self.serialized(issuing).flatMap({ firmByIssuingCertificate[$0] }) else {
            throw Violation(reason: "the issuing certificate is not listed by the trust file")
        }
        try checkIssuing(issuing, firm: firm)
        try checkUsage(leaf)
        try checkNames(leaf, firm: firm)
    }

    /// What a firm's issuing certificate must be by itself.
    func checkIssuing(_ issuing: Certificate, firm: String) throws(Violation) {
        try Self.checkCriticalExtensions(of: issuing, "issuing")
        try checkAlgorithms(issuing, "issuing")
        try checkAuthority(issuing, "issuing", pathLengths: [0])
        try checkConstraint(issuing, firm: firm)
    }

    private func checkAlgorithms(_ certificate: Certificate, _ name: String) throws(Violation) {
        guard certificate.version == .v3 else { throw Violation(reason: "the \(name) certificate is not X.509 version 3") }
        guard P256.Signing.PublicKey(certificate.publicKey) != nil else {
            throw Violation(reason: "the \(name) certificate's key is not on P-256")
        }
        guard certificate.signatureAlgorithm == .ecdsaWithSHA256 else {
            throw Violation(reason: "the \(name) certificate is not signed with ECDSA and SHA-256")
        }
    }

    private func checkAuthority(_ certificate: Certificate, _ name: String, pathLengths: [Int?]) throws(Violation) {
        guard let constraints = try? certificate.extensions.basicConstraints,
            case .isCertificateAuthority(let pathLength) = constraints
        else { throw Violation(reason: "the \(name) certificate is not a CA's") }
        guard certificate.extensions[oid: .X509ExtensionID.basicConstraints]?.critical == true else {
            throw Violation(reason: "the \(name) certificate's basic constraints are not critical")
        }
        guard pathLengths.contains(pathLength) else {
            throw Violation(reason: "the \(name) certificate has path length \(pathLength.map(String.init) ?? "unlimited")")
        }
        guard let usage = try? certificate.extensions.keyUsage, usage.keyCertSign else {
            throw Violation(reason: "the \(name) certificate's key usage does not allow signing certificates")
        }
    }

    /// A critical name constraint to the directory name `O=<firm>`, that and nothing else.
    private func checkConstraint(_ issuing: Certificate, firm: String) throws(Violation) {
        guard let ext = issuing.extensions[oid: .X509ExtensionID.nameConstraints], ext.critical,
            let constraints = try? NameConstraints(ext)
        else { throw Violation(reason: "the issuing certificate of firm \(firm) has no critical name constraint") }
        guard constraints.excludedSubtrees.isEmpty, constraints.permittedSubtrees.count == 1,
            case .directoryName(let permitted)? = constraints.permittedSubtrees.first, permitted.count == 1,
            CertificateNames.organisation(of: permitted) == firm
        else { throw Violation(reason: "the issuing certificate's name constraint is not O=\(firm)") }
        guard CertificateNames.organisation(of: issuing.subject) == firm else {
            throw Violation(reason: "the issuing certificate listed for firm \(firm) names another organisation")
        }
    }

    private func checkUsage(_ leaf: Certificate) throws(Violation) {
        // Absent it says that this is no CA's; what cannot be read may say anything.
        let constraints: BasicConstraints?
        do {
            constraints = try leaf.extensions.basicConstraints
        } catch {
            throw Violation(reason: "the seal certificate's basic constraints are not DER of RFC 5280, so they may be a CA's")
        }
        guard constraints == nil || constraints == .notCertificateAuthority else { throw Violation(reason: "the seal certificate is a CA's") }
        guard let usage = try? leaf.extensions.keyUsage, usage.digitalSignature, !usage.keyCertSign, !usage.cRLSign else {
            throw Violation(reason: "the seal certificate's key usage is not digitalSignature")
        }
        guard let extended = try? leaf.extensions.extendedKeyUsage,
            Array(extended) == [ExtendedKeyUsage.Usage(oid: CertificateNames.documentSigning)]
        else { throw Violation(reason: "the seal certificate's extended usage is not documentSigning alone") }
        guard leaf.extensions[oid: .X509ExtensionID.nameConstraints] == nil else {
            throw Violation(reason: "the seal certificate has a name constraint, which only a CA's may have")
        }
    }

    private func checkNames(_ leaf: Certificate, firm: String) throws(Violation) {
        // In this order: the name constraint is to names that begin with O=<firm>.
        guard leaf.subject.count == 2, CertificateNames.beginsWithOrganisation(leaf.subject), let organisation = CertificateNames.organisation(of: leaf.subject),
            let commonName = CertificateNames.commonName(of: leaf.subject)
        else { throw Violation(reason: "the seal certificate's subject is not O=<firm>, CN=<gateway>") }
        guard organisation == firm else {
            throw Violation(reason: "firm \(firm)'s issuing certificate does not speak for O=\(organisation)")
        }
        guard commonName.split(separator: ".", omittingEmptySubsequences: false).first.map(String.init) == firm else {
            throw Violation(reason: "gateway \(commonName) is not one of firm \(firm)")
        }
        guard let names = try? leaf.extensions.subjectAlternativeNames, names.count == 1,
            case .uniformResourceIdentifier(let uri)? = names.first
        else { throw Violation(reason: "the seal certificate has no single URI as its alternative name") }
        guard uri == "hs:\(alliance)/\(commonName)" else {
            throw Violation(reason: "the seal certificate's URI \(uri) is not hs:\(alliance)/\(commonName)")
        }
    }

    static func serialized(_ certificate: Certificate) -> [UInt8]? {
        var serializer = DER.Serializer()
        guard (try? serializer.serialize(certificate)) != nil else { return nil }
        return serializer.serializedBytes
    }
}
