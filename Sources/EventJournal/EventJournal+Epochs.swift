public import MerkleTree

extension EventJournal {
    /// Begins an epoch; it is durable when this returns.
    ///
    /// Events without a quorum are in it under new sequences from 0, the same bytes in the same order: the new segment's header says
    /// where they are, so there is no half-carried state, nothing is written twice, and a power cut leaves the old epoch or the new
    /// one. What damage took is left out; `signedUpTo` and `quorumUpTo` begin at 0.
    /// - Parameters:
    ///   - epoch: eight random bytes, big-endian; never one that `knowsEpoch`.
    ///   - previous: the hash of the newest statement known; nil: the journal's own latest.
    /// - Throws: `.suspended` when it cannot be made durable: the old epoch stays, call again after `resume()`. `.system` when
    ///   what is to be carried over cannot be read.
    public func beginEpoch(_ epoch: UInt64, because reason: EpochEnd, previous: Digest? = nil) throws(JournalError) {
        guard !knowsEpoch(epoch) else { throw .epochClosed(reason) }
        try sync()
        let runs = try survivors()
        var state = durable
        state.noteFormerEpoch(state.epoch)
        state.epoch = epoch
        state.reason = reason
        state.nextSequence = runs.last?.newEnd ?? 0
        state.signedUpTo = 0
        state.quorumUpTo = 0
        if let previous { state.statementHash = previous }
        state.runningMilliseconds = live.runningMilliseconds
        do {
            try makeSegment(state, runs: runs)
        } catch {
            suspended = error
            throw .suspended(error)
        }
        live = state
        durable = state
        carried = runs
        mustBeginEpoch = nil
        forgetPlaces()
    }

    /// The events without a quorum that can still be read, as runs in new sequences from 0 on.
    private func survivors() throws(JournalError) -> [Extent] {
        var runs = RunBuilder()
        for extent in extents() where extent.newEnd > live.quorumUpTo {
            let skipped = live.quorumUpTo > extent.newFirst ? live.quorumUpTo - extent.newFirst : 0
            let wanted = extent.first &+ skipped..<extent.end
            do {
                try collect(wanted, in: extent.segment, into: &runs)
            } catch {
                throw .system(error)
            }
        }
        if runs.leftOut > 0 {
            // Declared as any other loss: the medium is in pieces.
            noteDamage(Damage(
                segment: lastNumber, offset: 0, byteCount: 0, firstSequence: runs.leftOutFrom,
                lostEventCount: runs.leftOut, epoch: live.epoch))
        }
        return runs.extents
    }

    private func collect(_ wanted: Range<UInt64>, in number: UInt64, into runs: inout RunBuilder) throws(SystemError) {
        guard let segment = segments.first(where: { $0.number == number }) else { return }
        var walker = try self.walker(segment, window: eventWindow)
        while true {
            switch try walker.next() {
            case .event(let event):
                if event.sequence >= wanted.upperBound { return }
                if wanted.contains(event.sequence) { runs.append(event.sequence, in: number) }
            case .end: return
            default: break
            }
        }
    }

    /// Where the events of the current epoch are, in order.
    func extents() -> [Extent] {
        carried + segments.filter { $0.epoch == live.epoch }.map {
            let end = $0.endSequence ?? live.nextSequence
            return Extent(newFirst: $0.firstSequence, first: $0.firstSequence, count: end - min(end, $0.firstSequence), segment: $0.number)
        }
    }
}

/// Joins consecutive events into runs.
struct RunBuilder {
    private(set) var extents: [Extent] = []
    private(set) var leftOut: UInt64 = 0
    private(set) var leftOutFrom: UInt64 = 0

    mutating func append(_ sequence: UInt64, in segment: UInt64) {
        if let last = extents.last, last.segment == segment, last.end == sequence, leftOut == 0 {
            extents[extents.count - 1] = Extent(
                newFirst: last.newFirst, first: last.first, count: last.count + 1, segment: segment)
        } else if extents.count < SegmentHeader.runLimit {
            extents.append(Extent(newFirst: extents.last?.newEnd ?? 0, first: sequence, count: 1, segment: segment))
        } else {
            if leftOut == 0 { leftOutFrom = sequence }
            leftOut += 1
        }
    }
}
