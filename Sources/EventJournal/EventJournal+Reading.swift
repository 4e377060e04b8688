/// Where a reader stopped, so that the next batch is found without reading the segment from its start.
struct ReadPlace {
    let segment: UInt64
    let offset: Int
    /// The sequence of the first event at or behind the place.
    let expected: UInt64
    /// Statements: every one that begins at or behind this sequence is at or behind the place.
    var serves: UInt64 = 0
}

extension EventJournal {
    /// The events `first ..< first + count` in one buffer; at most 1,024.
    ///
    /// A batch that damage took events of is incomplete: if it is signed, its message carries `nil` for the list; if not,
    /// `mustBeginEpoch` is set. Throws `.notHeld`, `.suspended`, `.system`.
    public func readBatch(first: UInt64, count: Int) throws(JournalError) -> StoredBatch {
        guard count > 0, count <= 1_024 else { throw .notHeld }
        var batch = StoredBatch(first: first, count: count, bytes: [], ends: [])
        batch.bytes.reserveCapacity(count * 128)
        batch.ends.reserveCapacity(count)
        try forEachEvent(from: first, count: UInt64(count)) { _, bytes in
            bytes.withUnsafeBytes { batch.bytes.append(contentsOf: $0) }
            batch.ends.append(batch.bytes.count)
        }
        return batch
    }

    /// Calls `body` with the sequence and the bytes of each event that can still be read, in order; memory does not grow with `count`.
    ///
    /// Events that damage took are left out. Throws `.notHeld` when some were deleted or do not exist yet, `.suspended`, `.system`.
    public func forEachEvent(
        from first: UInt64, count: UInt64, _ body: (UInt64, Span<UInt8>) -> Void
    ) throws(JournalError) {
        let (end, overflow) = first.addingReportingOverflow(count)
        guard !overflow, first >= oldestHeld, end <= live.nextSequence else { throw .notHeld }
        if end > durable.nextSequence { try flush() }
        for extent in extents() where extent.newFirst < end && extent.newEnd > first {
            let lower = max(first, extent.newFirst) - extent.newFirst &+ extent.first
            let upper = min(end, extent.newEnd) - extent.newFirst &+ extent.first
            let shift = extent.newFirst &- extent.first
            do {
                try visit(lower..<upper, in: extent.segment) { body($0 &+ shift, $1) }
            } catch {
                throw .system(error)
            }
        }
    }

    private func visit(
        _ wanted: Range<UInt64>, in number: UInt64, _ body: (UInt64, Span<UInt8>) -> Void
    ) throws(SystemError) {
        guard let segment = segments.first(where: { $0.number == number }) else { return }
        var start: ReadPlace?
        if let place = eventPlace, place.segment == number, place.expected <= wanted.lowerBound { start = place }
        var walker = try self.walker(segment, window: eventWindow, from: start)
        eventPlace = nil
        while walker.expected < wanted.upperBound || walker.place == nil {
            switch try walker.next() {
            case .event(let event):
                guard event.sequence < wanted.upperBound else {
                    eventPlace = ReadPlace(segment: number, offset: event.offset, expected: event.sequence)
                    return
                }
                if event.sequence >= wanted.lowerBound { body(event.sequence, Span(_unsafeBytes: event.bytes)) }
            case .damage(let damage): noteDamageWhileRunning(damage)
            case .end: return
            default: break
            }
        }
        if let offset = walker.place { eventPlace = ReadPlace(segment: number, offset: offset, expected: walker.expected) }
    }

    /// The first durable statement of this epoch that begins at or after `sequence`; nil when there is none yet.
    ///
    /// One that begins later than asked says that statements before it were lost. Throws `.system`.
    public func nextStatement(from sequence: UInt64) throws(JournalError) -> StoredStatement? {
        do {
            return try findStatement(from: sequence)
        } catch {
            throw .system(error)
        }
    }

