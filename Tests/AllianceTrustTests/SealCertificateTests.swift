@testable import AllianceTrust
import AttestationFormat
import Crypto
import Foundation
import MerkleTree
import SwiftASN1
import Testing
import X509

/// One way to spoil a seal certificate, and the words of the refusal.
struct SpoiledCertificate: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var words: String
    /// Whether `openssl verify` refuses it too: it knows chains and constraints, not our names and usage.
    var opensslRefuses = false
    var make: @Sendable (TestAuthorities) throws -> CertificateBytes

    init(
        _ testDescription: String, words: String, opensslRefuses: Bool = false,
        make: @escaping @Sendable (TestAuthorities) throws -> CertificateBytes
    ) {
        self.testDescription = testDescription
        self.words = words
        self.opensslRefuses = opensslRefuses
        self.make = make
    }

    static func recipe(
        _ testDescription: String, words: String, opensslRefuses: Bool = false,
        spoil: @escaping @Sendable (inout CertificateRecipe) throws -> Void
    ) -> SpoiledCertificate {
        SpoiledCertificate(testDescription, words: words, opensslRefuses: opensslRefuses) { alliance in
            var recipe = CertificateRecipe()
            try spoil(&recipe)
            return try recipe.make(signedBy: alliance.acme, key: alliance.sealKey)
        }
    }

    static let all: [SpoiledCertificate] = [
        recipe("another firm's name", words: "does not speak for O=beta", opensslRefuses: true) {
            $0.organisation = "beta"
            $0.commonName = "beta.gw-1"
            $0.names = [.uniformResourceIdentifier("hs:gba-test/beta.gw-1")]
        },
        recipe("another firm's gateway under the own firm's name", words: "is not one of firm acme") {
            $0.commonName = "beta.gw-1"
            $0.names = [.uniformResourceIdentifier("hs:gba-test/beta.gw-1")]
        },
        recipe("no organisation", words: "is not O=<firm>, CN=<gateway>", opensslRefuses: true) { $0.organisation = nil },
        recipe("no common name", words: "is not O=<firm>, CN=<gateway>") { $0.commonName = nil },
        recipe("usage clientAuth", words: "not documentSigning alone") { $0.usages = [.clientAuth] },
        recipe("usages documentSigning and clientAuth", words: "not documentSigning alone") { $0.usages.append(.clientAuth) },
        recipe("no extended usage", words: "not documentSigning alone") { $0.usages = [] },
        recipe("no key usage", words: "key usage is not digitalSignature") { $0.keyUsage = nil },
        recipe("key usage keyAgreement", words: "key usage is not digitalSignature") { $0.keyUsage = KeyUsage(keyAgreement: true) },
        recipe("key usage that signs certificates", words: "key usage is not digitalSignature") {
            $0.keyUsage = KeyUsage(digitalSignature: true, keyCertSign: true)
        },
        recipe("a CA's", words: "is a CA's") { $0.basicConstraints = .isCertificateAuthority(maxPathLength: nil) },
        recipe("no alternative name", words: "no single URI") { $0.names = [] },
        recipe("a DNS name instead of the URI", words: "no single URI") { $0.names = [.dnsName("acme.gw-1")] },
        recipe("two URIs", words: "no single URI") { $0.names.append(.uniformResourceIdentifier("hs:gba-test/acme.gw-2")) },
        recipe("the URI of another gateway", words: "is not hs:gba-test/acme.gw-1") {
            $0.names = [.uniformResourceIdentifier("hs:gba-test/acme.gw-2")]
        },
        recipe("the URI of another alliance", words: "is not hs:gba-test/acme.gw-1") {
            $0.names = [.uniformResourceIdentifier("hs:elsewhere/acme.gw-1")]
        },
        recipe("a key on P-384", words: "not on P-256") { $0.key = .init(P384.Signing.PrivateKey().publicKey) },
        recipe("an unknown critical extension", words: "unknown critical extension 1.2.3.4", opensslRefuses: true) {
            $0.extra = [.init(oid: [1, 2, 3, 4], critical: true, value: [5, 0])]
        },
        recipe("a name constraint of its own", words: "name constraint, which only a CA's") {
            $0.nameConstraints = NameConstraints(permittedDNSDomains: ["example.org"])
        },
        SpoiledCertificate("signed by the root itself", words: "2 long") { alliance in
            try CertificateRecipe().make(signedBy: alliance.root, key: alliance.sealKey)
        },
        SpoiledCertificate("signed by the link CA", words: "no issuing certificate", opensslRefuses: true) { alliance in
            try CertificateRecipe().make(signedBy: alliance.link, key: alliance.sealKey)
        },
        SpoiledCertificate("signed by a CA below the firm's", words: "no issuing certificate", opensslRefuses: true) { alliance in
            let below = try belowFirm(alliance)
            return try CertificateRecipe().make(signedBy: below, key: alliance.sealKey)
        },
        SpoiledCertificate("one bit of the signature changed", words: "no issuing certificate", opensslRefuses: true) { alliance in
            var der = try alliance.seal().der
            der[der.count - 1] ^= 1
            return CertificateBytes(der: der)
        },
    ]

    static func belowFirm(_ alliance: TestAuthorities) throws -> CertificateAuthority {
        var recipe = CertificateRecipe()
        recipe.commonName = "acme below"
        recipe.names = []
        recipe.usages = []
        recipe.basicConstraints = .isCertificateAuthority(maxPathLength: nil)
        recipe.keyUsage = KeyUsage(keyCertSign: true)
        let key = try AllianceSigningKey()
        return try CertificateAuthority(certificate: recipe.make(signedBy: alliance.acme, key: key), key: key)
    }
}

