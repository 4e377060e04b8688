@testable import AllianceTrust
import Crypto
import SwiftASN1
import Testing
import X509

/// One chain, and what two judges that know nothing of each other say of it.
struct ChainCase: Sendable, CustomTestStringConvertible {
    enum Verdict: Sendable, Equatable {
        case accepted
        /// In these words.
        case refused(String)
    }

    let testDescription: String
    let ours: Verdict
    /// What `openssl verify -x509_strict` says.
    let openssl: Verdict
    /// Why the two differ; nil: they agree.
    let why: String?
    let change: @Sendable (inout ChainPlan) throws -> Void

    /// Both accept it.
    static func good(_ name: String, _ change: @escaping @Sendable (inout ChainPlan) throws -> Void = { _ in }) -> ChainCase {
        ChainCase(testDescription: name, ours: .accepted, openssl: .accepted, why: nil, change: change)
    }

    /// Both refuse it, each in its own words.
    static func bad(
        _ name: String, _ ours: String, _ openssl: String, _ change: @escaping @Sendable (inout ChainPlan) throws -> Void
    ) -> ChainCase {
        ChainCase(testDescription: name, ours: .refused(ours), openssl: .refused(openssl), why: nil, change: change)
    }

    /// We refuse it and openssl does not.
    static func stricter(
        _ name: String, _ ours: String, why: String, _ change: @escaping @Sendable (inout ChainPlan) throws -> Void
    ) -> ChainCase {
        ChainCase(testDescription: name, ours: .refused(ours), openssl: .accepted, why: why, change: change)
    }

    /// openssl refuses it and we do not.
    static func laxer(
        _ name: String, _ openssl: String, why: String, _ change: @escaping @Sendable (inout ChainPlan) throws -> Void
    ) -> ChainCase {
        ChainCase(testDescription: name, ours: .accepted, openssl: .refused(openssl), why: why, change: change)
    }
}

/// Reasons that several differences have.
private enum Why {
    static let notPurpose = "openssl has no purpose for documentSigning (RFC 9336) and looks at no usage without one"
    static let ourNames = "what CN and URI must say is the alliance's rule (wire-format.md, section 8)"
    static let ourConstraint = "openssl applies the constraint that is there; that it must be there, critical and to the firm alone is our rule"
    static let ourCurve = "P-256 with SHA-256 alone is our rule: gateways and independent readers need no other"
    static let listed = "openssl is given the issuing certificate as any other; who certifies seal keys is for the trust file to say"
    static let notDER = "openssl reads what is not DER here, and asks no leaf without a purpose whether it is a CA's; we believe nothing that cannot be read"
    static let ourPath = "openssl takes any path to the root; ours is exactly root, issuing certificate, seal certificate"
    static let identifiers = "RFC 5280 demands the identifier of whoever issues; we find the issuer by the trust file's list and the signature, not by it"
}

private func ext(_ identifier: ASN1ObjectIdentifier, critical: Bool, _ value: [UInt8] = [5, 0]) -> Certificate.Extension {
    Certificate.Extension(oid: identifier, critical: critical, value: value[...])
}

extension ChainCase {
    /// Basic constraints of the leaf that cannot be read, here and by openssl.
    private static func spoiled(_ name: String, _ value: [UInt8]) -> ChainCase {
        bad(name, "basic constraints are not DER", "invalid certificate") { $0.leaf.setBasic(value) }
    }

    /// Basic constraints of the leaf that openssl reads all the same.
    private static func lenient(_ name: String, _ value: [UInt8]) -> ChainCase {
        stricter(name, "basic constraints are not DER", why: Why.notDER) { $0.leaf.setBasic(value) }
    }

    static let now = TestAuthorities.nowSeconds
    static let all = names + forms + times + renewals + paths + roots + issuers + leaves + leafNames + leafKeys

