internal import MerkleTree

/// What reading the segments without a quorum showed, and whether the epoch may go on.
struct RecoveryScan {
    /// The sequence after the last event read.
    var next: UInt64 = 0
    /// What the statements read cover.
    private(set) var signed: UInt64 = 0
    /// Of the latest statement read.
    var hash: Digest?
    private var lostEventsUpTo: UInt64 = 0
    private var lostStatementsUpTo: UInt64 = 0
    /// Damage behind which no statement has shown yet that none was lost.
    private var mayHideStatement = false
    private var segmentIsMissing = false
    /// Events of this epoch before the oldest segment: deleted if a mark covers them, else lost.
    private(set) var missing: (from: UInt64, to: UInt64)?

    /// The oldest segment that is read. When it `isOldest` of its epoch, nothing before it can be read any more.
    mutating func begin(next: UInt64, signed: UInt64, isOldest: Bool, carriedUpTo: UInt64) {
        self.next = next
        self.signed = signed
        guard isOldest else { return }
        if next > carriedUpTo { missing = (carriedUpTo, next) }
        lostEventsUpTo = missing == nil ? 0 : next
        lostStatementsUpTo = signed
    }

    /// The next segment's header was written when everything before it was synced.
    mutating func enter(_ header: SegmentHeader?) {
        guard let state = header?.state else { return }
        if state.signedUpTo > signed { lostStatementsUpTo = max(lostStatementsUpTo, state.signedUpTo) }
        if state.signedUpTo >= signed {
            signed = state.signedUpTo
            hash = state.statementHash
            mayHideStatement = false
        }
    }

    mutating func noteMissing<FileSystem, Hash>(_ header: SegmentHeader, _ journal: EventJournal<FileSystem, Hash>) {
        segmentIsMissing = true
        let first = header.state.nextSequence
        guard first > next else { return }
        journal.noteDamage(Damage(
            segment: header.previous.number, offset: 0, byteCount: 0, firstSequence: next, lostEventCount: first - next,
            epoch: header.state.epoch))
        lostEventsUpTo = max(lostEventsUpTo, first)
        next = first
    }

    /// Returns true when the statement is the latest so far.
    mutating func take(_ statement: StatementItem) -> Bool {
        guard statement.first >= signed else { return false }
        if statement.first > signed { lostStatementsUpTo = max(lostStatementsUpTo, statement.first) }
        signed = statement.first &+ statement.count
        mayHideStatement = false
        return true
    }

    mutating func take(_ damage: Damage) {
        mayHideStatement = true
        guard let count = damage.lostEventCount, count > 0 else { return }
        lostEventsUpTo = max(lostEventsUpTo, damage.firstSequence &+ count)
    }

    /// Events of a former epoch that this one carries over are gone.
    mutating func loseCarried(upTo sequence: UInt64) { lostEventsUpTo = max(lostEventsUpTo, sequence) }

    /// Why nothing may be signed in this epoch any more, if so.
    ///
    /// A lost statement may have been published: its sequences must never get another one. An event that no statement covers is a hole
    /// that no statement can cover. Whatever has a quorum needs neither any more.
    func verdict(signedUpTo: UInt64, quorumUpTo: UInt64) -> EpochEnd? {
        if lostEventsUpTo > signedUpTo, lostEventsUpTo > quorumUpTo {
            return segmentIsMissing || lostEventsUpTo == missing?.to ? .segmentMissing : .unsignedEventsLost
        }
        if mayHideStatement || lostStatementsUpTo > quorumUpTo {
            return segmentIsMissing ? .segmentMissing : .statementLost
        }
        return nil
    }
}

extension EventJournal {
    /// Verifies the events of former epochs that have no quorum yet in this one.
    func readCarried(_ quorum: UInt64, _ scan: inout RecoveryScan) throws(SystemError) {
        let wanted = carried.filter { $0.newEnd > quorum }
        for (index, extent) in wanted.enumerated() where index == 0 || wanted[index - 1].segment != extent.segment {
            let here = wanted.filter { $0.segment == extent.segment }
            guard let segment = segments.first(where: { $0.number == extent.segment }) else {
                if let last = here.last { loseCarried(extent, upTo: last.newEnd, &scan) }
                continue
            }
            try readCarried(here, in: segment, &scan)
        }
    }

    private func loseCarried(_ extent: Extent, upTo end: UInt64, _ scan: inout RecoveryScan) {
        scan.loseCarried(upTo: end)
        noteDamage(Damage(
            segment: extent.segment, offset: 0, byteCount: 0, firstSequence: extent.newFirst,
            lostEventCount: end - extent.newFirst, epoch: live.epoch))
    }

    private func readCarried(_ extents: [Extent], in segment: Segment, _ scan: inout RecoveryScan) throws(SystemError) {
        var walker = try self.walker(segment, window: eventWindow)
        recovery.scannedSegmentCount += 1
        recovery.scannedByteCount += Int64(segment.byteCount)
        while true {
            switch try walker.next() {
            case .damage(let damage):
                noteCarried(damage, extents, &scan)
            case .end:
                return
            default:
                break
            }
        }
    }

    /// Damage in a former epoch's segment matters where it took events that are carried over.
    private func noteCarried(_ damage: Damage, _ extents: [Extent], _ scan: inout RecoveryScan) {
        let end = damage.lostEventCount.map { damage.firstSequence &+ $0 } ?? .max
        for extent in extents where extent.first < end && extent.end > damage.firstSequence {
            let lost = min(end, extent.end) - extent.first &+ extent.newFirst
            scan.loseCarried(upTo: lost)
            noteDamage(damage)
        }
    }
}
