import AttestationFormat
import DeviceCrypto
import Foundation
import HarborsealTesting
import MerkleTree
import Testing

@Suite("Signatures: 0 < r < n, 0 < s ≤ n/2")
struct SignatureTests {
    static let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
    static let orderLessOne = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550"
    static let half = "7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8"
    static let halfPlusOne = "7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a9"
    static let zero = String(repeating: "0", count: 64)
    static let one = String(repeating: "0", count: 63) + "1"
    static let all = String(repeating: "f", count: 64)

    @Test("the smallest and the largest numbers allowed are taken as they are", arguments: [(one, one), (orderLessOne, half)])
    func accepted(r: String, s: String) throws {
        let bytes = try #require(Hexadecimal.bytes(of: UTF8Text(r + s)))
        #expect(try Signature(validating: bytes).bytes == bytes)
        #expect(try Signature(normalizing: bytes).bytes == bytes)
    }

    @Test(
        "what is beyond them is refused by name",
        arguments: [
            (zero, one, FormatError.Code.signatureRange), (one, zero, .signatureRange), (order, one, .signatureRange),
            (all, one, .signatureRange), (one, order, .signatureRange), (one, all, .signatureRange),
            (one, halfPlusOne, .signatureHighS), (one, orderLessOne, .signatureHighS),
        ])
    func refused(r: String, s: String, code: FormatError.Code) throws {
        let bytes = try #require(Hexadecimal.bytes(of: UTF8Text(r + s)))
        #expect(throws: FormatError(code, at: 0)) { try Signature(validating: bytes) }
    }

    @Test("any other length is refused", arguments: [0, 1, 63, 65, 128])
    func lengths(count: Int) {
        let bytes = [UInt8](repeating: 1, count: count)
        #expect(throws: FormatError(.signatureLength, at: 0)) { try Signature(validating: bytes) }
        #expect(throws: FormatError(.signatureLength, at: 0)) { try Signature(normalizing: bytes) }
    }

    @Test("a signer's higher s becomes n - s", arguments: [(halfPlusOne, half), (orderLessOne, one)])
    func lowered(s: String, expected: String) throws {
        let bytes = try #require(Hexadecimal.bytes(of: UTF8Text(Self.one + s)))
        #expect(try Signature(normalizing: bytes).bytes == Hexadecimal.bytes(of: UTF8Text(Self.one + expected)))
    }

    struct Wycheproof: Decodable {
        struct Group: Decodable {
            struct Key: Decodable { let uncompressed: String }
            struct Case: Decodable {
                let msg: String
                let sig: String
                let result: String
            }
            let publicKey: Key
            let tests: [Case]
        }
        let testGroups: [Group]
    }

    @Test(
        "of the 173 valid Wycheproof signatures 103 are accepted, of the 89 invalid ones none",
        .enabled(if: TestData.isPresent, Comment(rawValue: TestData.reason)))
    func wycheproof() throws {
        let data = Data(try TestData.bytes("ecdsa/ecdsa_secp256r1_sha256_p1363_test.json"))
        var accepted = ["valid": 0, "invalid": 0]
        var total = ["valid": 0, "invalid": 0]
        for group in try JSONDecoder().decode(Wycheproof.self, from: data).testGroups {
            let point = try #require(Hexadecimal.bytes(of: UTF8Text(group.publicKey.uncompressed)))
            let key = try #require(PublicKey(uncompressedPoint: point))
            let verifier = try #require(P256Verifier(publicKey: key))
            for test in group.tests {
                total[test.result, default: 0] += 1
                let message = try #require(Hexadecimal.bytes(of: UTF8Text(test.msg)))
                let bytes = try #require(Hexadecimal.bytes(of: UTF8Text(test.sig)))
                guard let signature = try? Signature(validating: bytes), verifier.isValid(signature, for: message) else { continue }
                accepted[test.result, default: 0] += 1
            }
        }
        #expect(total == ["valid": 173, "invalid": 89])
        #expect(accepted == ["valid": 103, "invalid": 0])
    }
}

@Suite("Public keys")
struct PublicKeyTests {
    /// The example of RFC 9679, section 6: an EC2 key on P-256 and its thumbprint.
    static let x = "65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d"
    static let y = "1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c"
    static let thumbprint = "496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec"

    private func example() throws -> PublicKey {
        let point = try #require(Hexadecimal.bytes(of: UTF8Text("04" + PublicKeyTests.x + PublicKeyTests.y)))
        return try #require(PublicKey(uncompressedPoint: point))
    }

    @Test("the key id is the thumbprint of RFC 9679's example")
    func thumbprint() throws {
        #expect(try example().keyID(using: SHA256.self).bytes == Hexadecimal.bytes(of: UTF8Text(PublicKeyTests.thumbprint)))
    }

    @Test("a point comes back as it went in, and no other form of a point is taken")
    func points() throws {
        let key = try example()
        #expect(PublicKey(uncompressedPoint: key.uncompressedPoint) == key)
        #expect(PublicKey(uncompressedPoint: [2] + key.x.bytes) == nil)
        #expect(PublicKey(uncompressedPoint: key.uncompressedPoint + [0]) == nil)
        #expect(PublicKey(uncompressedPoint: [6] + key.uncompressedPoint.dropFirst()) == nil)
    }
}