    private func findStatement(from sequence: UInt64) throws(SystemError) -> StoredStatement? {
        guard sequence < durable.signedUpTo else { return nil }
        var start = statementPlace.flatMap { $0.serves <= sequence ? $0 : nil }
        let first = start?.segment ?? firstSegment(forStatementsFrom: sequence)
        statementPlace = nil
        for segment in segments where segment.epoch == live.epoch && segment.number >= first {
            var walker = try self.walker(segment, window: statementWindow, from: start)
            start = nil
            walking: while true {
                let place = walker.place
                let expected = walker.expected
                switch try walker.next() {
                case .statement(let item) where item.first >= sequence:
                    guard item.first &+ item.count <= durable.signedUpTo else { return nil }
                    if let place {
                        statementPlace = ReadPlace(segment: segment.number, offset: place, expected: expected, serves: sequence)
                    }
                    return StoredStatement(first: item.first, count: item.count, bytes: Array(item.bytes))
                case .damage(let damage): noteDamageWhileRunning(damage)
                case .end: break walking
                default: break
                }
            }
        }
        return nil
    }

    /// The latest durable statement of this epoch, if it is still held (for the hello). Throws `.system`.
    public func latestStatement() throws(JournalError) -> StoredStatement? {
        var latest: StoredStatement?
        for segment in segments.reversed() where segment.epoch == live.epoch && latest == nil {
            guard segment.signedUpTo < durable.signedUpTo else { continue }
            var next = segment.signedUpTo
            while let statement = try nextStatement(from: next) {
                latest = statement
                next = statement.first &+ statement.count
            }
        }
        return latest
    }

    /// Calls `body` with each receipt of this epoch's statements that begin at or after `sequence`, in the order of storing, with the
    /// statement's first sequence. Throws `.suspended`, `.system`.
    public func forEachReceipt(
        from sequence: UInt64, _ body: (UInt64, Span<UInt8>) -> Void
    ) throws(JournalError) {
        if suspended == nil { try flush() }
        let first = firstSegment(forStatementsFrom: sequence)
        do {
            for segment in segments where segment.epoch == live.epoch && segment.number >= first {
                var walker = try self.walker(segment, window: statementWindow)
                walking: while true {
                    switch try walker.next() {
                    case .receipt(let first, let bytes):
                        if first >= sequence { body(first, Span(_unsafeBytes: bytes)) }
                    case .end: break walking
                    default: break
                    }
                }
            }
        } catch {
            throw .system(error)
        }
    }

    /// Every statement that begins at or after the sequence is in this segment or a later one.
    func firstSegment(forStatementsFrom sequence: UInt64) -> UInt64 {
        segments.last { $0.epoch == live.epoch && $0.signedUpTo <= sequence }?.number ?? 0
    }
}

extension EventJournal {
    /// Walks a segment, from its start or from a place where a reader stopped.
    func walker(
        _ segment: Segment, window: ScanWindow, from place: ReadPlace? = nil
    ) throws(SystemError) -> SegmentWalker<FileSystem> {
        let isLast = segment.number == segments.last?.number
        let limit = isLast ? durableByteCount + (active == nil ? 0 : writtenByteCount) : segment.byteCount
        let file: Int32
        if isLast, let active { file = active } else { file = try reader(of: segment) }
        return walker(segment, file: file, limit: limit, end: segment.endSequence, window: window, from: place)
    }

    func walker(
        _ segment: Segment, file: Int32, limit: Int, end: UInt64?, window: ScanWindow, from place: ReadPlace? = nil
    ) -> SegmentWalker<FileSystem> {
        let scanner = SegmentScanner(
            fileSystem, file: file, segment: segment.number, limit: limit, window: window, from: place?.offset ?? 0)
        return SegmentWalker(
            scanner, epoch: segment.epoch, firstSequence: place?.expected ?? segment.firstSequence, endSequence: end)
    }

    /// The file of a segment that is not written to; one stays open.
    private func reader(of segment: Segment) throws(SystemError) -> Int32 {
        if let open = openForReading, open.segment == segment.number { return open.file }
        closeReader()
        let file = try retrying { () throws(SystemError) in
            try fileSystem.open(Segment.name(of: segment.number), .read)
        }
        openForReading = (segment.number, file)
        return file
    }

    func closeReader() {
        guard let open = openForReading else { return }
        openForReading = nil
        try? fileSystem.close(open.file)
    }

    /// Places and windows are of the epoch or of files that are no more.
    func forgetPlaces() {
        eventPlace = nil
        statementPlace = nil
        eventWindow.invalidate()
        statementWindow.invalidate()
    }
}