    static let names: [ChainCase] = [
        good("as it should be"),
        good("the shortest device name") { $0.leaf = try .leaf(device: "a") },
        good("a device of digits") { $0.leaf = try .leaf(device: "0123456789") },
        good("a device with hyphens") { $0.leaf = try .leaf(device: "hk-port-4-crane-12") },
        good("a gateway id of 37 characters") { $0.leaf = try .leaf(device: String(repeating: "d", count: 32)) },
        good("a gateway id of 64 characters") { plan in
            let firm = String(repeating: "f", count: 31)
            plan.issuing.subject = [LinkPlan.organisation(firm), LinkPlan.common("issuing")]
            plan.issuing.constraints = try CertificateNames.constraint(to: firm)
            plan.listedFirm = firm
            plan.leaf = try .leaf(firm: firm, device: String(repeating: "d", count: 32))
        },
        good("a firm of one letter") { plan in
            plan.issuing.subject = [LinkPlan.organisation("x"), LinkPlan.common("issuing")]
            plan.issuing.constraints = try CertificateNames.constraint(to: "x")
            plan.listedFirm = "x"
            plan.leaf = try .leaf(firm: "x")
        },
        good("an issuing certificate without a CN") { $0.issuing.subject = [LinkPlan.organisation("acme")] },
        good("names as PrintableString") { plan in
            plan.leaf.subject = try [
                .init(type: .RDNAttributeType.organizationName, value: .init(printableString: "acme")),
                .init(type: .RDNAttributeType.commonName, value: .init(printableString: "acme.gw-1")),
            ]
        },
    ]

    static let forms: [ChainCase] = [
        good("a serial number of 1 byte") { $0.leaf.serial = [7] },
        good("a serial number of 20 bytes") { $0.leaf.serial = [0x7F] + [UInt8](repeating: 9, count: 19) },
        good("key usage not critical") { $0.leaf.isKeyUsageCritical = false },
        good("key usage with nonRepudiation beside") { $0.leaf.keyUsage = KeyUsage(digitalSignature: true, nonRepudiation: true) },
        good("extended usage critical") { $0.leaf.areUsagesCritical = true },
        good("alternative name critical") { $0.leaf.areNamesCritical = true },
        good("basic constraints absent from the leaf") { $0.leaf.basic = nil },
        good("basic constraints of the leaf not critical") { $0.leaf.isBasicCritical = false },
        good("an unknown extension that is not critical") { $0.leaf.extra = [ext([1, 2, 3, 4], critical: false)] },
        good("an unknown extension of the issuing certificate that is not critical") { $0.issuing.extra = [ext([1, 2, 3, 4], critical: false)] },
        good("a place of revocation lists, not critical") { plan in
            plan.leaf.extra = [ext([2, 5, 29, 31], critical: false, [0x30, 0x0B, 0x30, 0x09, 0xA0, 0x07, 0xA0, 0x05, 0x86, 0x03, 0x75, 0x3A, 0x78])]
        },
        good("no subject key identifier of the leaf") { $0.leaf.hasSubjectKeyIdentifier = false },
        good("an issuing certificate for documentSigning") { $0.issuing.usages = [.init(oid: CertificateNames.documentSigning)] },
        good("an issuing certificate that signs no revocation lists") { $0.issuing.keyUsage = KeyUsage(keyCertSign: true) },
        laxer("no authority key identifier of the leaf", "Missing Authority Key Identifier", why: Why.identifiers) {
            $0.leaf.hasAuthorityKeyIdentifier = false
        },
        laxer("no subject key identifier of the issuing certificate", "Missing Subject Key Identifier", why: Why.identifiers) {
            $0.issuing.hasSubjectKeyIdentifier = false
        },
        good("a root without a path length") { $0.root.basic = .isCertificateAuthority(maxPathLength: nil) },
        good("a root with path length 2") { $0.root.basic = .isCertificateAuthority(maxPathLength: 2) },
        good("a root with path length 3") { $0.root.basic = .isCertificateAuthority(maxPathLength: 3) },
        good("a root without an authority key identifier") { $0.root.hasAuthorityKeyIdentifier = false },
    ]

    static let times: [ChainCase] = [
        good("the first second") { plan in
            plan.leaf.from = now
            plan.atSeconds = now
        },
        good("the last second but one") { $0.leaf.until = now + 1 },
        laxer("the last second", "certificate has expired", why: "RFC 5280, 4.1.2.5: the period is inclusive; openssl ends it a second early") {
            $0.leaf.until = now
        },
        bad("a second too early", "not valid", "certificate is not yet valid") { $0.leaf.from = now + 1 },
        bad("a second too late", "not valid", "certificate has expired") { $0.leaf.until = now - 1 },
        bad("an issuing certificate that has ended", "not valid", "certificate has expired") { $0.issuing.until = now - 1 },
        bad("an issuing certificate that has not begun", "not valid", "certificate is not yet valid") { $0.issuing.from = now + 60 },
        bad("a root that has ended", "not valid", "certificate has expired") { $0.root.until = now - 1 },
        bad("a root that has not begun", "not valid", "certificate is not yet valid") { $0.root.from = now + 60 },
        stricter("a firm that has left", "not valid", why: "that a firm has left stands in the trust file alone") { $0.firmUntilSeconds = now },
        good("a firm that leaves in a second") { $0.firmUntilSeconds = now + 1 },
        good("a leaf that outlives the issuing certificate") { $0.issuing.until = now + 60 },
        good("a leaf that began before the issuing certificate") { $0.issuing.from = now - 60 },
        good("a leaf until 2060, its date a GeneralizedTime") { $0.leaf.until = 2_840_140_800 },
        good("a leaf from 1990 on") { $0.leaf.from = 631_152_000 },
        good("a leaf of a day") { plan in
            plan.leaf.from = now - 43_200
            plan.leaf.until = now + 43_200
        },
    ]

