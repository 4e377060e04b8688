import AttestationFormat
import DeviceRegistry
import MerkleTree
import RegistryTesting
import Testing

@Suite("Enrolment texts") struct EnrolmentTextTests {
    static let code = "7ZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZZZ10-1"
    static let start = "harborseal-enrol:1?"
    static let hash = String(repeating: "0f", count: 32)

    @Test(
        "a text says what it was made of",
        arguments: ["https://registry.example.org:8443", "https://registry.example.org", "https://192.0.2.7:1", "https://[2001:db8::1]:65535", "https://[::1]"])
    func whole(_ url: String) throws {
        let digest = try #require(Digest([UInt8](repeating: 0x0F, count: 32)))
        let gateway = try #require(GatewayID("acme.gw-1"))
        let code = try #require(EnrolmentCode(Self.code))
        for (link, trust) in [(nil, nil), (digest, nil), (nil, digest), (digest, digest)] as [(Digest?, Digest?)] {
            let text = try EnrolmentText(url: url, gatewayID: gateway, code: code, linkAuthorityHash: link, trustFileHash: trust).text
            let expected = "\(Self.start)url=\(url)&device=acme.gw-1&code=\(Self.code)"
            #expect(text == expected + (link == nil ? "" : "&ca=\(Self.hash)") + (trust == nil ? "" : "&trust=\(Self.hash)"))
            let parsed = try EnrolmentText(parsing: " \(text)\r\n")
            #expect(parsed.url == url && parsed.gatewayID == gateway && parsed.code.text == Self.code)
            #expect(parsed.linkAuthorityHash == link && parsed.trustFileHash == trust)
        }
    }

    @Test("the order of the parts does not matter")
    func order() throws {
        let parsed = try EnrolmentText(parsing: "\(Self.start)code=\(Self.code)&ca=\(Self.hash)&device=acme.gw-1&url=https://r")
        #expect(parsed.url == "https://r")
    }

    @Test(
        "anything else is refused, and the message never holds the code",
        arguments: [
            "", "harborseal", "url=https://r&device=acme.gw-1&code=\(code)", "harborseal-enrol:2?url=https://r&device=acme.gw-1&code=\(code)",
            "HARBORSEAL-ENROL:1?url=https://r&device=acme.gw-1&code=\(code)", start, "\(start)url=https://r&device=acme.gw-1",
            "\(start)device=acme.gw-1&code=\(code)", "\(start)url=https://r&code=\(code)", "\(start)url=https://r&device=acme.gw-1&code=\(code)&",
            "\(start)url=https://r&device=acme.gw-1&code=\(code)&code=\(code)", "\(start)url=https://r&device=acme.gw-1&code=\(code)&x=1",
            "\(start)url=https://r&device=acme.gw-1&code=\(code)1", "\(start)url=https://r&device=acme.gw-1&code=",
            "\(start)url=https://r&device=acme.gw-1.x&code=\(code)", "\(start)url=https://r&device=node.gw-1&code=\(code)",
            "\(start)url=https://r&device=ACME.gw-1&code=\(code)", "\(start)url=https://r&device=acme.gw-1&code=\(code)&ca=0f",
            "\(start)url=https://r&device=acme.gw-1&code=\(code)&ca=\(hash.uppercased())", "\(start)url=https://r&device=acme.gw-1&code=\(code)&ca",
            "\(start)url=https://r&device=acme.gw-1&code=\(code)&trust=\(hash)0f", "\(start)url=http://r&device=acme.gw-1&code=\(code)",
            "\(start)url=https://&device=acme.gw-1&code=\(code)", "\(start)url=https://r/&device=acme.gw-1&code=\(code)",
            "\(start)url=https://r/path&device=acme.gw-1&code=\(code)", "\(start)url=https://u@r&device=acme.gw-1&code=\(code)",
            "\(start)url=https://r:0&device=acme.gw-1&code=\(code)", "\(start)url=https://r:65536&device=acme.gw-1&code=\(code)",
            "\(start)url=https://r:+1&device=acme.gw-1&code=\(code)", "\(start)url=https://r:&device=acme.gw-1&code=\(code)",
            "\(start)url=https://r?x&device=acme.gw-1&code=\(code)", "\(start)url=https://r\u{202E}&device=acme.gw-1&code=\(code)",
            "\(start)url=https://[::1&device=acme.gw-1&code=\(code)", "\(start)url=https://[::1]x&device=acme.gw-1&code=\(code)",
            "\(start)url=https://[r]&device=acme.gw-1&code=\(code)", "\(start)url=https://r b&device=acme.gw-1&code=\(code)",
            "\(start)url=https://r&device=acme.gw-1&code=\(code)" + String(repeating: " ", count: 1_000),
        ])
    func refused(_ text: String) {
        let error = #expect(throws: RegistryError.self) { _ = try EnrolmentText(parsing: text) }
        #expect(error?.code == .enrolmentText)
        #expect(error.map { "\($0)".contains(Self.code) } == false)
        #expect(error?.message.contains("\n") == false)
    }
}
