import AttestationFormat
import Testing

@Suite struct CarriedMessageTests {
    private static let messages = [
        CarriedMessage(topic: "hs/1/00/acme.gw-1/hello", payload: [1, 2, 3]),
        CarriedMessage(topic: "hs/1/00/acme.gw-1/batch", payload: [UInt8](repeating: 7, count: Limits.batchMessageByteCount)),
        CarriedMessage(topic: "hs/1/00/acme.gw-1/batch", payload: []),
    ]

    private static var file: [UInt8] {
        var bytes: [UInt8] = []
        for message in messages { message.append(to: &bytes) }
        return bytes
    }

    /// Reads a file in pieces of a size.
    private static func read(_ file: [UInt8], pieces size: Int) throws(FormatError) -> [CarriedMessage] {
        var reader = CarriedReader()
        var messages: [CarriedMessage] = []
        var start = 0
        while start < file.count {
            let end = min(start + size, file.count)
            reader.append(Array(file[start..<end]))
            start = end
            while let message = try reader.next(isAtEnd: end == file.count) { messages.append(message) }
        }
        return messages
    }

    @Test("a file gives its messages back, in pieces of any size", arguments: [1, 2, 7, 4_096, 1 << 20])
    func pieces(size: Int) throws {
        #expect(try Self.read(Self.file, pieces: size) == Self.messages)
    }

    @Test("an empty file has no messages") func empty() throws {
        var reader = CarriedReader()
        #expect(try reader.next(isAtEnd: true) == nil)
    }

    @Test("a file that was cut is truncated, wherever; what is before is read", arguments: [1, 5, 40, 262_144])
    func cut(missing: Int) throws {
        var reader = CarriedReader()
        reader.append(Array(Self.file.dropLast(missing)))
        var count = 0
        let error = #expect(throws: FormatError.self) {
            while try reader.next(isAtEnd: true) != nil { count += 1 }
        }
        #expect(error?.code == .truncated && count >= 1 && count < 3)
    }

    /// What is no message, and what is said of it.
    struct Wrong: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]
        let code: FormatError.Code
        var testDescription: String { name }
    }

    private static let longText: [UInt8] = [0x82, 0x78, 161] + [UInt8](repeating: 0x61, count: 161) + [0x40]
    private static let longPayload: [UInt8] = [0x82, 0x61, 0x61, 0x5A, 0, 4, 0, 1] + [UInt8](repeating: 0, count: 262_145)
    static let wrong: [Wrong] = [
        Wrong(name: "a number", bytes: [0x05], code: .unexpectedType),
        Wrong(name: "an array of three", bytes: [0x83, 0x61, 0x61, 0x40, 0x40], code: .wrongCount),
        Wrong(name: "an array without end", bytes: [0x9F, 0x61, 0x61, 0x40, 0xFF], code: .indefiniteLength),
        Wrong(name: "bytes for the topic", bytes: [0x82, 0x41, 0x61, 0x40], code: .unexpectedType),
        Wrong(name: "a topic that is not UTF-8", bytes: [0x82, 0x61, 0xFF, 0x40], code: .invalidUTF8),
        Wrong(name: "text for the payload", bytes: [0x82, 0x61, 0x61, 0x60], code: .unexpectedType),
        Wrong(name: "a length that is longer than it needs to be", bytes: [0x82, 0x61, 0x61, 0x58, 1, 0], code: .notShortest),
        Wrong(name: "a topic of 161 bytes", bytes: longText, code: .limitExceeded),
        Wrong(name: "a payload of 262,145 bytes", bytes: longPayload, code: .limitExceeded),
    ]

    @Test("what is no message is refused with its place in the file", arguments: wrong) func refused(_ wrong: Wrong) throws {
        var file: [UInt8] = []
        Self.messages[0].append(to: &file)
        var reader = CarriedReader()
        reader.append(file + wrong.bytes)
        #expect(try reader.next(isAtEnd: false) == Self.messages[0])
        let error = #expect(throws: FormatError.self) { try reader.next(isAtEnd: true) }
        #expect(error?.code == wrong.code && (error?.offset ?? 0) >= file.count, "\(String(describing: error))")
    }

    @Test("a length of 2^63 is not waited for: after one message's length of bytes it is refused") func endless() throws {
        var reader = CarriedReader()
        reader.append([0x82, 0x61, 0x61, 0x5B, 0x7F] + [UInt8](repeating: 0xFF, count: 7))
        #expect(try reader.next(isAtEnd: false) == nil)
        reader.append([UInt8](repeating: 0, count: CarriedMessage.byteLimit))
        let error = #expect(throws: FormatError.self) { try reader.next(isAtEnd: false) }
        #expect(error?.code == .limitExceeded)
    }
}
