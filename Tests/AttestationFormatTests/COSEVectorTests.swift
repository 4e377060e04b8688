import AttestationFormat
import DeviceCrypto
import Foundation
import HarborsealTesting
import MerkleTree
import Testing

/// The COSE working group's COSE_Sign1 examples under the rules of section 1.
@Suite("COSE_Sign1 of the working group", .enabled(if: TestData.isPresent, Comment(rawValue: TestData.reason)))
struct COSEVectorTests {
    struct Example: Decodable {
        struct Input: Decodable {
            struct Sign0: Decodable {
                struct Key: Decodable {
                    let x: String
                    let y: String
                }
                let key: Key
                let external: String?
            }
            let sign0: Sign0
        }
        struct Intermediates: Decodable {
            let ToBeSign_hex: String
        }
        struct Output: Decodable {
            let cbor: String
        }
        let input: Input
        let intermediates: Intermediates
        let output: Output

        init(_ name: String) throws {
            self = try JSONDecoder().decode(Example.self, from: Data(try TestData.bytes("cose/\(name).json")))
        }

        var message: [UInt8] { get throws { try bytes(output.cbor) } }
        var externalData: [UInt8] { get throws { try bytes(input.sign0.external ?? "") } }
        var toBeSigned: [UInt8] { get throws { try bytes(intermediates.ToBeSign_hex) } }

        var verifier: P256Verifier {
            get throws {
                let x = try #require(Digest(coordinate(input.sign0.key.x)))
                let y = try #require(Digest(coordinate(input.sign0.key.y)))
                return try #require(P256Verifier(publicKey: PublicKey(x: x, y: y)))
            }
        }

        private func bytes(_ hex: String) throws -> [UInt8] {
            try #require(Hexadecimal.bytes(of: UTF8Text(hex.lowercased())))
        }

        private func coordinate(_ text: String) -> [UInt8] {
            let standard = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
            return Array(Data(base64Encoded: standard + "=") ?? Data())
        }
    }

    @Test("a good message with external data verifies through its Sig_structure")
    func externalData() throws {
        let example = try Example("sign-pass-02")
        let message = try COSESign1(parsing: example.message, limit: 4_096)
        let bytes = message.bytesToVerify(externalData: try example.externalData)
        #expect(try bytes == example.toBeSigned)
        #expect(try example.verifier.isValid(message.signature, for: bytes))
        #expect(try !example.verifier.isValid(message.signature, for: message.bytesToVerify()))
    }

    @Test("alg in the unprotected header is refused, although the signature is good")
    func algorithmUnprotected() throws {
        let example = try Example("sign-pass-01")
        #expect(throws: FormatError(.algorithm, at: 3)) { try COSESign1(parsing: example.message, limit: 4_096) }
    }

    @Test("a message without its tag is refused, although the signature is good")
    func untagged() throws {
        let example = try Example("sign-pass-03")
        #expect(throws: FormatError(.untagged, at: 0)) { try COSESign1(parsing: example.message, limit: 4_096) }
    }

    @Test(
        "a message that must fail is malformed",
        arguments: [
            ("sign-fail-01", FormatError.Code.forbiddenTag), ("sign-fail-03", .algorithm), ("sign-fail-04", .algorithm),
        ])
    func malformed(name: String, code: FormatError.Code) throws {
        let example = try Example(name)
        let refusal = #expect(throws: FormatError.self) { try COSESign1(parsing: example.message, limit: 4_096) }
        #expect(refusal?.code == code)
    }

    @Test("a message that must fail is refused, or its signature is not valid", arguments: ["sign-fail-02", "sign-fail-06", "sign-fail-07"])
    func invalid(name: String) throws {
        let example = try Example(name)
        let verifier = try example.verifier
        let message = try? COSESign1(parsing: example.message, limit: 4_096)
        let isValid = message.map { verifier.isValid($0.signature, for: $0.bytesToVerify()) } ?? false
        #expect(!isValid)
    }

    @Test("a good message whose s is above n/2 is refused for that alone")
    func highS() throws {
        let example = try Example("ecdsa-sig-01")
        let message = try example.message
        #expect(throws: FormatError(.signatureHighS, at: message.count - 64)) { try COSESign1(parsing: message, limit: 4_096) }
        #expect(try example.verifier.isValid(rawSignature: Array(message.suffix(64)), for: example.toBeSigned))
        // n - s is as valid, and is what the format accepts.
        let lowered = try Signature(normalizing: Array(message.suffix(64)))
        let mended = try COSESign1(parsing: Array(message.dropLast(64)) + lowered.bytes, limit: 4_096)
        #expect(try example.verifier.isValid(mended.signature, for: mended.bytesToVerify()))
    }

    @Test("a message above the limit is not looked at")
    func limit() throws {
        let message = try Example("sign-pass-02").message
        #expect(throws: FormatError(.limitExceeded, at: 0)) { try COSESign1(parsing: message, limit: message.count - 1) }
    }
}
