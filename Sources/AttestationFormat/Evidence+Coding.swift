extension Evidence {
    /// Parses an evidence file of at most 16 MiB.
    ///
    /// - Throws: ``FormatError``: malformed input, exit code 65.
    public init(parsing bytes: [UInt8]) throws(FormatError) {
        guard bytes.count <= Limits.evidenceByteCount else { throw FormatError(.limitExceeded, at: 0) }
        var reader = CBORReader(bytes)
        let elementCount = try reader.readArray()
        guard elementCount == 7 || elementCount == 8 else { throw FormatError(.wrongCount, at: 0) }
        try reader.readUnsigned(1)
        alliance = try reader.readName()
        entries = try reader.readList(atLeast: 1) { (reader) throws(FormatError) in try Entry(reading: &reader) }
        sealCertificates = try reader.readByteStrings(atLeast: 1)
        revocationLists = try reader.readByteStrings()
        checkpoints = try reader.readList { (reader) throws(FormatError) in
            try reader.readArray(2)
            return Checkpoint(origin: try reader.readText(), note: try reader.readText())
        }
        ledgerAnchors = try reader.readList { (reader) throws(FormatError) in try LedgerAnchor(reading: &reader) }
        title = elementCount == 8 ? try reader.readText() : nil
        try reader.finish()
    }

    /// The file's deterministic bytes.
    public func encoded() -> [UInt8] {
        var writer = CBORWriter(reserving: 4_096)
        writer.beginArray(title == nil ? 7 : 8)
        writer.write(UInt64(1))
        writer.write(alliance.text)
        writer.beginArray(entries.count)
        for entry in entries { entry.write(to: &writer) }
        writer.write(list: sealCertificates)
        writer.write(list: revocationLists)
        writer.beginArray(checkpoints.count)
        for checkpoint in checkpoints {
            writer.beginArray(2)
            writer.write(checkpoint.origin)
            writer.write(checkpoint.note)
        }
        writer.beginArray(ledgerAnchors.count)
        for anchor in ledgerAnchors { anchor.write(to: &writer) }
        if let title { writer.write(title) }
        return writer.bytes
    }
}

extension Evidence.Entry {
    fileprivate init(reading reader: inout CBORReader) throws(FormatError) {
        let start = reader.position
        switch try reader.readArray() {
        case 2: self = .leftOut(first: try reader.readSequence(), next: try reader.readSequence())
        case 3:
            let statement = try reader.readNested { (bytes) throws(FormatError) in try Statement(parsing: bytes) }
            let events = try reader.readList(atMost: Limits.batchEventCount) { (reader) throws(FormatError) in
                try Evidence.DisclosedEvent(reading: &reader)
            }
            self = .batch(Evidence.Batch(statement: statement, events: events, receipts: try reader.readByteStrings()))
        default: throw FormatError(.wrongCount, at: start)
        }
    }

    fileprivate func write(to writer: inout CBORWriter) {
        switch self {
        case .leftOut(let first, let next):
            writer.beginArray(2)
            writer.write(first)
            writer.write(next)
        case .batch(let batch):
            writer.beginArray(3)
            writer.write(batch.statement.bytes)
            writer.beginArray(batch.events.count)
            for event in batch.events {
                writer.beginArray(3)
                writer.write(event.event.bytes)
                writer.write(event.index)
                writer.write(path: event.path)
            }
            writer.write(list: batch.receipts)
        }
    }
}

extension Evidence.DisclosedEvent {
    fileprivate init(reading reader: inout CBORReader) throws(FormatError) {
        try reader.readArray(3)
        let event = try reader.readNested { (bytes) throws(FormatError) in try EventView(parsing: bytes) }
        self.init(event: event, index: try reader.readUnsigned(), path: try reader.readPath())
    }
}

extension Evidence.LedgerAnchor {
    fileprivate init(reading reader: inout CBORReader) throws(FormatError) {
        try reader.readArray(7)
        self.init(
            chainID: try reader.readUnsigned(), contract: try reader.readBytes(exactly: 20),
            transaction: try reader.readDigest(), block: try reader.readUnsigned(), blockHash: try reader.readDigest(),
            logIndex: try reader.readUnsigned(), receipt: try reader.readBytes())
    }

    fileprivate func write(to writer: inout CBORWriter) {
        writer.beginArray(7)
        writer.write(chainID)
        writer.write(contract)
        writer.write(transaction)
        writer.write(block)
        writer.write(blockHash)
        writer.write(logIndex)
        writer.write(receipt)
    }
}

extension CBORWriter {
    /// A list of byte strings.
    mutating func write(list strings: [[UInt8]]) {
        beginArray(strings.count)
        for string in strings { write(string) }
    }
}
