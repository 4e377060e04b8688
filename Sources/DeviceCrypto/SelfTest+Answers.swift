internal import AttestationFormat
internal import MerkleTree

extension SelfTest {
    /// FIPS 180-4's examples, and RFC 9162's two prefixes against the plain hash of the same bytes.
    static var hashAnswers: [KnownAnswer] {
        [
            KnownAnswer("SHA-256 of nothing") {
                SHA256.hash([]).isHex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
            },
            KnownAnswer("SHA-256 of \"abc\"") {
                SHA256.hash(bytes("abc")).isHex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
            },
            KnownAnswer("SHA-256 over two blocks") {
                SHA256.hash(bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))
                    .isHex("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
            },
            KnownAnswer("SHA-256 with a prefix") {
                let left = SHA256.hash(bytes("abc"))
                let right = SHA256.hash([])
                return SHA256.hash(prefix: 1, left, right) == SHA256.hash([1] + left.bytes + right.bytes)
                    && SHA256.hash(prefix: 0, bytes("abc").span) == SHA256.hash([0] + bytes("abc"))
            },
        ]
    }

    /// RFC 6979, A.2.5 (P-256, SHA-256, "sample"); s in its low form, since the published one is above n/2.
    static var signatureAnswers: [KnownAnswer] {
        [
            KnownAnswer("ECDSA P-256 signature of RFC 6979") {
                guard let signature = sampleSignature() else { return false }
                return signature.r.isHex("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716")
                    && signature.s.isHex("0834e36ad29a83bf2bc9385e491d6099c8fdf9d1ed67aa7ea5f51f93782857a9")
            },
            KnownAnswer("ECDSA P-256 verification accepts and refuses") {
                guard let signature = sampleSignature(), let key = try? SigningKey(pem: bytes(samplePEM)),
                    let verifier = P256Verifier(publicKey: key.publicKey)
                else { return false }
                return verifier.isValid(signature, for: bytes("sample")) && !verifier.isValid(signature, for: bytes("simple"))
            },
        ]
    }

    /// The tree of the eight test leaves of RFC 6962's reference code, and an encoding of RFC 8949's Appendix A.
    static var formatAnswers: [KnownAnswer] {
        [
            KnownAnswer("Merkle root and proof over eight leaves") {
                let leaves = sampleLeaves.map { MerkleTree<SHA256>.leafHash(of: $0) }
                var tree = MerkleNodes<SHA256>()
                for leaf in leaves { tree.append(leafHash: leaf) }
                guard tree.root.isHex("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
                    let path = tree.inclusionPath(index: 5)
                else { return false }
                return MerkleTree<SHA256>.isValidInclusion(path, leafHash: leaves[5], index: 5, size: 8, root: tree.root)
                    && !MerkleTree<SHA256>.isValidInclusion(path, leafHash: leaves[4], index: 5, size: 8, root: tree.root)
            },
            KnownAnswer("CBOR writes and reads, and refuses a longer form") {
                var writer = CBORWriter()
                writer.beginMap(2)
                writer.write("a" as UTF8Text)
                writer.write(UInt64(1))
                writer.write("b" as UTF8Text)
                writer.beginArray(2)
                writer.write(Int64(-500))
                writer.write(UInt64(1_000_000))
                var reader = CBORReader(writer.bytes)
                var longer = CBORReader([0x18, 0x17])
                return writer.bytes == [0xA2, 0x61, 0x61, 0x01, 0x61, 0x62, 0x82, 0x39, 0x01, 0xF3, 0x1A, 0x00, 0x0F, 0x42, 0x40]
                    && (try? reader.skipItem()) == 0..<15 && (try? longer.readUnsigned()) == nil
            },
        ]
    }

    /// The private key of RFC 6979, A.2.5: published, so it guards nothing.
    private static var samplePEM: StaticString {
        """
        -----BEGIN EC PRIVATE KEY-----
        MHcCAQEEIMmvqdhFunUWa1whV2ex1pNOUMPbNuibEnuKYisSD2choAoGCCqGSM49
        AwEHoUQDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Z5A/4QCLi8
        maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ==
        -----END EC PRIVATE KEY-----

        """
    }

    private static func sampleSignature() -> Signature? {
        guard let key = try? SigningKey(pem: bytes(samplePEM)) else { return nil }
        return try? key.sign(bytes("sample"))
    }

    private static var sampleLeaves: [[UInt8]] {
        [
            [], [0x00], [0x10], [0x20, 0x21], [0x30, 0x31], [0x40, 0x41, 0x42, 0x43], Array(0x50...0x57), Array(0x60...0x6F),
        ]
    }

    private static func bytes(_ text: StaticString) -> [UInt8] {
        text.withUTF8Buffer { Array($0) }
    }
}

extension Digest {
    /// Whether the bytes are those of 64 lower-case hex digits.
    fileprivate func isHex(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { digits in
            guard digits.count == 2 * Digest.byteCount else { return false }
            var index = 0
            for byte in bytes {
                guard Digest.hexDigit(byte >> 4) == digits[index], Digest.hexDigit(byte & 15) == digits[index + 1] else {
                    return false
                }
                index += 2
            }
            return true
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