    static let renewals: [ChainCase] = [
        good("an issuing certificate renewed for its key, the old one listed before it") { plan in
            var earlier = plan.issuing
            earlier.until = now + 60
            plan.earlierIssuing = earlier
        },
        good("an issuing certificate renewed for its key, the old one ended") { plan in
            var earlier = plan.issuing
            earlier.from = now - 1_000
            earlier.until = now + 1_000
            plan.earlierIssuing = earlier
            plan.issuing.from = now - 10
        },
        good("a second issuing key of the firm, the first one listed before it") { plan in
            var earlier = plan.issuing
            earlier.key = try TestKey(.p256)
            plan.earlierIssuing = earlier
        },
        good("a renewed leaf of the same key") { plan in
            plan.leaf.from = now - 5
            plan.leaf.until = now + 86_400 * 30
        },
    ]

    static let paths: [ChainCase] = [
        stricter("signed by the root itself", "2 long", why: Why.ourPath) { $0.signer = .root },
        bad("signed by a CA below the firm's", "no issuing certificate", "path length constraint exceeded") { $0.signer = .below },
        bad("signed by itself", "no issuing certificate", "self-signed certificate") { $0.signer = .itself },
        bad("signed by a stranger of the firm's name", "no issuing certificate", "unable to get local issuer certificate") {
            $0.signer = .stranger
            $0.leaf.hasAuthorityKeyIdentifier = true
        },
        bad("signed by another gateway", "no issuing certificate", "invalid CA certificate") { $0.signer = .gateway },
        bad("signed by another firm's key", "does not speak for O=acme", "permitted subtree violation") { $0.signer = .otherFirm },
        bad("one bit of the leaf's signature changed", "no issuing certificate", "certificate signature failure") { $0.changed = "leaf" },
        bad("one bit of the issuing certificate's signature changed", "no issuing certificate", "certificate signature failure") {
            $0.changed = "issuing"
        },
        bad("an issuing certificate of another root", "no issuing certificate", "unable to get local issuer certificate") {
            $0.issuingSigner = .stranger
        },
        bad("an issuing certificate signed by itself", "no issuing certificate", "self-signed certificate") { $0.issuingSigner = .itself },
        stricter("an issuing certificate that the trust file does not list", "no issuing certificate", why: Why.listed) { $0.listedFirm = nil },
        stricter("an issuing certificate listed for another firm", "is not O=gamma", why: Why.listed) { plan in
            plan.listedFirm = "gamma"
            plan.issuing.constraints = try CertificateNames.constraint(to: "acme")
        },
    ]

    static let roots: [ChainCase] = [
        bad("a root that is no CA", "is not a CA's", "invalid CA certificate") { $0.root.basic = .notCertificateAuthority },
        bad("a root without basic constraints", "is not a CA's", "CA") { $0.root.basic = nil },
        bad("a root without key usage", "key usage does not allow", "key usage") { $0.root.keyUsage = nil },
        bad("a root that may not sign certificates", "key usage does not allow", "keyCertSign") { $0.root.keyUsage = KeyUsage(cRLSign: true) },
        bad("a root with path length 0", "path length 0", "path length constraint exceeded") {
            $0.root.basic = .isCertificateAuthority(maxPathLength: 0)
        },
        stricter("a root on P-384", "not on P-256", why: Why.ourCurve) { $0.root.key = try TestKey(.p384) },
        bad("an unknown critical extension of the root", "the root certificate has an unknown critical extension 1.2.3.4", "unhandled critical extension") { $0.root.extra = [ext([1, 2, 3, 4], critical: true)] },
    ]

