import AttestationFormat
@testable import DeviceRegistry
import MerkleTree
import RegistryTesting
import Testing

@Suite("Enrolment codes") struct EnrolmentCodeTests {
    let gateway = GatewayID("acme.gw-1")

    @Test("a code is 26 characters in groups of five, no two are the same, and each reads back")
    func form() throws {
        var texts: Set<String> = []
        for _ in 0..<1_000 {
            let code = EnrolmentCode()
            #expect(code.text.split(separator: "-").map(\.count) == [5, 5, 5, 5, 5, 1])
            #expect(code.text.allSatisfy { "0123456789ABCDEFGHJKMNPQRSTVWXYZ-".contains($0) })
            #expect(EnrolmentCode(code.text)?.bytes == code.bytes)
            texts.insert(code.text)
        }
        #expect(texts.count == 1_000)
    }

    @Test(
        "known numbers have known texts",
        arguments: [
            ([UInt8](repeating: 0, count: 16), "00000-00000-00000-00000-00000-0"),
            ([UInt8](repeating: 0xFF, count: 16), "7ZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-Z"),
            ([UInt8](repeating: 0, count: 15) + [32], "00000-00000-00000-00000-00001-0"),
        ])
    func known(_ bytes: [UInt8], _ text: String) {
        #expect(CrockfordBase32.text(of: bytes) == text)
        #expect(CrockfordBase32.bytes(of: text.utf8) == bytes)
    }

    @Test(
        "a code reads as people type it",
        arguments: ["7ZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZZZ10-1", "7zzzzzzzzzzzzzzzzzzzzzz101", " 7ZZZZ ZZZZZ ZZZZZ ZZZZZ ZZZIO L ", "7zzzz-zzzzz-zzzzz-zzzzz-zzzlo-i"])
    func typed(_ text: String) {
        #expect(EnrolmentCode(text)?.text == "7ZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZZZ10-1")
    }

    @Test(
        "what is no code is refused",
        arguments: [
            "", "-", "7ZZZZ", "7ZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ", "7ZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZZ", "8ZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-Z",
            "7ZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-U", "7ZZZZ_ZZZZZ_ZZZZZ_ZZZZZ_ZZZZZ_Z", "7ZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-\u{FF3A}", "7ZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-Z\0",
            String(repeating: "-", count: 60) + "7ZZZZZZZZZZZZZZZZZZZZZZZZZ",
        ])
    func refused(_ text: String) {
        #expect(EnrolmentCode(text) == nil)
    }

    @Test("a code does not describe itself, alone or within what holds it")
    func silent() throws {
        let code = EnrolmentCode()
        let gateway = try #require(gateway)
        let added = AddedDevice(gatewayID: gateway, code: code, codeExpiresSeconds: 0, needsApproval: false)
        let text = try EnrolmentText(url: "https://registry.example.org:8443", gatewayID: gateway, code: code)
        var dumped = ""
        dump(added, to: &dumped)
        dump(text, to: &dumped)
        for shown in ["\(code)", String(reflecting: code), "\(added)", String(reflecting: added), "\(text)", dumped] {
            #expect(!shown.contains(code.text))
            #expect(!shown.contains("\(code.bytes[0]), \(code.bytes[1])"))
        }
    }

    @Test("what is stored of a code is a hash that depends on the device and on each bit")
    func hash() throws {
        let code = EnrolmentCode()
        let (one, other) = (try #require(gateway), try #require(GatewayID("acme.gw-2")))
        #expect(code.hash(for: one).equalsInConstantTime(code.hash(for: one)))
        #expect(!code.hash(for: one).equalsInConstantTime(code.hash(for: other)))
        #expect(!code.hash(for: one).equalsInConstantTime(EnrolmentCode().hash(for: one)))
        var bytes = code.hash(for: one).bytes
        for index in bytes.indices {
            bytes[index] ^= 1
            #expect(try !#require(Digest(bytes)).equalsInConstantTime(code.hash(for: one)))
            bytes[index] ^= 1
        }
    }
}
