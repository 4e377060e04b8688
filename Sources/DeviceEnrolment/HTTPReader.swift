internal import AttestationFormat

/// Takes an answer as it comes, in pieces of any size, and says when it is whole. Pure: no socket, no clock.
struct HTTPReader {
    enum Failure: Error, Equatable {
        case malformed
        case tooLarge
    }

    private var bytes: [UInt8] = []
    private var head: Head?

    private struct Head {
        let status: Int
        let fields: [HTTPAnswer.Field]
        let bodyStart: Int
        let length: Length
    }

    private enum Length {
        case bytes(Int)
        case chunks
    }

    /// Takes what came; the answer once it is whole. What follows it is ignored: the connection ends with it.
    mutating func take(_ piece: ArraySlice<UInt8>) throws(Failure) -> HTTPAnswer? {
        guard bytes.count + piece.count <= HTTPAnswer.byteLimit else { throw .tooLarge }
        bytes.append(contentsOf: piece)
        if head == nil { head = try readHead() }
        guard let head else { return nil }
        let body: [UInt8]?
        switch head.length {
        case .bytes(let count): body = bytes.count - head.bodyStart >= count ? Array(bytes[head.bodyStart..<head.bodyStart + count]) : nil
        case .chunks: body = try readChunks(from: head.bodyStart)
        }
        return body.map { HTTPAnswer(status: head.status, fields: head.fields, body: $0) }
    }

    // MARK: - The head

    private func readHead() throws(Failure) -> Head? {
        var position = 0
        guard let first = try line(&position, limit: HTTPAnswer.headByteLimit) else { return nil }
        let status = try Self.status(first)
        var fields: [HTTPAnswer.Field] = []
        while let line = try line(&position, limit: HTTPAnswer.headByteLimit) {
            if line.isEmpty {
                return Head(status: status, fields: fields, bodyStart: position, length: try Self.length(fields, status))
            }
            guard fields.count < HTTPAnswer.fieldLimit else { throw .tooLarge }
            fields.append(try Self.field(line))
        }
        return nil
    }

    /// The next line without its CR LF; nil while it is not whole.
    private func line(_ position: inout Int, limit: Int) throws(Failure) -> ArraySlice<UInt8>? {
        guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) else {
            guard bytes.count <= limit else { throw .tooLarge }
            return nil
        }
        guard end < limit else { throw .tooLarge }
        guard end > position, bytes[end - 1] == UInt8(ascii: "\r") else { throw .malformed }
        defer { position = end + 1 }
        return bytes[position..<end - 1]
    }

    /// `HTTP/1.1 200 OK`. Interim answers (1xx) are for requests that ask for them.
    private static func status(_ line: ArraySlice<UInt8>) throws(Failure) -> Int {
        let start = line.startIndex
        guard line.count >= 12, line.starts(with: Array("HTTP/1.".utf8)), line[start + 8] == UInt8(ascii: " "),
            line.count == 12 || line[start + 12] == UInt8(ascii: " "),
            let status = number(line[start + 9..<start + 12], radix: 10, limit: 599), status >= 200
        else { throw .malformed }
        return status
    }

    /// RFC 9112, 5: no space in front, none before the colon, no folded lines.
    private static func field(_ line: ArraySlice<UInt8>) throws(Failure) -> HTTPAnswer.Field {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex else { throw .malformed }
        var name: [UInt8] = []
        for byte in line[..<colon] {
            guard byte > 0x20, byte < 0x7F else { throw .malformed }
            name.append(byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte)
        }
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        var value = line[(colon + 1)...].drop(while: isSpace)
        while let last = value.last, isSpace(last) { value = value.dropLast() }
        for byte in value where (byte < 0x20 && byte != 0x09) || byte == 0x7F { throw .malformed }
        return HTTPAnswer.Field(name: name, value: Array(value))
    }

    /// RFC 9112, 6.3. Two lengths, or one of each kind, would leave open where the body ends; without any it would end where somebody
    /// cuts the connection.
    private static func length(_ fields: [HTTPAnswer.Field], _ status: Int) throws(Failure) -> Length {
        let lengths = fields.filter { $0.name.elementsEqual("content-length".utf8) }
        let codings = fields.filter { $0.name.elementsEqual("transfer-encoding".utf8) }
        if status == 204 || status == 304 { return .bytes(0) }
        guard lengths.count + codings.count == 1 else { throw .malformed }
        if let coding = codings.first {
            guard coding.value.map({ $0 | 0x20 }).elementsEqual("chunked".utf8) else { throw .malformed }
            return .chunks
        }
        guard let digits = lengths.first?.value, !digits.isEmpty, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { throw .malformed }
        guard let count = number(digits[...], radix: 10, limit: HTTPAnswer.bodyByteLimit) else { throw .tooLarge }
        return .bytes(count)
    }

    // MARK: - Chunks

    /// RFC 9112, 7.1: the whole body once the last chunk is there. Extensions and trailers are passed over.
    private func readChunks(from start: Int) throws(Failure) -> [UInt8]? {
        var position = start
        var body: [UInt8] = []
        while let line = try line(&position, limit: HTTPAnswer.byteLimit) {
            let digits = line.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 }
            guard !digits.isEmpty, digits.allSatisfy({ hexadecimalValue($0) != nil }) else { throw .malformed }
            guard let count = Self.number(digits, radix: 16, limit: HTTPAnswer.bodyByteLimit - body.count) else { throw .tooLarge }
            if count == 0 { return try trailersEnd(from: position) ? body : nil }
            guard bytes.count - position >= count + 2 else { return nil }
            body.append(contentsOf: bytes[position..<position + count])
            guard bytes[position + count] == UInt8(ascii: "\r"), bytes[position + count + 1] == UInt8(ascii: "\n") else { throw .malformed }
            position += count + 2
        }
        return nil
    }

    private func trailersEnd(from start: Int) throws(Failure) -> Bool {
        var position = start
        while let line = try line(&position, limit: HTTPAnswer.byteLimit) {
            if line.isEmpty { return true }
        }
        return false
    }

    /// A number of at most `limit`; nil for a larger one and for other characters.
    static func number(_ digits: ArraySlice<UInt8>, radix: Int, limit: Int) -> Int? {
        guard !digits.isEmpty else { return nil }
        var value = 0
        for byte in digits {
            guard let digit = hexadecimalValue(byte), Int(digit) < radix else { return nil }
            // The limits are far below what overflows.
            value = value * radix + Int(digit)
            guard value <= limit else { return nil }
        }
        return value
    }
}