    static let issuers: [ChainCase] = [
        stricter("no name constraint", "no critical name constraint", why: Why.ourConstraint) { $0.issuing.constraints = nil },
        stricter("a name constraint that is not critical", "no critical name constraint", why: Why.ourConstraint) {
            $0.issuing.areConstraintsCritical = false
        },
        bad("a name constraint to another firm", "is not O=acme", "permitted subtree violation") {
            $0.issuing.constraints = try CertificateNames.constraint(to: "beta")
        },
        // OpenSSL takes a common name that looks like a host's for one.
        bad("a name constraint on DNS names", "is not O=acme", "permitted subtree violation") {
            $0.issuing.constraints = NameConstraints(permittedDNSDomains: ["acme"])
        },
        stricter("a name constraint that excludes something too", "is not O=acme", why: Why.ourConstraint) {
            $0.issuing.constraints?.excludedSubtrees = [.dnsName("x.example")]
        },
        stricter("a name constraint to two firms", "is not O=acme", why: Why.ourConstraint) { plan in
            plan.issuing.constraints?.permittedSubtrees += [.directoryName(try DistinguishedName { OrganizationName("beta") })]
        },
        stricter("a name constraint to every name", "is not O=acme", why: Why.ourConstraint) {
            $0.issuing.constraints?.permittedSubtrees = [.directoryName(DistinguishedName([] as [RelativeDistinguishedName]))]
        },
        stricter("path length 1", "path length 1", why: Why.ourPath) { $0.issuing.basic = .isCertificateAuthority(maxPathLength: 1) },
        stricter("no path length", "path length unlimited", why: Why.ourPath) { $0.issuing.basic = .isCertificateAuthority(maxPathLength: nil) },
        bad("an issuing certificate that is no CA's", "is not a CA's", "invalid CA certificate") { $0.issuing.basic = .notCertificateAuthority },
        bad("basic constraints of an issuing certificate not critical", "not critical", "Basic Constraints of CA cert not marked critical") {
            $0.issuing.isBasicCritical = false
        },
        bad("an issuing certificate without key usage", "key usage does not allow", "key usage") { $0.issuing.keyUsage = nil },
        bad("an issuing certificate that may not sign certificates", "key usage does not allow", "keyCertSign") {
            $0.issuing.keyUsage = KeyUsage(cRLSign: true)
        },
        stricter("an issuing key on P-384", "not on P-256", why: Why.ourCurve) {
            $0.issuing.key = try TestKey(.p384)
            $0.leaf.algorithm = .ecdsaWithSHA256
        },
        bad(
            "an unknown critical extension of the issuing certificate", "the issuing certificate has an unknown critical extension 1.2.3.4",
            "unhandled critical extension"
        ) {
            $0.issuing.extra = [ext([1, 2, 3, 4], critical: true)]
        },
        stricter("an issuing certificate with another organisation", "names another organisation", why: Why.listed) {
            $0.issuing.subject = [LinkPlan.organisation("gba-test"), LinkPlan.common("acme issuing")]
        },
    ]

    static let leaves: [ChainCase] = [
        stricter("usage clientAuth", "not documentSigning alone", why: Why.notPurpose) { $0.leaf.usages = [.clientAuth] },
        stricter("usages documentSigning and clientAuth", "not documentSigning alone", why: Why.notPurpose) { $0.leaf.usages.append(.clientAuth) },
        stricter("any extended usage", "not documentSigning alone", why: Why.notPurpose) { $0.leaf.usages = [.any] },
        stricter("no extended usage", "not documentSigning alone", why: Why.notPurpose) { $0.leaf.usages = [] },
        stricter("no key usage", "key usage is not digitalSignature", why: Why.notPurpose) { $0.leaf.keyUsage = nil },
        stricter("key usage keyAgreement", "key usage is not digitalSignature", why: Why.notPurpose) { $0.leaf.keyUsage = KeyUsage(keyAgreement: true) },
        bad("key usage that signs certificates, without being a CA's", "key usage is not digitalSignature", "CA") {
            $0.leaf.keyUsage = KeyUsage(digitalSignature: true, keyCertSign: true)
        },
        stricter("a leaf that is a CA's", "is a CA's", why: Why.notPurpose) { $0.leaf.basic = .isCertificateAuthority(maxPathLength: nil) },
        spoiled("basic constraints that are NULL", [0x05, 0x00]),
        spoiled("basic constraints of no byte", []),
        spoiled("basic constraints with a path length cut off", [0x30, 0x06, 0x01, 0x01, 0xFF, 0x02, 0x01]),
        bad("basic constraints of a CA with path length -1", "is a CA's", "invalid certificate") {
            $0.leaf.setBasic([0x30, 0x06, 0x01, 0x01, 0xFF, 0x02, 0x01, 0xFF])
        },
        lenient("basic constraints whose TRUE is 1", [0x30, 0x03, 0x01, 0x01, 0x01]),
        lenient("basic constraints of a CA with a byte behind them", [0x30, 0x03, 0x01, 0x01, 0xFF, 0x00]),
        lenient("basic constraints whose FALSE is written out", [0x30, 0x03, 0x01, 0x01, 0x00]),
        bad("an unknown critical extension", "unknown critical extension 1.2.3.4", "unhandled critical extension") {
            $0.leaf.extra = [ext([1, 2, 3, 4], critical: true)]
        },
        stricter("a name constraint of its own", "name constraint, which only a CA's", why: "openssl ignores it in a certificate that issues none") {
            $0.leaf.constraints = NameConstraints(permittedDNSDomains: ["example.org"])
        },
        stricter("version 1, which has no extensions", "is not X.509 version 3", why: Why.notPurpose) { $0.leaf.version = .v1 },
    ]

