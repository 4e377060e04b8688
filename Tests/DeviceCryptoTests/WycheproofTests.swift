import AttestationFormat
import DeviceCrypto
import Foundation
import HarborsealTesting
import Testing

/// Wycheproof's ECDSA cases, as far as these tests read them.
private struct Suite: Decodable {
    let testGroups: [Group]

    struct Group: Decodable {
        let publicKey: Key
        let tests: [Case]
    }

    struct Key: Decodable {
        let uncompressed: String
    }

    struct Case: Decodable {
        let tcId: Int
        let msg: String
        let sig: String
        let result: String
    }

    static func load() throws -> Suite {
        let bytes = try TestData.bytes("ecdsa/ecdsa_secp256r1_sha256_p1363_test.json")
        return try JSONDecoder().decode(Suite.self, from: Data(bytes))
    }
}

@Suite("Wycheproof, ECDSA on P-256 with SHA-256", .enabled(if: TestData.isPresent, Comment(rawValue: TestData.reason)))
struct WycheproofTests {
    @Test("raw verification judges all 262 cases as stated")
    func rawVerification() throws {
        var counts = (valid: 0, invalid: 0)
        for group in try Suite.load().testGroups {
            let publicKey = try #require(PublicKey(uncompressedPoint: hex(group.publicKey.uncompressed)))
            let verifier = try #require(P256Verifier(publicKey: publicKey))
            for test in group.tests {
                let isValid = verifier.isValid(rawSignature: hex(test.sig), for: hex(test.msg))
                #expect(isValid == (test.result == "valid"), "case \(test.tcId)")
                if isValid { counts.valid += 1 } else { counts.invalid += 1 }
            }
        }
        #expect(counts == (173, 89))
    }

    @Test("the strict layer accepts the 103 valid cases with a low s, and refuses the 70 with a high one and all invalid ones")
    func strictVerification() throws {
        var counts = (accepted: 0, refusedForHighS: 0, refused: 0)
        for group in try Suite.load().testGroups {
            let publicKey = try #require(PublicKey(uncompressedPoint: hex(group.publicKey.uncompressed)))
            let verifier = try #require(P256Verifier(publicKey: publicKey))
            for test in group.tests {
                do {
                    let signature = try Signature(validating: hex(test.sig))
                    let isValid = verifier.isValid(signature, for: hex(test.msg))
                    #expect(isValid == (test.result == "valid"), "case \(test.tcId)")
                    if isValid { counts.accepted += 1 } else { counts.refused += 1 }
                } catch {
                    let isHigh = (error as FormatError).code == .signatureHighS
                    #expect(isHigh || test.result == "invalid", "case \(test.tcId)")
                    if isHigh && test.result == "valid" { counts.refusedForHighS += 1 } else { counts.refused += 1 }
                }
            }
        }
        #expect(counts == (103, 70, 89))
    }
}
