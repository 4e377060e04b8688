/// What a segment holds, in order; pointers are valid until the next step.
enum JournalItem {
    case event(EventItem)
    case statement(StatementItem)
    case receipt(first: UInt64, bytes: UnsafeRawBufferPointer)
    case mark(quorumUpTo: UInt64, runningMilliseconds: UInt64)
    case source(index: Int, name: UnsafeRawBufferPointer)
    case declared(segment: UInt64, offset: UInt64)
    case archived(upTo: UInt64)
    /// Damage, told once it is known how many events it took.
    case damage(Damage)
    /// The end, and the bytes behind it that are no record.
    case end(offset: Int, tailByteCount: Int)
}

struct EventItem {
    /// In the epoch of its segment.
    let sequence: UInt64
    /// Nil: the agent's own.
    let source: UInt8?
    let number: UInt64
    let bytes: UnsafeRawBufferPointer
    /// Where the record begins in its file.
    let offset: Int
}

struct StatementItem {
    let first: UInt64
    let count: UInt64
    /// The sequence of the next event at the time of writing: what numbers the events behind a damaged place.
    let nextSequence: UInt64
    let bytes: UnsafeRawBufferPointer
    let offset: Int
}

/// Numbers a segment's events and tells what damage took.
struct SegmentWalker<FileSystem: JournalFileSystem> {
    /// An event carries 12 bits of its sequence; the smallest record has 16 bytes or more, so a damaged place below this size cannot
    /// have taken 4,096 of them.
    private static var ambiguousByteCount: Int { 4_096 * 16 }

    private(set) var scanner: SegmentScanner<FileSystem>
    let epoch: UInt64
    /// The sequence after the segment's last event, when a later header tells it.
    let endSequence: UInt64?
    /// What the next event's sequence is, unless damage took some.
    private(set) var expected: UInt64
    private var openDamage: (offset: Int, byteCount: Int)?
    private var held: JournalItem?

    init(_ scanner: SegmentScanner<FileSystem>, epoch: UInt64, firstSequence: UInt64, endSequence: UInt64?) {
        self.scanner = scanner
        self.epoch = epoch
        self.endSequence = endSequence
        expected = firstSequence
    }

    /// Where the next record begins: with `expected`, a place to go on from later. Nil while damage is being told.
    var place: Int? { held == nil && openDamage == nil ? scanner.offset : nil }

    mutating func next() throws(SystemError) -> JournalItem {
        if let item = held {
            held = nil
            return item
        }
        while true {
            switch try scanner.next() {
            case .damage(let offset, let byteCount):
                try noteDamage(offset, byteCount)
            case .end(let offset, let tailByteCount):
                return end(offset, tailByteCount)
            case .record(let frame):
                if let item = try read(frame) { return item }
            }
        }
    }

    private mutating func noteDamage(_ offset: Int, _ byteCount: Int) throws(SystemError) {
        let start = openDamage?.offset ?? offset
        openDamage = (start, offset + byteCount - start)
        guard byteCount >= Self.ambiguousByteCount, let resumed = try sequenceFromWhatFollows() else { return }
        held = nil
        // Twelve bits would be ambiguous from `expected`, and are not from just before the true number.
        if resumed > expected { jump = resumed }
    }

    /// The exact number of the next event, counted back from the next statement.
    private func sequenceFromWhatFollows() throws(SystemError) -> UInt64? {
        var probe = scanner
        var eventCount: UInt64 = 0
        while true {
            guard case .record(let frame) = try probe.next() else { return nil }
            if frame.kind == .event || frame.kind == .intakeEvent { eventCount += 1 }
            guard frame.kind == .statement, let item = Self.statement(frame) else { continue }
            return item.nextSequence >= eventCount ? item.nextSequence - eventCount : nil
        }
    }

    /// The exact next sequence behind a large damaged place.
    private var jump: UInt64?

