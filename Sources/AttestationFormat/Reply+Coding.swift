extension Reply {
    /// Parses a reply.
    ///
    /// - Throws: ``FormatError`` for whatever sections 1 and 6 do not allow, also inside what is carried.
    public init(parsing bytes: [UInt8]) throws(FormatError) {
        guard bytes.count <= Limits.nodeMessageByteCount else { throw FormatError(.limitExceeded, at: 0) }
        var reader = CBORReader(bytes)
        let elementCount = try reader.readArray()
        try reader.readUnsigned(1)
        let kindStart = reader.position
        switch (try reader.readUnsigned(), elementCount) {
        case (0, 4):
            let first = try reader.readSequence()
            self = .receipt(
                first: first,
                try reader.readNested { (bytes) throws(FormatError) in try UnverifiedReceipt(parsing: bytes) })
        case (1, 3):
            self = .position(try reader.readNull() ? nil : Reply.readStatement(from: &reader))
        case (2, 5), (2, 6):
            let first = try reader.readSequence()
            let code = Refusal.Code(rawValue: try reader.readUnsigned())
            let text = try reader.readText()
            let conflicting = elementCount == 6 ? try Reply.readStatement(from: &reader) : nil
            self = .refusal(Refusal(first: first, code: code, text: text, conflicting: conflicting))
        case (3, 3):
            self = .trustFile(
                try reader.readNested { (bytes) throws(FormatError) in try UnverifiedTrustFile(parsing: bytes) })
        case (0...3, _): throw FormatError(.wrongCount, at: 0)
        default: throw FormatError(.unexpectedValue, at: kindStart)
        }
        try reader.finish()
    }

    private static func readStatement(from reader: inout CBORReader) throws(FormatError) -> Statement {
        try reader.readNested { (bytes) throws(FormatError) in try Statement(parsing: bytes) }
    }

    /// The message's bytes.
    public func encoded() -> [UInt8] {
        var writer = CBORWriter(reserving: 512)
        switch self {
        case .receipt(let first, let receipt): Reply.write(first: first, receipt: receipt.bytes, to: &writer)
        case .position(let statement):
            writer.beginArray(3)
            writer.write(UInt64(1))
            writer.write(UInt64(1))
            if let statement { writer.write(statement.bytes) } else { writer.writeNull() }
        case .refusal(let refusal): refusal.write(to: &writer)
        case .trustFile(let trustFile):
            writer.beginArray(3)
            writer.write(UInt64(1))
            writer.write(UInt64(3))
            writer.write(trustFile.bytes)
        }
        return writer.bytes
    }

    /// The bytes of a reply 0 with a receipt that the node has just made.
    public static func encode(first: UInt64, receipt: [UInt8]) -> [UInt8] {
        var writer = CBORWriter(reserving: receipt.count + 16)
        write(first: first, receipt: receipt, to: &writer)
        return writer.bytes
    }

    private static func write(first: UInt64, receipt: [UInt8], to writer: inout CBORWriter) {
        writer.beginArray(4)
        writer.write(UInt64(1))
        writer.write(UInt64(0))
        writer.write(first)
        writer.write(receipt)
    }
}

extension Refusal {
    fileprivate func write(to writer: inout CBORWriter) {
        writer.beginArray(conflicting == nil ? 5 : 6)
        writer.write(UInt64(1))
        writer.write(UInt64(2))
        writer.write(first)
        writer.write(code.rawValue)
        writer.write(text)
        if let conflicting { writer.write(conflicting.bytes) }
    }
}
