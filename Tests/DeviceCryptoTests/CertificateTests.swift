import AttestationFormat
import DeviceCrypto
import Foundation
import MerkleTree
import Testing

/// Makes certificates with the real `openssl`.
private struct Issuer {
    let folder: ScratchFolder

    init() throws {
        folder = try ScratchFolder()
    }

    func certificate(
        subject: String = "/O=acme/CN=acme.gw-1", extensions: [String] = ["subjectAltName=URI:hs:pearl/acme.gw-1"],
        key: [String] = ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"], days: Int = 30, form: String = "DER"
    ) throws -> [UInt8] {
        var arguments = ["req", "-x509", "-nodes", "-newkey"] + key
        arguments += ["-keyout", "seal.key", "-out", "seal.crt", "-outform", form, "-subj", subject, "-days", "\(days)", "-sha256"]
        for text in extensions { arguments += ["-addext", text] }
        try? FileManager.default.removeItem(at: folder.url.appendingPathComponent("seal.crt"))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.currentDirectoryURL = folder.url
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return try folder.bytes("seal.crt")
    }
}

@Suite("Certificates")
struct CertificateTests {
    @Test("names, URI, validity, usage, serial and key of a seal certificate are read")
    func facts() throws {
        let issuer = try Issuer()
        let before = Int64(Date().timeIntervalSince1970)
        let der = try issuer.certificate(extensions: [
            "subjectAltName=DNS:gw-1.example,URI:hs:pearl/acme.gw-1", "keyUsage=critical,digitalSignature",
            "extendedKeyUsage=1.3.6.1.5.5.7.3.36",
        ])
        let certificate = try UnverifiedCertificate(der: der)
        #expect(certificate.commonName == "acme.gw-1")
        #expect(certificate.organization == "acme")
        #expect(certificate.subjectURI == "hs:pearl/acme.gw-1")
        #expect(certificate.usages == .documentSigning)
        #expect(certificate.derBytes == der)
        #expect(abs(certificate.notBeforeSeconds - before) <= 60)
        #expect(certificate.notAfterSeconds - certificate.notBeforeSeconds == 30 * 86_400)
        #expect(certificate.isValid(atSeconds: before + 86_400))
        #expect(!certificate.isValid(atSeconds: 0))
        #expect(!certificate.isValid(atSeconds: before + 31 * 86_400))
        let serial = try issuer.folder.openssl("x509", "-inform", "DER", "-in", "seal.crt", "-noout", "-serial").output
        let digits = certificate.serialNumber.drop { $0 == 0 }.map { String(format: "%02X", $0) }.joined()
        #expect(serial.contains(digits))
        try issuer.folder.write("seal.key", try issuer.folder.bytes("seal.key"), mode: 0o600)
        #expect(try SigningKey.load(from: issuer.folder.path("seal.key")).publicKey == certificate.publicKey)
    }

    @Test("PEM gives the same certificate as DER, also behind a text form and with CR LF")
    func pem() throws {
        let issuer = try Issuer()
        let der = try issuer.certificate()
        try issuer.folder.openssl("x509", "-inform", "DER", "-in", "seal.crt", "-text", "-out", "seal.pem")
        let pem = try issuer.folder.bytes("seal.pem")
        #expect(try UnverifiedCertificate(pemOrDER: pem).derBytes == der)
        let withReturns = Array(String(decoding: pem, as: UTF8.self).replacingOccurrences(of: "\n", with: "\r\n").utf8)
        #expect(try UnverifiedCertificate(pemOrDER: withReturns).derBytes == der)
        #expect(try UnverifiedCertificate.load(from: issuer.folder.path("seal.pem")).derBytes == der)
        #expect(try UnverifiedCertificate.load(from: issuer.folder.path("seal.crt")).derBytes == der)
    }

