/// Reads strict DER (X.690) of the few types that certificates need. It looks at bytes that a stranger sent: nothing here
/// traps, recurses or allocates by a length.
struct DERReader {
    /// Where the bytes are not what they must be.
    struct Failure: Error {
        let offset: Int
    }

    /// One element: its tag and where its content stands.
    struct Element {
        let tag: UInt8
        let content: Range<Int>
        /// Where the element begins, for messages.
        let start: Int
    }

    /// Tags of X.690, 8.1.2, all of them single bytes.
    enum Tag {
        static let boolean: UInt8 = 0x01
        static let integer: UInt8 = 0x02
        static let bitString: UInt8 = 0x03
        static let octetString: UInt8 = 0x04
        static let objectIdentifier: UInt8 = 0x06
        static let utf8String: UInt8 = 0x0C
        static let printableString: UInt8 = 0x13
        static let ia5String: UInt8 = 0x16
        static let utcTime: UInt8 = 0x17
        static let generalizedTime: UInt8 = 0x18
        static let sequence: UInt8 = 0x30
        static let set: UInt8 = 0x31
    }

    let bytes: [UInt8]
    private(set) var position: Int
    private let end: Int

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        position = 0
        end = bytes.count
    }

    private init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    /// A reader of an element's content.
    func inside(_ element: Element) -> DERReader { DERReader(bytes, element.content) }

    var isAtEnd: Bool { position == end }

    var failure: Failure { Failure(offset: position) }

    /// The tag of the next element; nil at the end.
    var nextTag: UInt8? { isAtEnd ? nil : bytes[position] }

    /// The content's bytes.
    func content(_ element: Element) -> [UInt8] { Array(bytes[element.content]) }

    /// The next element, of any type with a tag of one byte.
    mutating func read() throws(Failure) -> Element {
        let start = position
        guard end - position >= 2, bytes[position] & 0x1F != 0x1F else { throw Failure(offset: start) }
        let tag = bytes[position]
        var next = position + 1
        let first = bytes[next]
        next += 1
        var count = Int(first)
        if first >= 0x80 {
            // One to three further bytes: 16 MiB is more than any certificate has. 0x80 would be an indefinite length.
            let lengthByteCount = Int(first & 0x7F)
            guard (1...3).contains(lengthByteCount), end - next >= lengthByteCount else { throw Failure(offset: start) }
            count = 0
            for offset in 0..<lengthByteCount { count = count << 8 | Int(bytes[next + offset]) }
            next += lengthByteCount
            guard count >= 0x80, lengthByteCount == 1 || count >> (8 * (lengthByteCount - 1)) != 0 else {
                throw Failure(offset: start)
            }
        }
        guard end - next >= count else { throw Failure(offset: start) }
        position = next + count
        return Element(tag: tag, content: next..<position, start: start)
    }

    /// The next element, which must have this tag.
    mutating func read(_ tag: UInt8) throws(Failure) -> Element {
        let start = position
        let element = try read()
        guard element.tag == tag else { throw Failure(offset: start) }
        return element
    }

    /// Refuses bytes that are left over.
    func finish() throws(Failure) {
        guard isAtEnd else { throw failure }
    }
}