    static let leafNames: [ChainCase] = [
        bad("another firm's name", "does not speak for O=beta", "permitted subtree violation") { $0.leaf = try .leaf(firm: "beta") },
        stricter("another firm's gateway under the own firm's name", "is not one of firm acme", why: Why.ourNames) {
            $0.leaf.subject[1] = LinkPlan.common("beta.gw-1")
        },
        bad("no organisation", "is not O=<firm>, CN=<gateway>", "permitted subtree violation") { $0.leaf.subject.removeFirst() },
        stricter("no common name", "is not O=<firm>, CN=<gateway>", why: Why.ourNames) { $0.leaf.subject.removeLast() },
        stricter("a unit beside", "is not O=<firm>, CN=<gateway>", why: Why.ourNames) { plan in
            plan.leaf.subject.append(.init(type: .RDNAttributeType.organizationalUnitName, value: .init(utf8String: "port")))
        },
        bad("CN before O", "is not O=<firm>, CN=<gateway>", "permitted subtree violation") { $0.leaf.subject.reverse() },
        stricter("the firm in capitals", "does not speak for O=ACME", why: "openssl compares names without regard to case, we compare bytes") {
            $0.leaf.subject[0] = LinkPlan.organisation("ACME")
        },
        stricter("no alternative name", "no single URI", why: Why.ourNames) { $0.leaf.names = [] },
        stricter("a DNS name instead of the URI", "no single URI", why: Why.ourNames) { $0.leaf.names = [.dnsName("acme.gw-1")] },
        stricter("two URIs", "no single URI", why: Why.ourNames) { $0.leaf.names.append(.uniformResourceIdentifier("hs:gba-test/acme.gw-2")) },
        stricter("the URI of another gateway", "is not hs:gba-test/acme.gw-1", why: Why.ourNames) {
            $0.leaf.names = [.uniformResourceIdentifier("hs:gba-test/acme.gw-2")]
        },
        stricter("the URI of another alliance", "is not hs:gba-test/acme.gw-1", why: Why.ourNames) {
            $0.leaf.names = [.uniformResourceIdentifier("hs:elsewhere/acme.gw-1")]
        },
        stricter("the URI of a node", "is not hs:gba-test/acme.gw-1", why: Why.ourNames) {
            $0.leaf.names = [.uniformResourceIdentifier("hs:gba-test/node/hk-1")]
        },
    ]

    static let leafKeys: [ChainCase] = [
        stricter("a key on P-384", "not on P-256", why: Why.ourCurve) { $0.leaf.key = try TestKey(.p384) },
        stricter("a key on P-521", "not on P-256", why: Why.ourCurve) { $0.leaf.key = try TestKey(.p521) },
        stricter("an Ed25519 key", "not on P-256", why: Why.ourCurve) { $0.leaf.key = try TestKey(.ed25519) },
        stricter("a signature over SHA-384", "not signed with ECDSA and SHA-256", why: Why.ourCurve) { $0.leaf.algorithm = .ecdsaWithSHA384 },
        stricter("an issuing certificate signed over SHA-512", "not signed with ECDSA and SHA-256", why: Why.ourCurve) {
            $0.issuing.algorithm = .ecdsaWithSHA512
        },
    ]
}