    @Test("the root's key is read although its certificate has critical name constraints")
    func root() throws {
        let issuer = try Issuer()
        let der = try issuer.certificate(
            subject: "/O=pearl/CN=pearl root",
            extensions: [
                "nameConstraints=critical,permitted;email:example.org", "keyUsage=critical,keyCertSign,cRLSign",
            ])
        let certificate = try UnverifiedCertificate(der: der)
        #expect(P256Verifier(publicKey: certificate.publicKey) != nil)
        #expect(certificate.usages == [])
        #expect(certificate.subjectURI == nil)
    }

    @Test("dates beyond 2049, which have another form, are read")
    func lateDates() throws {
        let certificate = try UnverifiedCertificate(der: Issuer().certificate(days: 20_000))
        #expect(certificate.notAfterSeconds - certificate.notBeforeSeconds == 20_000 * 86_400)
    }

    @Test(
        "certificates over other keys are refused",
        arguments: [["rsa:2048"], ["ec", "-pkeyopt", "ec_paramgen_curve:secp384r1"], ["ed25519"]])
    func otherKeys(key: [String]) throws {
        let der = try Issuer().certificate(key: key)
        #expect(throws: DeviceCryptoError(.certificateNotP256)) { try UnverifiedCertificate(der: der) }
    }

    @Test(
        "a certificate that leaves open who it is for is refused",
        arguments: [
            ("/O=acme/CN=one/CN=two", []), ("/O=acme/O=other/CN=one", []),
            ("/O=acme/CN=one", ["subjectAltName=URI:hs:pearl/acme.gw-1,URI:hs:pearl/acme.gw-2"]),
        ])
    func ambiguous(subject: String, extensions: [String]) throws {
        let der = try Issuer().certificate(subject: subject, extensions: extensions)
        let error = #expect(throws: DeviceCryptoError.self) { try UnverifiedCertificate(der: der) }
        guard case .certificateMalformed = error?.code else { return #expect(Bool(false), "\(String(describing: error))") }
    }

    @Test("a certificate cut at any byte, or with one byte more, is refused")
    func truncated() throws {
        let der = try Issuer().certificate()
        for count in der.indices {
            #expect(throws: DeviceCryptoError.self, "\(count) bytes") { try UnverifiedCertificate(der: Array(der[..<count])) }
        }
        #expect(throws: DeviceCryptoError.self) { try UnverifiedCertificate(der: der + [0]) }
    }

    @Test("no flipped bit and no random bytes crash the reader")
    func hostile() throws {
        let der = try Issuer().certificate()
        for bit in 0..<der.count * 8 {
            var changed = der
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            _ = try? UnverifiedCertificate(der: changed)
        }
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            let bytes = (0..<Int.random(in: 0...200, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
            #expect(throws: DeviceCryptoError.self) { try UnverifiedCertificate(pemOrDER: [0x30] + bytes) }
        }
    }

    @Test(
        "lengths that DER does not allow are refused",
        arguments: [
            [0x30, 0x80, 0x00, 0x00], [0x30, 0x81, 0x05, 1, 2, 3, 4, 5], [0x30, 0x82, 0x00, 0x80], [0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF],
            [0x30, 0xFF], [0x30], [0x3F, 0x81, 0x00], [],
        ] as [[UInt8]])
    func lengths(bytes: [UInt8]) {
        #expect(throws: DeviceCryptoError.self) { try UnverifiedCertificate(der: bytes) }
    }

    @Test(
        "damaged PEM is refused",
        arguments: [
            "", "-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\nMIIB\n", "-----BEGIN CERTIFICATE-----\nM*IB\n-----END CERTIFICATE-----\n",
            "-----BEGIN CERTIFICATE-----\nMIIB=A==\n-----END CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\nMI\n-----END CERTIFICATE-----\n",
            "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n",
        ])
    func damagedPEM(text: String) {
        #expect(throws: DeviceCryptoError(.certificateMalformed(offset: 0))) { try UnverifiedCertificate(pemOrDER: Array(text.utf8)) }
    }
}
