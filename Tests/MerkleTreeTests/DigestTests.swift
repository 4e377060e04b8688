import DeviceCrypto
import MerkleTree
import Testing

@Suite("Digests")
struct DigestTests {
    @Test("32 bytes come back as they went in")
    func roundTrip() throws {
        let bytes = (0..<32).map { UInt8($0) }
        let digest = try #require(Digest(bytes))
        #expect(digest.bytes == bytes)
        var appended: [UInt8] = [7]
        digest.append(to: &appended)
        #expect(appended == [7] + bytes)
        #expect(Digest(reading: ([9, 9] + bytes).span, at: 2) == digest)
    }

    @Test("any other number of bytes is refused", arguments: [0, 1, 31, 33, 64])
    func wrongLengths(count: Int) {
        #expect(Digest(Array(repeating: 1, count: count)) == nil)
    }

    @Test("reading beyond the end is refused", arguments: [1, 32, Int.max, -1, Int.min])
    func outside(offset: Int) {
        let bytes = [UInt8](repeating: 1, count: 32)
        #expect(Digest(reading: bytes.span, at: offset) == nil)
    }

    @Test("digests order as their bytes do")
    func order() throws {
        var low = [UInt8](repeating: 0, count: 32)
        var high = low
        for place in [31, 24, 23, 8, 7, 0] {
            low[place] = 1
            high[place] = 2
            let (left, right) = (try #require(Digest(low)), try #require(Digest(high)))
            #expect(left < right && !(right < left) && left != right)
        }
    }

    @Test("only 32 zero bytes are zero")
    func zero() throws {
        #expect(Digest().isZero)
        for place in 0..<32 {
            var bytes = [UInt8](repeating: 0, count: 32)
            bytes[place] = 1
            #expect(try !#require(Digest(bytes)).isZero)
        }
    }
}