    private mutating func end(_ offset: Int, _ tailByteCount: Int) -> JournalItem {
        let item = JournalItem.end(offset: offset, tailByteCount: tailByteCount)
        if let endSequence, tailByteCount > 0 || openDamage != nil || endSequence > expected {
            if tailByteCount > 0, openDamage == nil { openDamage = (offset, tailByteCount) }
            return told(at: offset, upTo: max(endSequence, expected), then: item)
        }
        guard openDamage != nil else { return item }
        return told(at: offset, upTo: nil, then: item)
    }

    /// Tells the damage first, then the item.
    private mutating func told(at offset: Int, upTo sequence: UInt64?, then item: JournalItem) -> JournalItem {
        let place = openDamage ?? (offset, 0)
        let damage = Damage(
            segment: scanner.segment, offset: place.offset, byteCount: place.byteCount, firstSequence: expected,
            lostEventCount: sequence.map { $0 &- expected }, epoch: epoch)
        openDamage = nil
        jump = nil
        if let sequence { expected = sequence }
        held = item
        return .damage(damage)
    }
}

extension SegmentWalker {
    private mutating func read(_ frame: RecordFrame) throws(SystemError) -> JournalItem? {
        var reader = PayloadReader(frame.payload)
        switch frame.kind {
        case .event, .intakeEvent:
            return event(frame)
        case .statement:
            guard let item = Self.statement(frame) else { break }
            if openDamage != nil || item.nextSequence > expected {
                return told(at: frame.offset, upTo: max(item.nextSequence, expected), then: .statement(item))
            }
            return .statement(item)
        case .receipt:
            guard let first = reader.varint() else { break }
            return .receipt(first: first, bytes: reader.rest)
        case .mark:
            guard let quorum = reader.varint(), let running = reader.varint() else { break }
            return .mark(quorumUpTo: quorum, runningMilliseconds: running)
        case .source:
            guard let index = reader.byte(), index < JournalState.sourceLimit,
                reader.rest.count <= JournalState.sourceNameLimit
            else { break }
            return .source(index: Int(index), name: reader.rest)
        case .declared:
            guard let segment = reader.varint(), let offset = reader.varint() else { break }
            return .declared(segment: segment, offset: offset)
        case .archived:
            guard let sequence = reader.varint() else { break }
            return .archived(upTo: sequence)
        case .header:
            return nil
        }
        // Right checksum, wrong content: not ours to interpret.
        try noteDamage(frame.offset, frame.byteCount)
        return nil
    }

    @inline(__always)
    private mutating func event(_ frame: RecordFrame) -> JournalItem? {
        var reader = PayloadReader(frame.payload)
        guard let low = reader.byte() else { return nil }
        var source: UInt8?
        var number: UInt64 = 0
        if frame.kind == .intakeEvent {
            guard let index = reader.byte(), index < JournalState.sourceLimit, let value = reader.varint() else { return nil }
            source = index
            number = value
        }
        let bits = UInt64(frame.kindByte & 0xF0) << 4 | UInt64(low)
        let base = jump ?? expected
        let sequence = base &+ ((bits &- base) & 0xFFF)
        let item = JournalItem.event(EventItem(
            sequence: sequence, source: source, number: number, bytes: reader.rest, offset: frame.offset))
        if openDamage != nil || sequence != expected {
            let damage = told(at: frame.offset, upTo: sequence, then: item)
            expected = sequence &+ 1
            return damage
        }
        expected = sequence &+ 1
        return item
    }

    private static func statement(_ frame: RecordFrame) -> StatementItem? {
        var reader = PayloadReader(frame.payload)
        guard let first = reader.varint(), let count = reader.varint(), let ahead = reader.varint() else { return nil }
        let (end, overflow) = first.addingReportingOverflow(count)
        let (next, overflowNext) = end.addingReportingOverflow(ahead)
        guard !overflow, !overflowNext, next <= UInt64(Int64.max) else { return nil }
        return StatementItem(first: first, count: count, nextSequence: next, bytes: reader.rest, offset: frame.offset)
    }
}
