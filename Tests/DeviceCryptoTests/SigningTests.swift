import AttestationFormat
@testable import DeviceCrypto
import Foundation
import MerkleTree
import Testing

/// The key of RFC 6979, A.2.5.
private let samplePEM = Array(
    """
    -----BEGIN EC PRIVATE KEY-----
    MHcCAQEEIMmvqdhFunUWa1whV2ex1pNOUMPbNuibEnuKYisSD2choAoGCCqGSM49
    AwEHoUQDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Z5A/4QCLi8
    maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ==
    -----END EC PRIVATE KEY-----

    """.utf8)

@Suite("Signing")
struct SigningTests {
    @Test(
        "signatures are those of RFC 6979, A.2.5, with s in its low form",
        arguments: [
            (
                "sample", "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716",
                // The published s is F7CB1C94...; this is n minus it.
                "0834E36AD29A83BF2BC9385E491D6099C8FDF9D1ED67AA7EA5F51F93782857A9"
            ),
            (
                "test", "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367",
                "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083"
            ),
        ])
    func knownAnswer(message: String, r: String, s: String) throws {
        let key = try SigningKey(pem: samplePEM)
        #expect(try key.sign(Array(message.utf8)).bytes == hex(r) + hex(s))
    }

    @Test("the public key is the one that belongs to the private key")
    func publicKey() throws {
        let key = try SigningKey(pem: samplePEM)
        #expect(key.publicKey.x.bytes == hex("60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"))
        #expect(key.publicKey.y.bytes == hex("7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"))
    }

    @Test("the same message gives the same signature, another message another one")
    func determinism() throws {
        let key = try SigningKey.generate()
        let first = try key.sign([1, 2, 3])
        #expect(try key.sign([1, 2, 3]) == first)
        #expect(try key.sign([1, 2, 4]) != first)
        #expect(try SigningKey.generate().publicKey != key.publicKey)
    }

    @Test("a signature that does not verify is not given out, in one step or in two")
    func faultySignature() throws {
        let stranger = try SigningKey.generate().publicKey
        let key = try SigningKey(pem: samplePEM, judgedBy: P256Verifier(publicKey: stranger))
        let signed = #expect(throws: DeviceCryptoError.self) { try key.sign([1, 2, 3]) }
        #expect(signed?.code == .signatureNotVerified)
        for _ in 0..<2 {
            try key.begin([1, 2, 3])
            let finished = #expect(throws: DeviceCryptoError.self) { try key.finish() }
            #expect(finished?.code == .signatureNotVerified)
        }
    }

    @Test("fifty signatures all verify, all with a low s, and none for another message or key")
    func signAndVerify() throws {
        let key = try SigningKey.generate()
        let verifier = try #require(P256Verifier(publicKey: key.publicKey))
        let strangersKey = try SigningKey.generate().publicKey
        let stranger = try #require(P256Verifier(publicKey: strangersKey))
        for number in 0..<50 {
            let message = Array("message \(number)".utf8)
            let signature = try key.sign(message)
            // The low form is checked by the type: reading the bytes back is the check.
            #expect(try Signature(validating: signature.bytes) == signature)
            #expect(verifier.isValid(signature, for: message))
            if number % 10 == 0 {
                #expect(!verifier.isValid(signature, for: message + [0]))
                #expect(!stranger.isValid(signature, for: message))
            }
        }
    }

    @Test("any flipped bit of a signature is refused")
    func flippedBits() throws {
        let key = try SigningKey.generate()
        let verifier = try #require(P256Verifier(publicKey: key.publicKey))
        let signature = try key.sign([7]).bytes
        for bit in stride(from: 0, to: 512, by: 7) {
            var changed = signature
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!verifier.isValid(rawSignature: changed, for: [7]), "bit \(bit)")
        }
    }

    @Test("as a port, begin takes one message at a time and finish gives its signature")
    func port() throws {
        let key = try SigningKey.generate()
        try key.begin([1])
        #expect(throws: DeviceCryptoError(.signerOutOfOrder)) { try key.begin([2]) }
        #expect(try key.finish() == (try key.sign([1])))
        #expect(throws: DeviceCryptoError(.signerOutOfOrder)) { try key.finish() }
        try key.begin([2])
        #expect(try key.finish() == (try key.sign([2])))
    }

    @Test("a point that is not on the curve makes no verifier")
    func offCurve() throws {
        let good = try SigningKey.generate().publicKey
        let bad = PublicKey(x: good.x, y: good.x)
        #expect(P256Verifier(publicKey: bad) == nil)
        #expect(P256Verifier(publicKey: PublicKey(x: Digest(), y: Digest())) == nil)
    }

    @Test("random bytes differ from call to call and have the length that was asked for")
    func random() throws {
        #expect(try SecureRandom.bytes(count: 0).isEmpty)
        #expect(try SecureRandom.bytes(count: 1_000).count == 1_000)
        #expect(try SecureRandom.bytes(count: 32) != SecureRandom.bytes(count: 32))
        #expect(try SecureRandom.word() != SecureRandom.word())
    }

    @Test("every known answer is given, and one that is not is named")
    func selfTest() {
        let outcomes = SelfTest.run([KnownAnswer("one and one is three") { 1 + 1 == 3 }])
        #expect(outcomes.count == 9)
        #expect(outcomes.filter { !$0.isPassed }.map(\.name) == ["one and one is three"])
    }
}

@Suite("Signatures and openssl")
struct OpenSSLTests {
    @Test("openssl verifies what we sign, with the key file that we wrote")
    func opensslVerifies() throws {
        let folder = try ScratchFolder()
        let key = try SigningKey.generate()
        try key.save(to: folder.path("seal.key"))
        #expect(try folder.openssl("ec", "-in", "seal.key", "-pubout", "-out", "seal.pub").code == 0)
        for number in 0..<8 {
            let message = Array("event \(number)".utf8)
            try folder.write("message", message)
            try folder.write("signature", derSignature(try key.sign(message).bytes))
            let result = try folder.openssl("dgst", "-sha256", "-verify", "seal.pub", "-signature", "signature", "message")
            #expect(result.code == 0, "\(result.output)")
        }
        try folder.write("message", Array("another event".utf8))
        #expect(try folder.openssl("dgst", "-sha256", "-verify", "seal.pub", "-signature", "signature", "message").code != 0)
    }

    @Test("we verify what openssl signs", arguments: ["SEC 1", "PKCS #8"])
    func weVerify(form: String) throws {
        let folder = try ScratchFolder()
        if form == "SEC 1" {
            try folder.openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "seal.key")
        } else {
            try folder.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-out", "seal.key")
        }
        try folder.write("seal.key", try folder.bytes("seal.key"), mode: 0o600)
        let key = try SigningKey.load(from: folder.path("seal.key"))
        let verifier = try #require(P256Verifier(publicKey: key.publicKey))
        let message = Array("what happened".utf8)
        try folder.write("message", message)
        for _ in 0..<4 {
            #expect(try folder.openssl("dgst", "-sha256", "-sign", "seal.key", "-out", "signature", "message").code == 0)
            let raw = rawSignature(try folder.bytes("signature"))
            #expect(verifier.isValid(rawSignature: raw, for: message))
            #expect(verifier.isValid(try Signature(normalizing: raw), for: message))
            #expect(!verifier.isValid(rawSignature: raw, for: message + message))
        }
    }
}
