/// What one reading of the folder may do, learnt from the one before.
struct RecoveryAttempt {
    /// False when the last segment failed to sync: what was read of it came from the cache.
    var mayContinue = true
    /// Segments up to this number stay, although nothing in them can be read.
    var keptUpTo: UInt64 = 0
}

extension EventJournal {
    /// Takes files at the end out that a power cut may have left half made: no header, no record. They are still on the medium.
    /// The latest comes first.
    func takeHalfMade(_ found: inout [FoundSegment], keptUpTo: UInt64) -> [FoundSegment] {
        var taken: [FoundSegment] = []
        while let last = found.last, last.header == nil, last.number > keptUpTo, holdsNothing(last) {
            taken.append(found.removeLast())
        }
        return taken
    }

    /// The latest of these that is larger than the header that would have been written into it: it was in use, and rotted.
    func rotted(_ halfMade: [FoundSegment], isOnly: Bool) -> FoundSegment? {
        // A journal's first header knows no sources and no former epochs, and stays below a kilobyte.
        let limit = isOnly ? 1_024 : nextHeaderByteLimit
        return halfMade.first { $0.size > limit }
    }

    /// Removes half-made files. Returns false when one could not be removed: then the segment before must stay as it is.
    func removeHalfMade(_ halfMade: [FoundSegment]) -> Bool {
        for item in halfMade {
            recovery.tornTailByteCount += item.size
            do {
                try retrying { () throws(SystemError) in try fileSystem.remove(Segment.name(of: item.number)) }
                try fileSystem.syncFolder()
            } catch { return false }
        }
        return true
    }

    /// The most bytes that the next segment's header could have had, in this epoch or as the first of another one.
    private var nextHeaderByteLimit: Int {
        var header = SegmentHeader(gatewayID: options.gatewayID, number: lastNumber, state: live)
        header.state.noteFormerEpoch(live.epoch)
        let unquorate = extents().dropFirst(carried.count).filter { $0.newEnd > live.quorumUpTo }
        header.runs = (carried + unquorate).prefix(SegmentHeader.runLimit).map {
            CarriedRun(segment: $0.segment, first: $0.first, count: $0.count)
        }
        // Each damaged place may split a run: three numbers more.
        let splitCount = min(recovery.damages.count + recovery.unlistedDamageCount, SegmentHeader.runLimit - header.runs.count)
        return header.encoded().count + 2 * (Self.headerSlack + splitCount * 27)
    }

    /// Numbers that stand as 0 in a header made up afterwards take up to nine bytes: the segment before, the running time, the first
    /// carried sequence; and one former epoch more takes eight.
    private static var headerSlack: Int { 96 }

    private func holdsNothing(_ segment: FoundSegment) -> Bool {
        guard segment.size <= RecordFormat.magic.count + 2 * RecordFormat.recordLimit else { return false }
        do {
            let file = try fileSystem.open(Segment.name(of: segment.number), .read)
            defer { try? fileSystem.close(file) }
            eventWindow.invalidate()
            eventWindow.unreadableByteCount = 0
            var scanner = SegmentScanner(
                fileSystem, file: file, segment: segment.number, limit: segment.size, window: eventWindow)
            while case .record(let frame) = try scanner.nextRecord() {
                guard frame.kind == .header else { return false }
            }
            // What cannot be read now may be whole tomorrow.
            return eventWindow.unreadableByteCount == 0
        } catch { return false }
    }

    /// Leaves out segments that a later one passed over: making them failed, and nothing was acknowledged
    /// from them, or they could not be read when it was made. Whatever holds a record stays on the medium.
    func dropVoid(_ found: inout [FoundSegment]) {
        var index = found.count - 1
        while index > 0 {
            if let header = found[index].header, header.previous.number > 0 {
                while index > 0, found[index - 1].number > header.previous.number {
                    let void = found[index - 1]
                    // It was to get nearly the same header; what is larger was in use once.
                    if void.size <= header.encoded().count + 2 * Self.headerSlack, holdsNothing(void) {
                        try? fileSystem.remove(Segment.name(of: void.number))
                    }
                    found.remove(at: index - 1)
                    index -= 1
                }
            }
            index -= 1
        }
    }
}
