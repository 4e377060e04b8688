import AttestationFormat
import Testing

/// Section 1, rule by rule.
@Suite("Strict CBOR")
struct CBORReaderTests {
    struct Refusal: CustomTestStringConvertible {
        let name: String
        let hex: UTF8Text
        let code: FormatError.Code
        let offset: Int

        init(_ name: String, _ hex: UTF8Text, _ code: FormatError.Code, at offset: Int = 0) {
            self.name = name
            self.hex = hex
            self.code = code
            self.offset = offset
        }

        var testDescription: String { name }
    }

    static let refusals: [Refusal] = [
        Refusal("nothing at all", "", .truncated),
        Refusal("a head cut short", "19", .truncated),
        Refusal("an argument cut short", "1903", .truncated),
        Refusal("a byte string cut short", "4301", .truncated),
        Refusal("a text cut short", "636161", .truncated),
        Refusal("an array whose elements are missing", "8201", .truncated),
        Refusal("a map whose value is missing", "a2010203", .truncated),
        Refusal("a byte string of 2^63 bytes", "5b8000000000000000", .truncated),
        Refusal("a byte string of 2^64 - 1 bytes", "5bffffffffffffffff", .truncated),
        Refusal("an array of 2^64 - 1 elements", "9bffffffffffffffff", .truncated),
        Refusal("a map of 2^63 - 1 entries", "bb7fffffffffffffff", .truncated),
        Refusal("a text of 2^32 bytes", "7b0000000100000000", .truncated),
        Refusal("23 in two bytes", "1817", .notShortest),
        Refusal("255 in three bytes", "1900ff", .notShortest),
        Refusal("65535 in five bytes", "1a0000ffff", .notShortest),
        Refusal("2^32 - 1 in nine bytes", "1b00000000ffffffff", .notShortest),
        Refusal("-1 in two bytes", "3800", .notShortest),
        Refusal("a length longer than it needs to be", "580141", .notShortest),
        Refusal("a count longer than it needs to be", "980101", .notShortest),
        Refusal("-2^63 - 1", "3b8000000000000000", .integerTooSmall),
        Refusal("a reserved length", "1c", .unexpectedValue),
        Refusal("a lone break", "ff", .indefiniteLength),
        Refusal("an indefinite byte string inside an array", "815f4100ff", .indefiniteLength, at: 1),
        Refusal("undefined", "f7", .forbiddenSimpleValue),
        Refusal("true in two bytes", "f815", .forbiddenSimpleValue),
        Refusal("a half float", "f93c00", .forbiddenSimpleValue),
        Refusal("tag 18 inside an array", "81d200", .forbiddenTag, at: 1),
        Refusal("a key twice", "a201000100", .duplicateKey, at: 3),
        Refusal("a key twice, not side by side", "a3020001000200", .duplicateKey, at: 5),
        Refusal("a text key twice", "a2616100616100", .duplicateKey, at: 4),
        Refusal("an array key twice", "a2810100810100", .duplicateKey, at: 4),
        Refusal("a map key twice in another order", "a2a20100020000a20200010000", .keyOrder, at: 10),
        Refusal("a key twice in an inner map", "81a201000100", .duplicateKey, at: 4),
        Refusal("a byte after the end", "0000", .trailingBytes, at: 1),
        Refusal("a continuation byte alone", "6180", .invalidUTF8),
        Refusal("an overlong slash", "62c0af", .invalidUTF8),
        Refusal("an overlong NUL in three bytes", "63e08080", .invalidUTF8),
        Refusal("a surrogate", "63eda080", .invalidUTF8),
        Refusal("above U+10FFFF", "64f4908080", .invalidUTF8),
        Refusal("a lead byte of five", "65f888808080", .invalidUTF8),
        Refusal("a sequence cut by the string's end", "62e6b0", .invalidUTF8),
        Refusal("a text key that is no UTF-8", "a161ff00", .invalidUTF8, at: 1),
    ]

    @Test("is refused with the reason and the place", arguments: refusals)
    func refused(_ refusal: Refusal) throws {
        let bytes = try #require(Hexadecimal.bytes(of: refusal.hex))
        #expect(throws: FormatError(refusal.code, at: refusal.offset)) { try check(bytes) }
    }

