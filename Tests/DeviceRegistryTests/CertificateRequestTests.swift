import AttestationFormat
@testable import DeviceRegistry
import Foundation
import RegistryTesting
import Testing

@Suite("Certificate requests, made by openssl") struct CertificateRequestTests {
    let workshop: Workshop
    let gateway: GatewayName

    init() throws {
        workshop = try Workshop()
        gateway = try #require(GatewayName(issuer: "hs:gba-test/acme.gw-1"))
    }

    struct Named: CustomTestStringConvertible {
        var testDescription: String
        var subject = "/"
        var words: [String] = []
    }

    static let san = "subjectAltName=URI:hs:gba-test/acme.gw-1"

    @Test(
        "a P-256 request without names, or with the registered ones, is taken",
        arguments: [
            Named(testDescription: "no name"),
            Named(testDescription: "O and CN", subject: "/O=acme/CN=acme.gw-1"),
            Named(testDescription: "CN and O", subject: "/CN=acme.gw-1/O=acme"),
            Named(testDescription: "CN alone", subject: "/CN=acme.gw-1"),
            Named(testDescription: "URI alone", words: ["-addext", san]),
            Named(testDescription: "all names", subject: "/O=acme/CN=acme.gw-1", words: ["-addext", san]),
            Named(testDescription: "a wish to be a CA, which nobody grants", words: ["-addext", "basicConstraints=critical,CA:TRUE"]),
        ])
    func taken(_ named: Named) throws {
        let der = try workshop.request("device", subject: named.subject, named.words)
        let request = try CertificateRequest(body: der)
        try request.check(for: gateway)
        let spki = try workshop.read(publicKey("device"))
        #expect(Array(spki.suffix(65)) == request.publicKey.uncompressedPoint)
        let base64 = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithCarriageReturn, .endLineWithLineFeed])
        #expect(try CertificateRequest(body: Array(base64.utf8)).publicKey == request.publicKey)
        #expect(try CertificateRequest(body: Array(Data(der).base64EncodedString().utf8) + [0x0A]).publicKey == request.publicKey)
    }

    private func publicKey(_ key: String) throws -> String {
        try OpenSSLTool.output(["pkey", "-in", "\(key).key", "-pubout", "-outform", "DER", "-out", "\(key).pub"], in: workshop.path)
        return "\(key).pub"
    }

    @Test(
        "a name that is not the registered one is refused, and named",
        arguments: [
            Named(testDescription: "acme.gw-2", subject: "/O=acme/CN=acme.gw-2"),
            Named(testDescription: "ACME.GW-1", subject: "/CN=ACME.GW-1"),
            Named(testDescription: "beta", subject: "/O=beta/CN=acme.gw-1"),
            Named(testDescription: "OU=", subject: "/O=acme/OU=yard/CN=acme.gw-1"),
            Named(testDescription: "beta.gw-1", subject: "/CN=acme.gw-1/CN=beta.gw-1"),
            Named(testDescription: "hs:gba-test/acme.gw-2", words: ["-addext", "subjectAltName=URI:hs:gba-test/acme.gw-2"]),
            Named(testDescription: "hs:other/acme.gw-1", words: ["-addext", "subjectAltName=URI:hs:other/acme.gw-1"]),
            Named(testDescription: "node.hk-1", words: ["-addext", san + ",DNS:node.hk-1"]),
            Named(testDescription: "broker.example.org", words: ["-addext", "subjectAltName=DNS:broker.example.org"]),
            Named(testDescription: "root@example.org", words: ["-addext", "subjectAltName=email:root@example.org"]),
        ])
    func foreign(_ named: Named) throws {
        let request = try CertificateRequest(body: workshop.request("device", subject: named.subject, named.words))
        let error = #expect(throws: RegistryError.self) { try request.check(for: gateway) }
        #expect(error?.code == .foreignName)
        #expect(error?.message.contains(named.testDescription) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("acme.gw-1") == true)
    }

    struct Kind: CustomTestStringConvertible {
        var testDescription: String
        var key: [String] = Workshop.p256
        var words: [String] = []
        var code: RegistryError.Code
        var word: String
    }

    @Test(
        "another kind of key or signature is refused, each with its own code and its name",
        arguments: [
            Kind(testDescription: "RSA", key: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], code: .rsaKey, word: "RSA"),
            Kind(testDescription: "RSA 4096", key: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4096"], code: .rsaKey, word: "RSA"),
            Kind(testDescription: "RSA-PSS", key: ["-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"], code: .rsaKey, word: "RSA"),
            Kind(
                testDescription: "RSA and SHA-1", key: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], words: ["-sha1"], code: .rsaKey,
                word: "RSA"),
            Kind(testDescription: "P-384", key: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"], code: .otherCurve, word: "P-384"),
            Kind(testDescription: "P-521", key: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"], code: .otherCurve, word: "P-521"),
            Kind(
                testDescription: "secp256k1", key: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"], code: .otherCurve,
                word: "secp256k1"),
            Kind(
                testDescription: "P-256 by its parameters", key: Workshop.p256 + ["-pkeyopt", "ec_param_enc:explicit"], code: .otherCurve,
                word: "does not name its curve"),
            Kind(testDescription: "Ed25519", key: ["-algorithm", "ED25519"], code: .otherKey, word: "1.3.101.112"),
            Kind(testDescription: "SHA-1", words: ["-sha1"], code: .weakHash, word: "SHA-1"),
            Kind(testDescription: "SHA-384", words: ["-sha384"], code: .otherAlgorithm, word: "1.2.840.10045.4.3.3"),
            Kind(testDescription: "SHA-512", words: ["-sha512"], code: .otherAlgorithm, word: "1.2.840.10045.4.3.4"),
        ])
    func otherKinds(_ kind: Kind) throws {
        try workshop.key("other", kind.key)
        let der = try workshop.request("other", kind.words)
        let error = #expect(throws: RegistryError.self) { _ = try CertificateRequest(body: der) }
        #expect(error?.code == kind.code)
        #expect(error?.message.contains(kind.word) == true, "\(error?.message ?? "")")
    }

    @Test("a compressed point is refused as a form")
    func compressed() throws {
        try workshop.key("device")
        try OpenSSLTool.output(["ec", "-in", "device.key", "-conv_form", "compressed", "-out", "small.key"], in: workshop.path)
        let der = try workshop.request("small")
        let error = #expect(throws: RegistryError.self) { _ = try CertificateRequest(body: der) }
        #expect(error?.code == .requestForm)
    }
}
