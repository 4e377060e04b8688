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
            if let place = try search(source: source, number: number) { return .repeated(place) }
            guard let oldest = segments.first, let header = try header(of: oldest.number) else { return .olderThanHeld }
            // What deleted segments held is at most what the oldest one that is left began with.
            let deletedLimit = Int(source) < header.state.sources.count ? header.state.sources[Int(source)].numberLimit : 0
            return number < deletedLimit ? .olderThanHeld : nil
        } catch {
            throw .system(error)
        }
    }

    /// Looks through the segments that can hold the number.
    private func search(source: UInt8, number: UInt64) throws(SystemError) -> EventPlace? {
        for (index, segment) in segments.enumerated() {
            if index + 1 < segments.count, let next = try header(of: segments[index + 1].number),
                Int(source) >= next.state.sources.count || next.state.sources[Int(source)].numberLimit <= number {
                continue
            }
            var walker = try self.walker(segment, window: statementWindow)
            walking: while true {
                switch try walker.next() {
                case .event(let event) where event.source == source && event.number == number:
                    return EventPlace(epoch: segment.epoch, sequence: event.sequence)
                case .end: break walking
                default: break
                }
            }
        }
        return nil
    }

    /// A segment's header as stored; nil when both copies are damaged.
    func header(of number: UInt64) throws(SystemError) -> SegmentHeader? {
        let file = try retrying { () throws(SystemError) in try fileSystem.open(Segment.name(of: number), .read) }
        defer { try? fileSystem.close(file) }
        let size = try retrying { () throws(SystemError) in try fileSystem.size(file) }
        return try SegmentHeader.find(fileSystem, file: file, number: number, size: size, window: eventWindow)
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
