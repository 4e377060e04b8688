import AttestationFormat
import MerkleTree
import Testing

@testable import DeviceEnrolment

@Suite("Enrolment texts")
struct EnrolmentTextTests {
    static let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    static let code = "71234-ABCDE-FGHJK-MNPQR-STVWX-Y"

    static func text(
        url: String = "https://registry.example.org:8443", device: String = "acme.gw-1", code: String = code, ca: String = hash, more: String = ""
    ) -> UTF8Text {
        UTF8Text("harborseal-enrol:1?url=\(url)&device=\(device)&code=\(code)&ca=\(ca)\(more)")
    }

    @Test("address, gateway, code and hash are read, and unknown keys passed over")
    func whole() throws {
        let text = try EnrolmentText(parsing: Self.text(more: "&colour=blue"))
        #expect(text.address == RegistryAddress(host: "registry.example.org", port: 8443))
        #expect(text.gateway.text == "acme.gw-1")
        #expect(text.code.text == "71234ABCDEFGHJKMNPQRSTVWXY")
        #expect(text.authorityHash.hexadecimal == Self.hash)
        #expect(text.trustHash == nil && text.brokers == nil)
    }

    @Test("the trust file's hash and brokers come along, percent-encoded or not")
    func options() throws {
        let text = try EnrolmentText(parsing: Self.text(
            url: "https%3A%2F%2F[2001:db8::1]", more: "&trust=\(Self.hash.uppercased())&broker=mqtt.example.org%2Cb.example.org:8884"))
        #expect(text.address == RegistryAddress(host: "2001:db8::1", port: 443))
        #expect(text.address.text == "[2001:db8::1]:443")
        #expect(text.trustHash?.hexadecimal == Self.hash)
        #expect(text.brokers == "mqtt.example.org,b.example.org:8884")
    }

    @Test("a text that is not whole is refused with what is missing", arguments: [
        ("", ""), ("harborseal-enrol:2?url=https://a", ""), ("https://registry.example.org", ""),
        ("harborseal-enrol:1?device=acme.gw-1&code=\(code)&ca=\(hash)", "url"),
        ("harborseal-enrol:1?url=https://a&code=\(code)&ca=\(hash)", "device"),
        ("harborseal-enrol:1?url=https://a&device=acme.gw-1&ca=\(hash)", "code"),
        ("harborseal-enrol:1?url=https://a&device=acme.gw-1&code=\(code)", "ca"),
        ("harborseal-enrol:1?url=https://a&url=https://b&device=acme.gw-1&code=\(code)&ca=\(hash)", ""),
        ("harborseal-enrol:1?url=https://a&device=acme&code=\(code)&ca=\(hash)", "device"),
        ("harborseal-enrol:1?url=https://a&device=node.gw-1&code=\(code)&ca=\(hash)", "device"),
        ("harborseal-enrol:1?url=https://a&device=acme.gw-1&code=\(code)&ca=abcd", "ca"),
        ("harborseal-enrol:1?url=https://a&device=acme.gw-1&code=\(code)&ca=\(hash)&trust=1", "trust"),
        ("harborseal-enrol:1?url=https://a&device=acme.gw-1&code=\(code)&ca=\(hash)&x=%0A", ""),
        ("harborseal-enrol:1?url=https://a&device=acme.gw-1&code=\(code)&ca=\(hash)&x=%4", ""),
        ("harborseal-enrol:1?url=https://a&device=acme.gw-1&code=\(code)&ca=\(hash)&loose", ""),
    ])
    func refused(text: String, key: String) {
        #expect(throws: EnrolmentError(.badText, UTF8Text(key))) { try EnrolmentText(parsing: UTF8Text(text)) }
    }

    @Test("a code is read whatever its case and hyphens, with O for 0, and I and L for 1", arguments: [
        "71234ABCDEFGHJKMNPQRSTVWXY", "7i234-abcde-fghjk-mnpqr-stvwx-y", "7L234-ABCDE-FGHJK-MNPQR-STVWX-Y", "--71234ABCDEFGHJKMNPQRSTVWXY-",
    ])
    func codes(typed: String) throws {
        #expect(try EnrolmentCode(UTF8Text(typed)).text == "71234ABCDEFGHJKMNPQRSTVWXY")
        #expect(try EnrolmentCode("oO000-00000-00000-00000-00000-0").text == "00000000000000000000000000")
    }

    @Test("what is no code is refused before anything is sent", arguments: [
        "", "71234", "71234ABCDEFGHJKMNPQRSTVWX", "71234ABCDEFGHJKMNPQRSTVWXYZ", "U1234ABCDEFGHJKMNPQRSTVWXY", "71234 ABCDEFGHJKMNPQRSTVWXY",
        "71234ÄBCDEFGHJKMNPQRSTVWX",
    ])
    func badCodes(typed: String) {
        #expect(throws: EnrolmentError(.badCode)) { try EnrolmentCode(UTF8Text(typed)) }
    }

    @Test("only https with a host is a registry's address", arguments: [
        "http://a", "https://", "https://a/path", "https://a:0", "https://a:65536", "https://a b", "https://user@a", "https://a?x", "ftp://a", "a",
    ])
    func addresses(url: String) {
        let error = #expect(throws: EnrolmentError.self) { try RegistryAddress(url: UTF8Text(url)) }
        #expect(error?.code == .badAddress)
    }
}