@Suite("Seal certificates") struct SealCertificateTests {
    let alliance: TestAuthorities
    let directory: TemporaryDirectory

    init() throws {
        alliance = try TestAuthorities()
        directory = try TemporaryDirectory()
    }

    private func opensslVerify(_ certificate: CertificateBytes) throws -> OpenSSLTool.Result {
        let root = try directory.file("root.pem", alliance.root.certificate.pem.utf8)
        let issuing = try directory.file("issuing.pem", alliance.acme.certificate.pem.utf8)
        let leaf = try directory.file("leaf.pem", certificate.pem.utf8)
        return try OpenSSLTool.run([
            "verify", "-attime", "\(TestAuthorities.nowSeconds)", "-x509_strict", "-CAfile", root, "-untrusted", issuing, leaf,
        ])
    }

    @Test("an issued seal certificate is accepted here and by openssl verify")
    func accepted() async throws {
        let verifier = try SealCertificateVerifier(issuers: alliance.issuers)
        let seal = try await verifier.verify(alliance.seal().der)
        #expect(seal.issuer == "hs:gba-test/acme.gw-1")
        #expect(seal.gatewayID == "acme.gw-1")
        #expect(seal.firm == "acme")
        #expect(seal.keyID == alliance.sealKey.keyID)
        #expect(seal.publicKey == alliance.sealKey.publicKey)
        let openssl = try opensslVerify(alliance.seal())
        #expect(openssl.exitCode == 0, "\(openssl.output)")
    }

    @Test("a spoiled certificate is refused with the reason in words", arguments: SpoiledCertificate.all)
    func refused(_ spoiled: SpoiledCertificate) async throws {
        let verifier = try SealCertificateVerifier(issuers: alliance.issuers)
        let certificate = try spoiled.make(alliance)
        let error = await #expect(throws: TrustError.self) { try await verifier.verify(certificate.der) }
        #expect(error?.message.contains(spoiled.words) == true, "\(error?.message ?? "accepted")")
        if spoiled.opensslRefuses {
            #expect(try opensslVerify(certificate).exitCode != 0)
        }
    }

    @Test("an issuing certificate without its constraint certifies nobody", arguments: [
        "no constraint", "not critical", "another firm", "DNS only", "also excluded", "path length 1", "no path length",
        "no keyCertSign", "not a CA",
    ])
    func issuingRefused(_ fault: String) async throws {
        var recipe = CertificateRecipe()
        recipe.commonName = "acme issuing"
        recipe.names = []
        recipe.usages = []
        recipe.basicConstraints = .isCertificateAuthority(maxPathLength: 0)
        recipe.keyUsage = KeyUsage(keyCertSign: true, cRLSign: true)
        recipe.nameConstraints = try CertificateNames.constraint(to: "acme")
        switch fault {
        case "no constraint": recipe.nameConstraints = nil
        case "not critical": recipe.nameConstraintsCritical = false
        case "another firm": recipe.nameConstraints = try CertificateNames.constraint(to: "beta")
        case "DNS only": recipe.nameConstraints = NameConstraints(permittedDNSDomains: ["acme"])
        case "also excluded": recipe.nameConstraints?.excludedSubtrees = [.dnsName("x.org")]
        case "path length 1": recipe.basicConstraints = .isCertificateAuthority(maxPathLength: 1)
        case "no path length": recipe.basicConstraints = .isCertificateAuthority(maxPathLength: nil)
        case "no keyCertSign": recipe.keyUsage = KeyUsage(cRLSign: true)
        default: recipe.basicConstraints = .notCertificateAuthority
        }
        let key = try AllianceSigningKey()
        let issuing = try CertificateAuthority(certificate: recipe.make(signedBy: alliance.root, key: key), key: key)
        var issuers = alliance.issuers
        issuers.firms[0].certificates = [issuing.certificate.der]
        let verifier = try SealCertificateVerifier(issuers: issuers)
        let leaf = try CertificateRecipe().make(signedBy: issuing, key: alliance.sealKey)
        await #expect(throws: TrustError.self) { try await verifier.verify(leaf.der) }
    }

    @Test("a firm's certificate that the trust file lists for another firm certifies nobody")
    func listedElsewhere() async throws {
        var issuers = alliance.issuers
        issuers.firms = [.init(name: "beta", certificates: [alliance.acme.certificate.der])]
        let verifier = try SealCertificateVerifier(issuers: issuers)
        await #expect(throws: TrustError.self) { try await verifier.verify(alliance.seal().der) }
    }

    @Test("garbage in place of a certificate is an error, not a trap", arguments: 0..<64)
    func garbage(_ seed: Int) async throws {
        let verifier = try SealCertificateVerifier(issuers: alliance.issuers)
        var der = try alliance.seal().der
        if seed == 0 { der = [] } else { der[(seed &* 37) % der.count] ^= UInt8(truncatingIfNeeded: seed | 1) }
        await #expect(throws: TrustError.self) { try await verifier.verify(der) }
    }
}
