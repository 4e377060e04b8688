import AttestationFormat
import DeviceCrypto
import Foundation
import Testing

@Suite("Certificate requests")
struct CertificateRequestTests {
    private static func gateway(_ text: UTF8Text) throws -> GatewayID { try #require(GatewayID(text)) }

    private static func request(for gateway: GatewayID, subjectURI: UTF8Text?, key: SigningKey) throws -> [UInt8] {
        let request = CertificateRequest(for: gateway, subjectURI: subjectURI, publicKey: key.publicKey)
        return request.signed(try key.sign(request.bytesToSign))
    }

    @Test("openssl verifies the request's signature and reads subject, key and curve", arguments: ["acme.gw-1", "a.b", "\(String(repeating: "f", count: 31)).\(String(repeating: "d", count: 32))"])
    func subject(gateway: String) throws {
        let folder = try ScratchFolder()
        let key = try SigningKey.generate()
        let request = try Self.request(for: Self.gateway(UTF8Text(gateway)), subjectURI: nil, key: key)
        try folder.write("request", request)
        let told = try folder.openssl("req", "-inform", "DER", "-in", "request", "-verify", "-noout", "-text", "-nameopt", "RFC2253,utf8")
        #expect(told.code == 0 && told.output.contains("verify OK"), "\(told.output)")
        let firm = gateway.split(separator: ".")[0]
        #expect(told.output.contains("Subject: CN=\(gateway),O=\(firm)"), "\(told.output)")
        #expect(told.output.contains("NIST CURVE: P-256") && told.output.contains("ecdsa-with-SHA256") && told.output.contains("Version: 1 (0x0)"))
        #expect(!told.output.contains("Alternative"))
        try key.save(to: folder.path("key"))
        let public1 = try folder.openssl("req", "-inform", "DER", "-in", "request", "-noout", "-pubkey").output
        #expect(try folder.openssl("pkey", "-in", "key", "-pubout").output == public1)
    }

    @Test("a renewal asks for the URI of its certificate, and openssl reads it")
    func renewal() throws {
        let folder = try ScratchFolder()
        let request = try Self.request(for: Self.gateway("acme.gw-1"), subjectURI: "hs:pearl/acme.gw-1", key: SigningKey.generate())
        try folder.write("request", request)
        let told = try folder.openssl("req", "-inform", "DER", "-in", "request", "-verify", "-noout", "-text")
        #expect(told.code == 0 && told.output.contains("X509v3 Subject Alternative Name") && told.output.contains("URI:hs:pearl/acme.gw-1"), "\(told.output)")
    }

    @Test("a hundred keys give requests that openssl takes: no leading zero or sign goes wrong")
    func numbers() throws {
        let folder = try ScratchFolder()
        for _ in 0..<100 {
            let request = try Self.request(for: Self.gateway("acme.gw-1"), subjectURI: nil, key: SigningKey.generate())
            try folder.write("request", request)
            #expect(try folder.openssl("req", "-inform", "DER", "-in", "request", "-verify", "-noout").code == 0)
        }
    }

    @Test("a changed byte of a request is a wrong signature to openssl")
    func changed() throws {
        let folder = try ScratchFolder()
        var request = try Self.request(for: Self.gateway("acme.gw-1"), subjectURI: nil, key: SigningKey.generate())
        let place = try #require(request.firstIndex(of: UInt8(ascii: "w")))
        request[place] ^= 1
        try folder.write("request", request)
        #expect(try folder.openssl("req", "-inform", "DER", "-in", "request", "-verify", "-noout").output.contains("verify OK") == false)
    }

    @Test("base64 is openssl's, and comes back", arguments: 0..<70)
    func base64(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        let text = Base64.encode(bytes)
        #expect(String(decoding: text, as: UTF8.self) == Data(bytes).base64EncodedString())
        #expect(Base64.decode(text) == bytes)
        #expect(Base64.decode(Array(Data(bytes).base64EncodedString(options: [.lineLength64Characters, .endLineWithCarriageReturn, .endLineWithLineFeed]).utf8)) == bytes)
    }

    @Test("what is not strictly base64 is refused", arguments: ["A", "AA", "AAA", "AA=", "AAA=A", "A A=", "AB==", "AAAA====", "AAA-", "\u{0}AAA"])
    func notBase64(text: String) {
        #expect(Base64.decode(Array(text.utf8)) == nil)
    }
}
