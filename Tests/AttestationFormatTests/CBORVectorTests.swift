import AttestationFormat
import Foundation
import HarborsealTesting
import Testing

/// RFC 8949, Appendix A: what section 1 of the wire format takes of it, and what it refuses.
@Suite("CBOR of RFC 8949, Appendix A", .enabled(if: TestData.isPresent, Comment(rawValue: TestData.reason)))
struct CBORVectorTests {
    struct Vector: Decodable {
        let hex: String
    }

    /// The cases that section 1 refuses, each with the reason; all others are accepted.
    static let refused: [String: FormatError.Code] = {
        var refused: [String: FormatError.Code] = ["3bffffffffffffffff": .integerTooSmall]
        for hex in [
            "c249010000000000000000", "c349010000000000000000", "c074323031332d30332d32315432303a30343a30305a",
            "c11a514b67b0", "c1fb41d452d9ec200000", "d74401020304", "d818456449455446",
            "d82076687474703a2f2f7777772e6578616d706c652e636f6d",
        ] { refused[hex] = .forbiddenTag }
        for hex in [
            "f90000", "f98000", "f93c00", "fb3ff199999999999a", "f93e00", "f97bff", "fa47c35000", "fa7f7fffff",
            "fb7e37e43c8800759c", "f90001", "f90400", "f9c400", "fbc010666666666666", "f97c00", "f97e00", "f9fc00",
            "fa7f800000", "fa7fc00000", "faff800000", "fb7ff0000000000000", "fb7ff8000000000000", "fbfff0000000000000",
            "f7", "f0", "f818", "f8ff",
        ] { refused[hex] = .forbiddenSimpleValue }
        for hex in [
            "5f42010243030405ff", "7f657374726561646d696e67ff", "9fff", "9f018202039f0405ffff", "9f01820203820405ff",
            "83018202039f0405ff", "83019f0203ff820405",
            "9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff", "bf61610161629f0203ffff", "826161bf61626163ff",
            "bf6346756ef563416d7421ff",
        ] { refused[hex] = .indefiniteLength }
        return refused
    }()

    static func vectors() -> [String] {
        guard let bytes = try? TestData.bytes("cbor/rfc8949-appendix-a.json"),
            let vectors = try? JSONDecoder().decode([Vector].self, from: Data(bytes))
        else { return [] }
        return vectors.map(\.hex)
    }

    @Test("exactly what section 1 allows is accepted, and encodes back to the same bytes", arguments: vectors())
    func vector(hex: String) throws {
        let bytes = try #require(Hexadecimal.bytes(of: UTF8Text(hex)))
        if let code = CBORVectorTests.refused[hex] {
            #expect(check(bytes) == code)
        } else {
            #expect(check(bytes) == nil)
            var reader = CBORReader(bytes)
            var writer = CBORWriter()
            try Reencoding.copyItem(from: &reader, to: &writer)
            #expect(writer.bytes == bytes)
        }
    }

    @Test("no case was overlooked")
    func count() {
        #expect(CBORVectorTests.vectors().count == 82)
        #expect(CBORVectorTests.refused.count == 46)
    }

    private func check(_ bytes: [UInt8]) -> FormatError.Code? {
        var reader = CBORReader(bytes)
        do throws(FormatError) {
            try reader.skipItem()
            try reader.finish()
            return nil
        } catch { return error.code }
    }
}

/// Reads any item by its types, and writes it by the same.
enum Reencoding {
    static func copyItem(from reader: inout CBORReader, to writer: inout CBORWriter) throws(FormatError) {
        switch try reader.peekMajorType() {
        case .unsigned, .negative: writer.write(try reader.readInteger())
        case .byteString: writer.write(try reader.readBytes())
        case .textString: writer.write(try reader.readText())
        case .array:
            let count = try reader.readArray()
            writer.beginArray(count)
            for _ in 0..<count { try copyItem(from: &reader, to: &writer) }
        case .map:
            let count = try reader.readMap()
            writer.beginMap(count)
            for _ in 0..<(2 * count) { try copyItem(from: &reader, to: &writer) }
        case .tag: throw FormatError(.forbiddenTag, at: reader.position)
        case .simple: if try reader.readNull() { writer.writeNull() } else { writer.write(try reader.readBool()) }
        }
    }
}
