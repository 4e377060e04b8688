internal import AttestationFormat

/// Takes an answer as it comes, in pieces of any size, and says when it is whole. Pure: no socket, no clock. Each byte is looked at once or twice,
/// however small the pieces are.
struct HTTPReader {
    enum Failure: Error, Equatable {
        case malformed
        case tooLarge
    }

    /// What comes next.
    private enum Part {
        case statusLine
        case fields
        /// So many bytes, and nothing else.
        case body(Int)
        case chunkSize
        /// So many bytes, and a line's end.
        case chunk(Int)
        case trailers
    }

    private var part = Part.statusLine
    private var bytes: [UInt8] = []
    /// What lies before it has been taken.
    private var position = 0
    /// No line ends between `position` and here.
    private var searched = 0
    private var status = 0
    private var fields: [HTTPAnswer.Field] = []
    private var body: [UInt8] = []

    /// Takes what came; the answer once it is whole. What follows it is ignored: the connection ends with it.
    mutating func take(_ piece: ArraySlice<UInt8>) throws(Failure) -> HTTPAnswer? {
        guard bytes.count + piece.count <= HTTPAnswer.byteLimit else { throw .tooLarge }
        bytes.append(contentsOf: piece)
        while true {
            let isWhole: Bool?
            switch part {
            case .statusLine, .fields: isWhole = try readHead()
            case .body(let count): isWhole = readBody(count)
            case .chunkSize: isWhole = try readChunkSize()
            case .chunk(let count): isWhole = try readChunk(count)
            case .trailers: isWhole = try line(limit: HTTPAnswer.byteLimit).map { $0.isEmpty }
            }
            guard let isWhole else { return nil }
            if isWhole { return HTTPAnswer(status: status, fields: fields, body: body) }
        }
    }

    // Each of these takes one step: nil if more bytes are needed for it, otherwise whether the answer is whole.

    /// One line of the head.
    private mutating func readHead() throws(Failure) -> Bool? {
        guard let line = try line(limit: HTTPAnswer.headByteLimit) else { return nil }
        if case .statusLine = part {
            status = try Self.status(line)
            part = .fields
        } else if line.isEmpty {
            part = try Self.length(fields, status)
        } else {
            guard fields.count < HTTPAnswer.fieldLimit else { throw .tooLarge }
            fields.append(try Self.field(line))
        }
        return false
    }

    private mutating func readBody(_ count: Int) -> Bool? {
        guard bytes.count - position >= count else { return nil }
        body = Array(bytes[position..<position + count])
        return true
    }

    /// RFC 9112, 7.1. Extensions and trailers are passed over.
    private mutating func readChunkSize() throws(Failure) -> Bool? {
        guard let line = try line(limit: HTTPAnswer.byteLimit) else { return nil }
        let digits = line.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 }
        guard !digits.isEmpty, digits.allSatisfy({ hexadecimalValue($0) != nil }) else { throw .malformed }
        guard let count = Self.number(digits, radix: 16, limit: HTTPAnswer.bodyByteLimit - body.count) else { throw .tooLarge }
        part = count == 0 ? .trailers : .chunk(count)
        return false
    }

    private mutating func readChunk(_ count: Int) throws(Failure) -> Bool? {
        let end = position + count
        guard bytes.count >= end + 2 else { return nil }
        guard bytes[end] == UInt8(ascii: "\r"), bytes[end + 1] == UInt8(ascii: "\n") else { throw .malformed }
        body.append(contentsOf: bytes[position..<end])
        (position, searched) = (end + 2, end + 2)
        part = .chunkSize
        return false
    }

    /// The next line without its CR LF; nil while it is not whole.
    private mutating func line(limit: Int) throws(Failure) -> ArraySlice<UInt8>? {
        guard let end = bytes[searched...].firstIndex(of: UInt8(ascii: "\n")) else {
            searched = bytes.count
            guard bytes.count <= limit else { throw .tooLarge }
            return nil
        }
        guard end < limit else { throw .tooLarge }
        guard end > position, bytes[end - 1] == UInt8(ascii: "\r") else { throw .malformed }
        defer { (position, searched) = (end + 1, end + 1) }
        return bytes[position..<end - 1]
    }

    // MARK: - The head

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
    private static func length(_ fields: [HTTPAnswer.Field], _ status: Int) throws(Failure) -> Part {
        let lengths = fields.filter { $0.name.elementsEqual("content-length".utf8) }
        let codings = fields.filter { $0.name.elementsEqual("transfer-encoding".utf8) }
        if status == 204 || status == 304 { return .body(0) }
        guard lengths.count + codings.count == 1 else { throw .malformed }
        if let coding = codings.first {
            guard coding.value.map({ $0 | 0x20 }).elementsEqual("chunked".utf8) else { throw .malformed }
            return .chunkSize
        }
        guard let digits = lengths.first?.value, !digits.isEmpty, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { throw .malformed }
        guard let count = number(digits[...], radix: 10, limit: HTTPAnswer.bodyByteLimit) else { throw .tooLarge }
        return .body(count)
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
