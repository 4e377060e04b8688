import AllianceTrust
import AttestationFormat
@testable import DeviceRegistry
import Foundation
import RegistryTesting
import Testing

@Suite("Spoiled certificate requests") struct SpoiledRequestTests {
    let workshop: Workshop
    let good: [UInt8]

    init() throws {
        workshop = try Workshop()
        good = try workshop.request("device", subject: "/O=acme/CN=acme.gw-1", ["-addext", "subjectAltName=URI:hs:gba-test/acme.gw-1"])
    }

    private func refusal(_ body: [UInt8]) -> RegistryError.Code? {
        do {
            _ = try CertificateRequest(body: body)
            return nil
        } catch {
            return (error as? RegistryError)?.code
        }
    }

    @Test("a signature with one bit changed, or by another key, proves nothing")
    func signature() throws {
        var changed = good
        changed[changed.count - 1] ^= 1
        #expect(refusal(changed) == .requestSignature)
        // The signature of another key's request behind this one's information: both have the same length in nearly all cases.
        let other = try workshop.request("stranger", subject: "/O=acme/CN=acme.gw-1", ["-addext", "subjectAltName=URI:hs:gba-test/acme.gw-1"])
        var swapped = good
        if other.count == good.count { swapped.replaceSubrange((good.count - 64)..., with: other.suffix(64)) } else { swapped[good.count - 2] ^= 4 }
        #expect(refusal(swapped) == .requestSignature || refusal(swapped) == .requestForm)
    }

    @Test("each single bit that is changed is refused, and nothing traps")
    func everyBit() {
        var codes: Set<RegistryError.Code> = []
        for index in good.indices {
            for bit in 0..<8 {
                var changed = good
                changed[index] ^= 1 << UInt8(bit)
                let code = refusal(changed)
                #expect(code != nil, "byte \(index), bit \(bit)")
                if let code { codes.insert(code) }
            }
        }
        #expect(codes.isSuperset(of: [.requestForm, .requestSignature, .otherKey, .otherCurve, .otherAlgorithm]))
    }

    @Test("each shorter piece, and one with something behind it, is refused as a form")
    func everyLength() {
        for count in 0..<good.count { #expect(refusal(Array(good[..<count])) == .requestForm, "\(count) bytes") }
        #expect(refusal(good + [0]) == .requestForm)
        #expect(refusal(good + good) == .requestForm)
    }

    @Test("what is neither DER nor base64 is refused as a form, PEM with a word of how to send it")
    func otherForms() throws {
        let pem = try OpenSSLTool.output(["req", "-inform", "DER", "-in", "device.csr"], in: workshop.path)
        let error = #expect(throws: RegistryError.self) { _ = try CertificateRequest(body: Array(pem.utf8)) }
        #expect(error?.code == .requestForm)
        #expect(error?.nextStep?.contains("-outform DER") == true)
        let base64 = Data(good).base64EncodedString()
        for body in ["", "\n", "hello", "{}", "%%%", base64 + "*", "=" + base64, String(base64.dropLast(3)), base64 + base64] {
            #expect(refusal(Array(body.utf8)) == .requestForm, "\(body.prefix(20))")
        }
        #expect(refusal([UInt8](repeating: 0xFF, count: 500)) == .requestForm)
        #expect(refusal([0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF]) == .requestForm)
        #expect(refusal([UInt8](repeating: 0x30, count: 4_096)) == .requestForm)
        #expect(refusal((0..<4_096).map { $0 % 2 == 0 ? 0x30 : 0x80 }) == .requestForm)
        // A certificate is no request.
        #expect(refusal(try TestRegistry().acme.certificate.der) == .requestForm)
    }

    @Test("a request larger than any that belongs here is refused before it is parsed")
    func tooLarge() throws {
        let names = (0..<150).map { "URI:hs:gba-test/acme.gw-1-\($0)" }.joined(separator: ",")
        let large = try workshop.request("device", ["-addext", "subjectAltName=" + names])
        #expect(large.count > 4_096 && large.count < 8_192)
        #expect(refusal(large) == .tooLarge)
        #expect(refusal(Array(Data(large).base64EncodedString().utf8)) == .tooLarge)
        #expect(refusal([UInt8](repeating: 0x30, count: 10_000_000)) == .tooLarge)
    }
}