    @Test("a map that is not ascending, without a key twice, is accepted outside events", arguments: ["a202000100", "a3030001000200", "a26162006161f6"])
    func anyOrder(hex: String) throws {
        let bytes = try #require(Hexadecimal.bytes(of: UTF8Text(hex)))
        try check(bytes)
        var reader = CBORReader(bytes, keyOrder: .deterministic)
        #expect(throws: FormatError.self) { try reader.skipItem() }
    }

    @Test("16 arrays or maps inside each other are accepted, 17 are not", arguments: ["81", "a100"])
    func depth(opening: String) throws {
        let open = try #require(Hexadecimal.bytes(of: UTF8Text(opening)))
        let inner: [UInt8] = opening == "81" ? [0x80] : [0xA0]
        let sixteen = Array(repeatElement(open, count: 15).joined()) + inner
        try check(sixteen)
        #expect(throws: FormatError(.tooDeep, at: 16 * open.count)) {
            try check(Array(repeatElement(open, count: 16).joined()) + inner)
        }
    }

    @Test("a depth of 100,000 is refused at once, without recursion")
    func greatDepth() {
        let bytes = [UInt8](repeating: 0x81, count: 100_000)
        #expect(throws: FormatError(.tooDeep, at: 16)) { try check(bytes) }
    }

    @Test("every cut of a good item is refused as truncated, and every added byte as trailing")
    func cuts() throws {
        var writer = CBORWriter()
        writer.beginArray(4)
        writer.write("text" as UTF8Text)
        writer.write([UInt8](repeating: 1, count: 300))
        writer.beginMap(1)
        writer.write(Int64.min)
        writer.write(UInt64.max)
        writer.write(true)
        try check(writer.bytes)
        for count in 0..<writer.bytes.count {
            #expect(throws: FormatError.self) { try check(Array(writer.bytes[..<count])) }
        }
        for byte in UInt8.min...UInt8.max {
            #expect(throws: FormatError(.trailingBytes, at: writer.bytes.count)) { try check(writer.bytes + [byte]) }
        }
    }

    @Test("integers come back from the shortest form", arguments: [
        0, 1, 23, 24, 255, 256, 65_535, 65_536, 4_294_967_295, 4_294_967_296, Int64.max, -1, -24, -25, -256, -257, Int64.min,
    ])
    func integers(value: Int64) throws {
        var writer = CBORWriter()
        writer.write(value)
        var reader = CBORReader(writer.bytes)
        #expect(try reader.readSigned() == value)
        try reader.finish()
    }

    @Test("2^63 is an unsigned integer and no signed one")
    func beyondSigned() throws {
        var writer = CBORWriter()
        writer.write(UInt64(1) << 63)
        var reader = CBORReader(writer.bytes)
        #expect(try reader.readUnsigned() == 1 << 63)
        reader = CBORReader(writer.bytes)
        #expect(throws: FormatError(.integerTooLarge, at: 0)) { try reader.readSigned() }
    }

    @Test("another type than the one asked for is refused")
    func types() throws {
        for (index, hex) in ["00", "20", "40", "60", "80", "a0", "f4", "f6"].enumerated() {
            let bytes = try #require(Hexadecimal.bytes(of: UTF8Text(hex)))
            #expect(accepts(bytes) { (reader) throws(FormatError) in _ = try reader.readUnsigned() } == (index == 0))
            #expect(accepts(bytes) { (reader) throws(FormatError) in _ = try reader.readInteger() } == (index <= 1))
            #expect(accepts(bytes) { (reader) throws(FormatError) in _ = try reader.readByteString() } == (index == 2))
            #expect(accepts(bytes) { (reader) throws(FormatError) in _ = try reader.readText() } == (index == 3))
            #expect(accepts(bytes) { (reader) throws(FormatError) in _ = try reader.readArray() } == (index == 4))
            #expect(accepts(bytes) { (reader) throws(FormatError) in _ = try reader.readMap() } == (index == 5))
            #expect(accepts(bytes) { (reader) throws(FormatError) in _ = try reader.readBool() } == (index == 6))
            #expect(accepts(bytes) { (reader) throws(FormatError) in try reader.readSign1Tag() } == false)
        }
    }

    private func accepts(_ bytes: [UInt8], _ read: (inout CBORReader) throws(FormatError) -> Void) -> Bool {
        var reader = CBORReader(bytes)
        do throws(FormatError) {
            try read(&reader)
            return true
        } catch { return false }
    }

    private func check(_ bytes: [UInt8]) throws(FormatError) {
        var reader = CBORReader(bytes)
        try reader.skipItem()
        try reader.finish()
    }
}
