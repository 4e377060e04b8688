/// Reads comma-separated values as RFC 4180 has them, record by record, with the line that each begins in.
///
/// A byte-order mark is passed over, lines end with CRLF or LF, empty lines count for nothing. A record that is wrong ends with its line, so that
/// the ones behind it can still be judged: where a quote is missing or one too many, with the line that it begins in, since whatever lines were
/// taken for a part of its field are records of their own.
struct CSVReader {
    /// Bytes of a file: a row for each of 20,000 devices with a note of 200 bytes.
    static let fileByteLimit = 8 * 1024 * 1024
    /// Bytes of a field, beyond any name and note.
    static let fieldByteLimit = 1_024
    /// Fields of a record: more than any list of devices has columns.
    static let fieldLimit = 32

    /// One row.
    struct Record: Equatable {
        /// Counted from 1.
        let line: Int
        let fields: [String]
    }

    /// What is wrong with a row, or with the file.
    struct Fault: Error, Equatable {
        let line: Int
        let words: String
        /// Whether its quotes do not tell where the record ends.
        var tearsRecord = false
    }

    private let bytes: [UInt8]
    private var position = 0
    private var line = 1

    /// - Throws: ``Fault`` for what is no text in UTF-8.
    init(_ bytes: [UInt8]) throws(Fault) {
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw Fault(line: 1, words: "this is UTF-16, not UTF-8: save it as CSV UTF-8")
        }
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    /// The next row, or what is wrong with it; nil at the end.
    mutating func next() -> Result<Record, Fault>? {
        skipEmptyLines()
        guard position < bytes.count else { return nil }
        let (start, place) = (line, position)
        do throws(Fault) {
            return .success(try record(start))
        } catch {
            if error.tearsRecord { (line, position) = (start, place) }
            // What is left of the line is the same fault.
            while let byte = peek(), byte != Self.lineFeed { position += 1 }
            skipLineEnd()
            return .failure(Fault(line: start, words: error.words))
        }
    }

    private mutating func record(_ start: Int) throws(Fault) -> Record {
        var fields: [String] = []
        while true {
            guard fields.count < Self.fieldLimit else { throw fault("it has more than \(Self.fieldLimit) fields") }
            fields.append(try peek() == Self.quote ? quoted() : plain())
            guard peek() == Self.comma else { break }
            position += 1
        }
        guard skipLineEnd() || peek() == nil else { throw fault("a carriage return stands alone: end lines with LF or CRLF") }
        return Record(line: start, fields: fields)
    }

    private mutating func plain() throws(Fault) -> String {
        let start = position
        while let byte = peek(), byte != Self.comma, byte != Self.lineFeed, byte != Self.carriageReturn {
            guard byte != Self.quote else { throw fault("a quote stands inside of a field: quote the whole field, and double the quotes in it") }
            position += 1
        }
        return try text(Array(bytes[start..<position]))
    }

    private mutating func quoted() throws(Fault) -> String {
        var content: [UInt8] = []
        position += 1
        while true {
            guard let byte = peek() else { throw fault("a quoted field does not end", tearsRecord: true) }
            guard content.count <= Self.fieldByteLimit else {
                throw fault("a quoted field is longer than \(Self.fieldByteLimit) bytes, or does not end", tearsRecord: true)
            }
            position += 1
            if byte == Self.lineFeed { line += 1 }
            if byte == Self.quote {
                guard peek() == Self.quote else { break }
                position += 1
            }
            content.append(byte)
        }
        if let byte = peek(), byte != Self.comma, byte != Self.lineFeed, byte != Self.carriageReturn {
            throw fault("something stands behind the closing quote of a field: double the quotes in it", tearsRecord: true)
        }
        return try text(content)
    }

    private func text(_ content: [UInt8]) throws(Fault) -> String {
        guard content.count <= Self.fieldByteLimit else { throw fault("a field is longer than \(Self.fieldByteLimit) bytes") }
        guard !content.contains(0), let text = String(validating: content, as: UTF8.self) else {
            throw fault("a field is not text in UTF-8: save the file as CSV UTF-8")
        }
        return text
    }

    private func fault(_ words: String, tearsRecord: Bool = false) -> Fault { Fault(line: line, words: words, tearsRecord: tearsRecord) }

    private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipEmptyLines() {
        while skipLineEnd() {}
    }

    @discardableResult private mutating func skipLineEnd() -> Bool {
        let isPair = peek() == Self.carriageReturn && position + 1 < bytes.count && bytes[position + 1] == Self.lineFeed
        guard isPair || peek() == Self.lineFeed else { return false }
        position += isPair ? 2 : 1
        line += 1
        return true
    }

    private static let comma = UInt8(ascii: ",")
    private static let quote = UInt8(ascii: "\"")
    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")
}
