extension EventJournal {
    /// One more than the highest number that a source gave, 0 when it gave none: where a replayed file goes on.
    public func numberLimit(of source: SourceIndex) -> UInt64 {
        let index = Int(source.value)
        return index < live.sources.count ? live.sources[index].numberLimit : 0
    }

    /// What a number at or below the source's highest got before; nil when it was certainly never stored.
    func answer(source: UInt8, number: UInt64) throws(JournalError) -> IntakeOutcome? {
        if let place = ring.find(source: source, number: number) { return .repeated(place) }
        try flush()
        do {
            if absent?.contains(number, of: source) != true, let known = try search(source: source, number: number) { return known }
            guard let oldest = segments.first, let header = try header(of: oldest.number) else { return .olderThanHeld }
            // What deleted segments held is at most what the oldest one that is left began with.
            let deletedLimit = Int(source) < header.state.sources.count ? header.state.sources[Int(source)].numberLimit : 0
            return number < deletedLimit ? .olderThanHeld : nil
        } catch {
            throw .system(error)
        }
    }

    /// Looks through the segments that can hold the number; when none does, `absent` tells its neighbours' distance.
    private func search(source: UInt8, number: UInt64) throws(SystemError) -> IntakeOutcome? {
        var gap = AbsentNumbers(source: source, first: 0, end: .max)
        for (index, segment) in segments.enumerated() {
            if index + 1 < segments.count, let next = try header(of: segments[index + 1].number) {
                guard Int(source) < next.state.sources.count else { continue }
                let limit = next.state.sources[Int(source)].numberLimit
                if limit <= number {
                    gap.first = max(gap.first, limit)
                    continue
                }
            }
            var walker = try self.walker(segment, window: statementWindow)
            walking: while true {
                switch try walker.next() {
                case .event(let event) where event.source == source && event.number == number:
                    return try outcome(of: event.sequence, in: segment)
                case .event(let event) where event.source == source: gap.exclude(event.number, around: number)
                case .end: break walking
                default: break
                }
            }
        }
        absent = gap
        return nil
    }

    /// What a stored event's source is told. Where nobody knows the segment's epoch any more, it is the place under which a later epoch
    /// carries the event; without one, only that it was stored.
    private func outcome(of sequence: UInt64, in segment: Segment) throws(SystemError) -> IntakeOutcome {
        guard segment.epoch == JournalState.unknownEpoch else {
            return .repeated(EventPlace(epoch: segment.epoch, sequence: sequence))
        }
        for later in segments where later.number > segment.number && later.epoch != JournalState.unknownEpoch {
            guard let header = try header(of: later.number) else { continue }
            var newFirst = header.firstCarried
            for run in header.runs {
                if run.segment == segment.number, sequence >= run.first, sequence - run.first < run.count {
                    return .repeated(EventPlace(epoch: header.state.epoch, sequence: newFirst &+ (sequence - run.first)))
                }
                newFirst &+= run.count
            }
        }
        return .olderThanHeld
    }

    /// A segment's header as stored; nil when both copies are damaged.
    func header(of number: UInt64) throws(SystemError) -> SegmentHeader? {
        let file = try retrying { () throws(SystemError) in try fileSystem.open(Segment.name(of: number), .read) }
        defer { try? fileSystem.close(file) }
        let size = try retrying { () throws(SystemError) in try fileSystem.size(file) }
        return try SegmentHeader.find(fileSystem, file: file, number: number, size: size, window: eventWindow)
    }
}

/// A run of one source's numbers that stand nowhere in the journal. A source that counts anew below its highest number, or whose
/// lines come out of order, would otherwise have the whole journal read for each of them.
struct AbsentNumbers {
    let source: UInt8
    /// Half open: `end` is not in it.
    var first: UInt64
    var end: UInt64

    func contains(_ number: UInt64, of source: UInt8) -> Bool { source == self.source && first <= number && number < end }

    /// Another number was found while `number` was looked for.
    mutating func exclude(_ found: UInt64, around number: UInt64) {
        if found < number { first = max(first, found + 1) } else { end = min(end, found) }
    }

    /// A number of the run was stored: what lies above it is still absent.
    mutating func noteStored(_ number: UInt64, of source: UInt8) {
        if contains(number, of: source) { first = number + 1 }
    }
}

extension SegmentScanner {
    /// The next record, damage skipped.
    mutating func nextRecord() throws(SystemError) -> Step {
        while true {
            let step = try next()
            if case .damage = step { continue }
            return step
        }
    }
}
