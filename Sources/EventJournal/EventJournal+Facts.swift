internal import MerkleTree

extension EventJournal {
    /// Fills the table of segments from the headers: each one's own, else what the next one's says of it.
    func takeFacts(_ found: [FoundSegment]) {
        for (index, item) in found.enumerated() {
            let next = index + 1 < found.count ? found[index + 1].header : nil
            let link = next.flatMap { $0.previous.number == item.number ? $0.previous : nil }
            let byteCount = link.flatMap { Int(exactly: $0.byteCount) } ?? item.size
            if let header = item.header {
                segments.append(Segment(
                    number: item.number, epoch: header.state.epoch, firstSequence: header.state.nextSequence,
                    endSequence: link?.endSequence, signedUpTo: header.state.signedUpTo,
                    runningMilliseconds: header.state.runningMilliseconds, byteCount: byteCount))
            } else if let link, let next {
                // What statements covered is unknown: no reader of statements may begin here.
                segments.append(Segment(
                    number: item.number, epoch: link.epoch, firstSequence: link.firstSequence, endSequence: link.endSequence,
                    signedUpTo: .max, runningMilliseconds: next.state.runningMilliseconds, byteCount: byteCount))
            } else if index == found.count - 1 {
                segments.append(guess(item, after: segments.last))
            } else {
                noteDamage(Damage(
                    segment: item.number, offset: 0, byteCount: item.size,
                    firstSequence: segments.last?.endSequence ?? segments.last?.firstSequence ?? 0, lostEventCount: nil,
                    epoch: segments.last?.epoch ?? 0))
            }
        }
        sealedByteCount = segments.dropLast().reduce(0) { $0 + Int64($1.byteCount) }
        takeState(found)
    }

    /// The last segment without a header: its events go on where the one before ends. Nothing is signed in this epoch any more.
    private func guess(_ item: FoundSegment, after previous: Segment?) -> Segment {
        Segment(
            number: item.number, epoch: previous?.epoch ?? JournalState.unknownEpoch, firstSequence: previous?.firstSequence ?? 0,
            endSequence: nil, signedUpTo: .max, runningMilliseconds: previous?.runningMilliseconds ?? 0,
            byteCount: item.size)
    }

    /// The latest header's state, and where the events are that it carries over.
    private func takeState(_ found: [FoundSegment]) {
        guard let header = found.last(where: { $0.header != nil })?.header else {
            live.epoch = segments.last?.epoch ?? JournalState.unknownEpoch
            return
        }
        live = header.state
        // Listed before the header was read, and declared long ago.
        recovery.damages.removeAll { live.declared.contains(.init(segment: $0.segment, offset: UInt64($0.offset))) }
        carried = header.carriedExtents
    }

    /// Reads every segment that holds events without a quorum, and the last one.
    func readUnreceipted(_ found: [FoundSegment]) throws(JournalError) -> RecoveryScan {
        var scan = RecoveryScan()
        do {
            if let start = firstToRead(live.quorumUpTo) { try readOwn(found, from: start, &scan) }
            live.nextSequence = scan.next
            live.signedUpTo = scan.signed
            if let hash = scan.hash { live.statementHash = hash }
            // Only now is it known what has a quorum, and may be gone.
            noteGone(scan)
            try readCarried(live.quorumUpTo, &scan)
        } catch {
            throw .system(error)
        }
        return scan
    }

    private func readOwn(_ found: [FoundSegment], from start: Int, _ scan: inout RecoveryScan) throws(SystemError) {
        let header = { (index: Int) in found.first { $0.number == self.segments[index].number }?.header }
        scan.begin(
            next: segments[start].firstSequence, signed: header(start)?.state.signedUpTo ?? 0,
            isOldest: start == 0 || segments[start - 1].epoch != live.epoch, carriedUpTo: carried.last?.newEnd ?? 0)
        for index in segments.indices[start...] {
            if index > start {
                if let header = header(index), header.previous.number != segments[index - 1].number {
                    scan.noteMissing(header, self)
                }
                scan.enter(header(index))
            }
            try read(index, &scan)
        }
    }

