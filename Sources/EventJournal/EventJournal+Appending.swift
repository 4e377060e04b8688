internal import MerkleTree

extension EventJournal {
    /// Appends an event of the agent's own; durable after `sync()`. Returns its sequence.
    ///
    /// Throws `.full`, `.suspended`, `.tooLarge` (more than 4,096 bytes; or none).
    public func append(event: Span<UInt8>, importance: Importance = .normal) throws(JournalError) -> UInt64 {
        try prepare(forEventBytes: event.count, importance)
        let sequence = live.nextSequence
        pending.begin(Self.kindByte(.event, sequence), payloadCount: 1 + event.count)
        pending.put(UInt8(truncatingIfNeeded: sequence))
        event.withUnsafeBytes { pending.put($0) }
        _ = pending.end(salt: salt)
        noteAppended(event.count)
        return sequence
    }

    /// Appends an event that its source numbered, or finds the answer that the number got before.
    ///
    /// A source's numbers need not be without gaps. Throws as `append(event:)` does, and what reading throws.
    public func append(
        event: Span<UInt8>, source: SourceIndex, number: UInt64, importance: Importance = .normal
    ) throws(JournalError) -> IntakeOutcome {
        let index = Int(source.value)
        guard index < live.sources.count else { throw .badSourceName }
        if number < live.sources[index].numberLimit, let known = try answer(source: source.value, number: number) {
            return known
        }
        try prepare(forEventBytes: event.count, importance)
        let sequence = live.nextSequence
        pending.begin(Self.kindByte(.intakeEvent, sequence), payloadCount: 2 + Varint.byteCount(number) + event.count)
        pending.put(UInt8(truncatingIfNeeded: sequence))
        pending.put(source.value)
        pending.put(varint: number)
        event.withUnsafeBytes { pending.put($0) }
        _ = pending.end(salt: salt)
        let place = EventPlace(epoch: live.epoch, sequence: sequence)
        live.noteNumber(number, source: index)
        absent?.noteStored(number, of: source.value)
        ring.insert(.init(number: number, place: place, source: source.value))
        noteAppended(event.count)
        return .stored(place)
    }

    /// The table place of an intake source (1 to 64 bytes), made on first use; it stays the same for the journal's life.
    ///
    /// Throws `.badSourceName`, `.tooManySources` (64), `.suspended`, `.full`.
    public func sourceIndex(named name: Span<UInt8>) throws(JournalError) -> SourceIndex {
        guard name.count > 0, name.count <= JournalState.sourceNameLimit else { throw .badSourceName }
        let bytes = name.withUnsafeBytes { Array($0) }
        if let known = live.sources.firstIndex(where: { $0.name == bytes }) { return SourceIndex(UInt8(known)) }
        guard live.sources.count < JournalState.sourceLimit else { throw .tooManySources }
        try prepare(forBytes: 2 * (bytes.count + 8), limit: eventCapByteCount)
        let index = UInt8(live.sources.count)
        // Twice: if one is damaged, the numbers behind it still have a name.
        for _ in 0..<2 {
            pending.begin(RecordKind.source.rawValue, payloadCount: 1 + bytes.count)
            pending.put(index)
            bytes.withUnsafeBytes { pending.put($0) }
            _ = pending.end(salt: salt)
        }
        live.sources.append(.init(name: bytes))
        return SourceIndex(index)
    }

    /// Appends a statement; publish it only after `sync()`.
    ///
    /// `first` is `signedUpTo`. Throws `.outOfOrder`, `.epochClosed`, `.tooLarge` (1,024 bytes), `.full`, `.suspended`.
    public func appendStatement(first: UInt64, count: UInt64, bytes: Span<UInt8>) throws(JournalError) {
        if let mustBeginEpoch { throw .epochClosed(mustBeginEpoch) }
        guard first == live.signedUpTo, count > 0, count <= live.nextSequence - first else {
            throw .outOfOrder(expected: live.signedUpTo)
        }
        guard bytes.count > 0, bytes.count <= RecordFormat.statementLimit else { throw .tooLarge(byteCount: bytes.count) }
        try prepare(forBytes: bytes.count + 40, limit: recordCapByteCount)
        let ahead = live.nextSequence - first - count
        pending.begin(
            RecordKind.statement.rawValue,
            payloadCount: Varint.byteCount(first) + Varint.byteCount(count) + Varint.byteCount(ahead) + bytes.count)
        pending.put(varint: first)
        pending.put(varint: count)
        pending.put(varint: ahead)
        bytes.withUnsafeBytes { pending.put($0) }
        _ = pending.end(salt: salt)
        live.signedUpTo = first + count
        live.statementHash = Hash.hash(bytes)
    }

