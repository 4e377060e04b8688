import AttestationFormat
import Foundation
import Testing

@testable import DeviceEnrolment

@Suite("HTTP answers")
struct HTTPReaderTests {
    private static func read(_ text: String, pieceByteCount: Int = .max, byteCount: Int = .max) throws(HTTPReader.Failure) -> HTTPAnswer? {
        var reader = HTTPReader()
        var rest = Array(text.utf8).prefix(byteCount)
        while !rest.isEmpty {
            if let answer = try reader.take(rest.prefix(pieceByteCount)) { return answer }
            rest = rest.dropFirst(pieceByteCount)
        }
        return nil
    }

    @Test("an answer is the same in pieces of any size", arguments: [1, 2, 3, 7, 64, 4_096])
    func pieces(byteCount: Int) throws {
        let counted = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\nhello"
        let answer = try Self.read(counted, pieceByteCount: byteCount)
        #expect(answer?.status == 200 && answer?.body == Array("hello".utf8) && answer?.dateSeconds == 784_111_777)
        #expect(answer?.value("content-type") == Array("text/plain".utf8))
        let chunked = "HTTP/1.1 202 \r\ntransfer-encoding: Chunked\r\nRetry-After:  7 \r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nTrailer: 1\r\n\r\n"
        let other = try Self.read(chunked, pieceByteCount: byteCount)
        #expect(other?.status == 202 && other?.body == Array("hello".utf8) && other?.retrySeconds == 7)
    }

    @Test("an answer that is cut anywhere is not whole", arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ])
    func cut(text: String) throws {
        for count in 0..<text.utf8.count { #expect(try Self.read(text, byteCount: count) == nil, "\(count) bytes") }
        #expect(try Self.read(text)?.body == Array("hello".utf8))
    }

    @Test("what is no HTTP/1.1 answer, or leaves open where it ends, is refused", arguments: [
        "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 600 X\r\n\r\n",
        "HTTP/1.1 200 OK\n\n", "SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1 1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0x1\r\n\r\na", "HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\na", "HTTP/1.1 200 OK\r\n Content-Length: 1\r\n\r\na",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n folded\r\n\r\na", "HTTP/1.1 200 OK\r\n: 1\r\n\r\n", "HTTP/1.1 200 OK\r\nnothing\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\u{0}b\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
    ])
    func malformed(text: String) {
        #expect(throws: HTTPReader.Failure.malformed) { try Self.read(text) }
    }

    @Test("an announced or sent length beyond the limits is refused without waiting for it", arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10001\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        "HTTP/1.1 200 OK\r\nX: " + String(repeating: "a", count: 16_400), "HTTP/1.1 200 OK\r\n" + String(repeating: "X: 1\r\n", count: 65),
        String(repeating: "a", count: 17_000),
    ])
    func tooLarge(text: String) {
        #expect(throws: HTTPReader.Failure.tooLarge) { try Self.read(text) }
    }

    @Test("the largest answer that is taken, byte by byte in chunks of a byte, takes no longer than its bytes", .timeLimit(.minutes(1)))
    func linear() throws {
        let chunks = String(repeating: "1\r\na\r\n", count: 21_000)
        let begun = ContinuousClock.now
        for text in [
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks)0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 65536\r\n\r\n" + String(repeating: "b", count: 65_536),
            "HTTP/1.1 200 OK\r\nX: " + String(repeating: "c", count: 16_000) + "\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nT: " + String(repeating: "d", count: 120_000) + "\r\n\r\n",
        ] {
            let answer = try #require(try Self.read(text, pieceByteCount: 1))
            #expect(answer.status == 200)
        }
        // Quadratic, the first alone takes many minutes.
        #expect(begun.duration(to: .now) < .seconds(20))
    }

    @Test("no bytes at all crash the reader, and it never keeps more than its limit")
    func hostile() {
        var generator = SystemRandomNumberGenerator()
        let good = Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nA: b\r\n\r\n5\r\nhello\r\n0\r\n\r\n".utf8)
        for _ in 0..<20_000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: place)
                default: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: place)
                }
            }
            var reader = HTTPReader()
            _ = try? reader.take(bytes[...])
        }
    }

    @Test("only the form of the standard is a date", arguments: [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Tue, 29 Feb 2028 23:59:59 GMT", 1_835_481_599),
        ("Sunday, 06-Nov-94 08:49:37 GMT", nil), ("Sun Nov  6 08:49:37 1994", nil), ("Sun, 06 Foo 1994 08:49:37 GMT", nil),
        ("Sun, 31 Feb 2027 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 08:49:37 UTC", nil), ("Sun, 06 Nov 1994 24:00:00 GMT", nil), ("", nil),
    ] as [(String, Int64?)])
    func dates(text: String, seconds: Int64?) {
        #expect(HTTPDate.seconds(Array(text.utf8)) == seconds)
    }
}