    private func noteGone(_ scan: RecoveryScan) {
        guard let gone = scan.missing, gone.to > live.quorumUpTo else { return }
        let from = max(gone.from, live.quorumUpTo)
        noteDamage(Damage(
            segment: segments.first?.number ?? 0, offset: 0, byteCount: 0, firstSequence: from,
            lostEventCount: gone.to - from, epoch: live.epoch))
    }

    /// The first segment of this epoch that must be read: statements and events behind it have no quorum yet.
    private func firstToRead(_ quorum: UInt64) -> Int? {
        let own = segments.indices.filter { segments[$0].epoch == live.epoch }
        return own.last { segments[$0].signedUpTo <= quorum && segments[$0].firstSequence <= quorum } ?? own.first
    }

    private func read(_ index: Int, _ scan: inout RecoveryScan) throws(SystemError) {
        var segment = segments[index]
        let isLast = index == segments.count - 1
        let hasHeader = segment.signedUpTo != .max
        if !hasHeader, isLast, index > 0 {
            segment = Segment(
                number: segment.number, epoch: segment.epoch, firstSequence: scan.next, endSequence: nil, signedUpTo: .max,
                runningMilliseconds: segment.runningMilliseconds, byteCount: segment.byteCount)
            segments[index] = segment
        }
        // Its header was read a moment ago: a failure to open it now is a passing one, and the agent tries again.
        let file = try retrying { () throws(SystemError) in try fileSystem.open(Segment.name(of: segment.number), .read) }
        defer { try? fileSystem.close(file) }
        var walker = self.walker(
            segment, file: file, limit: segment.byteCount, end: segment.endSequence, window: eventWindow)
        recovery.scannedSegmentCount += 1
        recovery.scannedByteCount += Int64(segment.byteCount)
        while true {
            let item = try walker.next()
            take(item, epoch: segment.epoch, &scan)
            guard case .end(let offset, let tail) = item else { continue }
            scan.next = max(scan.next, walker.expected)
            guard isLast else { return }
            if !hasHeader, tail > 0, offset <= RecordFormat.magic.count {
                // Headers are synced before the first record: what has neither was no unfinished write.
                take(
                    .damage(Damage(
                        segment: segment.number, offset: offset, byteCount: tail, firstSequence: scan.next, lostEventCount: nil,
                        epoch: segment.epoch)), epoch: segment.epoch, &scan)
            } else {
                recovery.tornTailByteCount += tail
            }
            durableByteCount = offset
            segments[index].byteCount = offset
            return
        }
    }

    /// One item of a segment of this epoch.
    private func take(_ item: JournalItem, epoch: UInt64, _ scan: inout RecoveryScan) {
        switch item {
        case .event(let event):
            noteIdentity(event, epoch: epoch)
        case .statement(let statement):
            if scan.take(statement) { scan.hash = Hash.hash(Span(_unsafeBytes: statement.bytes)) }
        case .mark(let quorum, let running):
            live.quorumUpTo = max(live.quorumUpTo, quorum)
            unquorateReceipts.forget(upTo: live.quorumUpTo)
            live.runningMilliseconds = max(live.runningMilliseconds, running)
        case .archived(let sequence):
            live.noteArchived(upTo: sequence)
        case .source(let index, let name):
            live.ensureSource(index)
            live.sources[index].name = Array(name)
        case .declared(let segment, let offset):
            let place = JournalState.Place(segment: segment, offset: offset)
            live.noteDeclared(place)
            recovery.damages.removeAll { $0.segment == segment && UInt64($0.offset) == offset }
        case .damage(let damage):
            noteDamage(damage)
            scan.take(damage)
        case .receipt(let first, let bytes):
            if first >= live.quorumUpTo { unquorateReceipts.insert(first: first, bytes) }
        case .end:
            break
        }
    }

    private func noteIdentity(_ event: EventItem, epoch: UInt64) {
        guard let source = event.source else { return }
        live.ensureSource(Int(source))
        live.noteNumber(event.number, source: Int(source))
        // Where it is carried is what its source is told: the search finds that.
        guard epoch != JournalState.unknownEpoch else { return }
        ring.insert(.init(number: event.number, place: EventPlace(epoch: epoch, sequence: event.sequence), source: source))
    }
}
