extension EventJournal {
    /// Events stop here: half a segment more must take the statements, receipts and marks that let the oldest segment go, and a
    /// sixteenth of the cap the statements of everything that is not signed yet (5 bytes an event of a hundred).
    var eventCapByteCount: Int64 { recordCapByteCount - Int64(options.segmentByteCount / 2) - recordCapByteCount / 16 }

    /// Where everything stops.
    var recordCapByteCount: Int64 { options.capByteCount }

    func capByteCount(for importance: Importance) -> Int64 {
        switch (options.policy, importance) {
        case (_, .control): return eventCapByteCount + Int64(options.segmentByteCount / 4)
        case (.newest, _), (.lowestPriority, .high): return eventCapByteCount
        case (.lowestPriority, .normal): return eventCapByteCount / 20 * 19
        case (.lowestPriority, .low): return eventCapByteCount / 10 * 9
        }
    }

    /// Deletes covered segments before `keep-for` has passed, because the cap needs the space. Throws `.full` when that is not enough.
    func makeRoom(_ byteCount: Int, limit: Int64) throws(JournalError) {
        while usedByteCount + Int64(byteCount) > limit {
            guard try deleteOldest(ignoringAge: true) else { throw .full }
        }
    }

    /// Bytes of the oldest segments that may be deleted; looks no further once `wanted` are found.
    func releasableByteCount(atMost wanted: Int64) -> Int64 {
        var byteCount: Int64 = 0
        for segment in segments.dropLast() {
            guard byteCount <= wanted, isCovered(segment) else { break }
            byteCount += Int64(segment.byteCount)
        }
        return byteCount
    }

    /// Deletes what the quorum covers and `keep-for` allows, oldest first; call about once a minute. Returns the number of segments.
    ///
    /// `keep-for` counts the agent's running time by the monotonic clock: a wall clock that jumps deletes nothing early, and one that
    /// stands in 1970 does not keep everything for ever. Throws `.system` when a deletion fails; nothing else is affected.
    @discardableResult
    public func retain(monotonicMilliseconds: UInt64) throws(JournalError) -> Int {
        if monotonicMilliseconds >= options.monotonicMilliseconds {
            let running = runningAtOpening &+ (monotonicMilliseconds - options.monotonicMilliseconds)
            live.runningMilliseconds = max(live.runningMilliseconds, running)
        }
        var deleted = 0
        while try deleteOldest(ignoringAge: false) { deleted += 1 }
        return deleted
    }

    /// Deletes the oldest segment if it may go. One folder sync each: after a power cut the rest is still without holes.
    private func deleteOldest(ignoringAge: Bool) throws(JournalError) -> Bool {
        guard segments.count > 1, let oldest = segments.first, isCovered(oldest) else { return false }
        let age = live.runningMilliseconds - min(segments[1].runningMilliseconds, live.runningMilliseconds)
        guard ignoringAge || age >= options.keepForMilliseconds || segments.count > Segment.crowdLimit else { return false }
        closeReader()
        do {
            try retrying { () throws(SystemError) in try fileSystem.remove(Segment.name(of: oldest.number)) }
        } catch {
            if error.code != SystemError.notFound { throw .system(error) }
        }
        do { try fileSystem.syncFolder() } catch { throw .system(error) }
        segments.removeFirst()
        sealedByteCount -= Int64(oldest.byteCount)
        carried.removeAll { $0.segment == oldest.number }
        counters.deletedSegmentCount += 1
        return true
    }

    /// True when a durable mark covers every event that the segment holds for the current epoch, and the owner has what nobody else has.
    private func isCovered(_ segment: Segment) -> Bool {
        ends(segment, by: durable.quorumUpTo) && (!options.keepsUntilArchived || isArchived(segment))
    }

    /// True when the owner has a copy of everything in it. What a former epoch holds beyond that is known only once the current one
    /// has been archived too.
    private func isArchived(_ segment: Segment) -> Bool {
        durable.archivedEpoch == live.epoch && live.epoch != JournalState.unknownEpoch && ends(segment, by: durable.archivedUpTo)
    }

    /// True when what the segment holds for the current epoch lies below the sequence.
    private func ends(_ segment: Segment, by sequence: UInt64) -> Bool {
        if segment.epoch == live.epoch {
            guard let end = segment.endSequence, end <= sequence else { return false }
        }
        return carried.allSatisfy { $0.segment != segment.number || $0.newEnd <= sequence }
    }

    /// Segments that the quorum covers and that stay only until they are archived, and their bytes.
    public var waitingForArchive: (segmentCount: Int, byteCount: Int64) {
        var waiting = (segmentCount: 0, byteCount: Int64(0))
        guard options.keepsUntilArchived else { return waiting }
        for segment in segments.dropLast() where ends(segment, by: durable.quorumUpTo) && !isArchived(segment) {
            waiting.segmentCount += 1
            waiting.byteCount += Int64(segment.byteCount)
        }
        return waiting
    }

    /// Writes what waits, syncs, and gives the files back. The journal takes nothing more.
    public func close() throws(JournalError) {
        defer {
            seal()
            closeReader()
            if suspended == nil { suspended = SystemError(.close, 0) }
        }
        if suspended == nil { try sync() }
    }
}
