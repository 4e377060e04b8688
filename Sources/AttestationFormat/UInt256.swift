import MerkleTree

/// A 256-bit unsigned number, most significant word first: as much arithmetic as the range of r and s needs.
struct UInt256: Comparable {
    let words: (UInt64, UInt64, UInt64, UInt64)

    /// n, the order of the P-256 group (FIPS 186-5; SP 800-186, 3.2.1.3).
    static let groupOrder = UInt256(
        0xFFFF_FFFF_0000_0000, 0xFFFF_FFFF_FFFF_FFFF, 0xBCE6_FAAD_A717_9E84, 0xF3B9_CAC2_FC63_2551)

    /// n / 2, rounded down.
    static let halfGroupOrder = UInt256(
        0x7FFF_FFFF_8000_0000, 0x7FFF_FFFF_FFFF_FFFF, 0xDE73_7D56_D38B_CF42, 0x79DC_E561_7E31_92A8)

    init(_ first: UInt64, _ second: UInt64, _ third: UInt64, _ fourth: UInt64) {
        words = (first, second, third, fourth)
    }

    /// Reads 32 bytes, most significant first.
    init(_ digest: Digest) {
        words = digest.withUnsafeBytes { bytes in
            (
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
            )
        }
    }

    /// This number less a smaller one.
    func subtracting(_ other: UInt256) -> UInt256 {
        let fourth = words.3.subtractingReportingOverflow(other.words.3)
        let third = UInt256.subtract(words.2, other.words.2, borrow: fourth.overflow)
        let second = UInt256.subtract(words.1, other.words.1, borrow: third.borrow)
        let first = UInt256.subtract(words.0, other.words.0, borrow: second.borrow)
        return UInt256(first.word, second.word, third.word, fourth.partialValue)
    }

    private static func subtract(_ left: UInt64, _ right: UInt64, borrow: Bool) -> (word: UInt64, borrow: Bool) {
        let difference = left.subtractingReportingOverflow(right)
        let result = difference.partialValue.subtractingReportingOverflow(borrow ? 1 : 0)
        return (result.partialValue, difference.overflow || result.overflow)
    }

    /// Appends 32 bytes, most significant first.
    func append(to bytes: inout [UInt8]) {
        for word in [words.0, words.1, words.2, words.3] {
            var shift: UInt64 = 64
            while shift > 0 {
                shift -= 8
                bytes.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
    }

    static func == (left: UInt256, right: UInt256) -> Bool {
        left.words == right.words
    }

    static func < (left: UInt256, right: UInt256) -> Bool {
        left.words < right.words
    }
}
