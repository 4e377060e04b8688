internal import MerkleTree

extension SegmentHeader {
    /// Reads a header record's payload; nil when a part is missing, too large, or left over.
    init?(parsing payload: UnsafeRawBufferPointer) {
        var reader = PayloadReader(payload)
        guard let idCount = reader.count(limit: Self.gatewayIDLimit), let id = reader.bytes(idCount),
            let number = reader.varint(), let epoch = reader.word(),
            let reasonByte = reader.byte(), let reason = EpochEnd(rawValue: reasonByte),
            let next = reader.varint(), let signed = reader.varint(), let quorum = reader.varint(),
            let running = reader.varint(), let archivedEpoch = reader.word(), let archived = reader.varint(), let hash = reader.bytes(Digest.byteCount),
            let previous = PreviousSegment(reading: &reader),
            // Sequences stay below 2^63 (wire-format.md, section 2): sums of two never overflow.
            max(next, signed, quorum, previous.endSequence) <= UInt64(Int64.max)
        else { return nil }
        var state = JournalState()
        state.epoch = epoch
        state.reason = reason
        state.nextSequence = next
        state.signedUpTo = signed
        state.quorumUpTo = quorum
        state.runningMilliseconds = running
        state.archivedEpoch = archivedEpoch
        state.archivedUpTo = archived
        state.statementHash = Digest { $0.copyMemory(from: hash) }
        self.init(gatewayID: Array(id), number: number, state: state, previous: previous)
        guard readTables(&reader), readRuns(&reader), reader.rest.isEmpty else { return nil }
    }

    /// Finds the header among the first records of a file.
    static func find<FileSystem: JournalFileSystem>(
        _ fileSystem: FileSystem, file: Int32, number: UInt64, size: Int, window: ScanWindow
    ) throws(SystemError) -> SegmentHeader? {
        // Both copies stand within this many bytes.
        let limit = min(size, RecordFormat.magic.count + 2 * RecordFormat.recordLimit)
        window.invalidate()
        defer { window.invalidate() }
        var scanner = SegmentScanner(fileSystem, file: file, segment: number, limit: limit, window: window)
        while case .record(let frame) = try scanner.nextRecord() {
            guard frame.kind == .header else { return nil }
            if let header = SegmentHeader(parsing: frame.payload), header.number == number { return header }
        }
        return nil
    }

    private mutating func readTables(_ reader: inout PayloadReader) -> Bool {
        guard let epochCount = reader.count(limit: JournalState.formerEpochLimit) else { return false }
        for _ in 0..<epochCount {
            guard let epoch = reader.word() else { return false }
            state.formerEpochs.append(epoch)
        }
        guard let sourceCount = reader.count(limit: JournalState.sourceLimit) else { return false }
        for _ in 0..<sourceCount {
            guard let nameCount = reader.count(limit: JournalState.sourceNameLimit), let name = reader.bytes(nameCount),
                let limit = reader.varint()
            else { return false }
            state.sources.append(.init(name: Array(name), numberLimit: limit))
        }
        guard let declaredCount = reader.count(limit: JournalState.declaredLimit) else { return false }
        for _ in 0..<declaredCount {
            guard let segment = reader.varint(), let offset = reader.varint() else { return false }
            state.declared.append(.init(segment: segment, offset: offset))
        }
        return true
    }

    private mutating func readRuns(_ reader: inout PayloadReader) -> Bool {
        guard let first = reader.varint(), let count = reader.count(limit: Self.runLimit) else { return false }
        firstCarried = first
        for _ in 0..<count {
            guard let segment = reader.varint(), let first = reader.varint(), let count = reader.varint(),
                max(first, count) <= UInt64(Int64.max)
            else { return false }
            runs.append(CarriedRun(segment: segment, first: first, count: count))
        }
        return true
    }
}

extension SegmentHeader.PreviousSegment {
    fileprivate init?(reading reader: inout PayloadReader) {
        guard let number = reader.varint(), let epoch = reader.word(), let first = reader.varint(),
            let end = reader.varint(), let byteCount = reader.varint()
        else { return nil }
        self.init(number: number, epoch: epoch, firstSequence: first, endSequence: end, byteCount: byteCount)
    }
}