    /// Appends a verified receipt of the statement that begins at `first`.
    ///
    /// Throws `.outOfOrder` for a statement that is not stored, `.tooLarge` (4,096 bytes), `.full`, `.suspended`.
    public func appendReceipt(first: UInt64, bytes: Span<UInt8>) throws(JournalError) {
        guard first < live.signedUpTo else { throw .outOfOrder(expected: live.signedUpTo) }
        guard bytes.count > 0, bytes.count <= RecordFormat.receiptLimit else { throw .tooLarge(byteCount: bytes.count) }
        try prepare(forBytes: bytes.count + 20, limit: recordCapByteCount)
        pending.begin(RecordKind.receipt.rawValue, payloadCount: Varint.byteCount(first) + bytes.count)
        pending.put(varint: first)
        bytes.withUnsafeBytes { pending.put($0) }
        _ = pending.end(salt: salt)
    }

    /// Notes that every event below `sequence` has a quorum.
    ///
    /// Throws `.outOfOrder` when that is beyond `signedUpTo` or goes back, `.full`, `.suspended`.
    public func appendMark(upTo sequence: UInt64) throws(JournalError) {
        guard sequence >= live.quorumUpTo, sequence <= live.signedUpTo else { throw .outOfOrder(expected: live.quorumUpTo) }
        try prepare(forBytes: 32, limit: recordCapByteCount)
        let running = live.runningMilliseconds
        pending.begin(RecordKind.mark.rawValue, payloadCount: Varint.byteCount(sequence) + Varint.byteCount(running))
        pending.put(varint: sequence)
        pending.put(varint: running)
        _ = pending.end(salt: salt)
        live.quorumUpTo = sequence
    }

    /// Notes that the listed damages are named by a stored `gap.declared` event, in the same sync as that event; later starts do
    /// not list them again. Throws `.full`, `.suspended`.
    public func appendDamagesDeclared() throws(JournalError) {
        while let damage = recovery.damages.first {
            try prepare(forBytes: 40, limit: recordCapByteCount)
            let place = JournalState.Place(segment: damage.segment, offset: UInt64(damage.offset))
            pending.begin(
                RecordKind.declared.rawValue,
                payloadCount: Varint.byteCount(place.segment) + Varint.byteCount(place.offset))
            pending.put(varint: place.segment)
            pending.put(varint: place.offset)
            _ = pending.end(salt: salt)
            live.noteDeclared(place)
            recovery.damages.removeFirst()
        }
        recovery.unlistedDamageCount = 0
    }
}

extension EventJournal {
    @inline(__always)
    private static func kindByte(_ kind: RecordKind, _ sequence: UInt64) -> UInt8 {
        kind.rawValue | UInt8(truncatingIfNeeded: sequence >> 4) & 0xF0
    }

    @inline(__always)
    private func noteAppended(_ byteCount: Int) {
        live.nextSequence += 1
        counters.eventCount += 1
        counters.eventByteCount += UInt64(byteCount)
    }

    @inline(__always)
    private func prepare(forEventBytes byteCount: Int, _ importance: Importance) throws(JournalError) {
        guard byteCount > 0, byteCount <= RecordFormat.eventLimit else { throw .tooLarge(byteCount: byteCount) }
        do {
            try prepare(forBytes: byteCount + 19, limit: capByteCount(for: importance))
        } catch {
            if error == .full { counters.refusedEventCount += 1 }
            throw error
        }
    }

    /// Makes sure that a record of at most `byteCount` bytes may be put into the buffer now.
    @inline(__always)
    func prepare(forBytes byteCount: Int, limit: Int64) throws(JournalError) {
        if let suspended { throw .suspended(suspended) }
        guard active != nil else { throw .suspended(SystemError(.write, SystemError.inputOutput)) }
        if pending.mustSync { try sync() }
        if durableByteCount + pending.count + byteCount > options.segmentByteCount { try roll() }
        if usedByteCount + Int64(byteCount) > limit { try makeRoom(byteCount, limit: limit) }
    }
}
