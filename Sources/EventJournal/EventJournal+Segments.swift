internal import MerkleTree

extension EventJournal {
    /// Makes the next segment: create, header, sync file, sync folder, then use. From the moment this is called nothing may be written
    /// to the segment before: a half-made successor may declare its rest void.
    func makeSegment(_ state: JournalState, runs: [Extent]) throws(SystemError) {
        seal()
        lastNumber += 1
        let number = lastNumber
        var header = SegmentHeader(gatewayID: options.gatewayID, number: number, state: state)
        header.state.runningMilliseconds = live.runningMilliseconds
        if let last = segments.last {
            header.previous = .init(
                number: last.number, epoch: last.epoch, firstSequence: last.firstSequence,
                endSequence: last.epoch == durable.epoch ? durable.nextSequence : last.endSequence ?? last.firstSequence,
                byteCount: UInt64(durableByteCount))
        }
        header.firstCarried = runs.first?.newFirst ?? 0
        header.runs = runs.map { CarriedRun(segment: $0.segment, first: $0.first, count: $0.count) }
        let bytes = header.encoded()
        let file = try makeFile(Segment.name(of: number), bytes)
        sealLast(endSequence: header.previous.endSequence)
        segments.append(Segment(
            number: number, epoch: state.epoch, firstSequence: state.nextSequence, endSequence: nil,
            signedUpTo: state.signedUpTo, runningMilliseconds: header.state.runningMilliseconds, byteCount: bytes.count))
        active = file
        salt = CRC32C.salt(ofSegment: number)
        durableByteCount = bytes.count
        writtenByteCount = 0
    }

    /// The last segment becomes one of the sealed ones.
    private func sealLast(endSequence: UInt64) {
        guard let index = segments.indices.last else { return }
        segments[index].byteCount = durableByteCount
        segments[index].endSequence = endSequence
        sealedByteCount += Int64(durableByteCount)
    }

    private func makeFile(_ name: [UInt8], _ bytes: [UInt8]) throws(SystemError) -> Int32 {
        let file = try retrying { () throws(SystemError) in try fileSystem.open(name, .create) }
        do throws(SystemError) {
            var done = 0
            while done < bytes.count {
                let written = try writePart(file, bytes, from: done)
                guard written > 0 else { throw SystemError(.write, SystemError.inputOutput) }
                done += written
                counters.writtenByteCount += UInt64(written)
            }
            try fileSystem.sync(file)
            try fileSystem.syncFolder()
            return file
        } catch {
            // Best effort: a half-made file is recognised and ignored at the next start.
            try? fileSystem.close(file)
            try? fileSystem.remove(name)
            throw error
        }
    }

    private func writePart(_ file: Int32, _ bytes: [UInt8], from offset: Int) throws(SystemError) -> Int {
        var written = 0
        var failure: SystemError?
        bytes.withUnsafeBytes { all in
            do throws(SystemError) {
                written = try retrying { () throws(SystemError) in
                    try fileSystem.write(file, at: offset, UnsafeRawBufferPointer(rebasing: all[offset...]))
                }
            } catch { failure = error }
        }
        if let failure { throw failure }
        return written
    }

    /// Makes a new segment of the same epoch and puts what was not durable into it.
    func continueInNewSegment() throws(SystemError) {
        let old = salt
        try makeSegment(durable, runs: heldRuns(durable))
        pending.move(fromSalt: old, toSalt: salt)
        guard let file = active, !pending.isEmpty else { return }
        do {
            try writePending(to: file)
            try fileSystem.sync(file)
        } catch {
            seal()
            throw error
        }
        noteSynced()
    }

    /// The carried events that must be kept.
    func heldRuns(_ state: JournalState) -> [Extent] {
        let kept = options.keepsUntilArchived ? min(state.quorumUpTo, state.ownArchivedUpTo) : state.quorumUpTo
        return carried.filter { $0.newEnd > kept }
    }

    /// Ends the full segment and begins the next one.
    func roll() throws(JournalError) {
        try sync()
        do {
            try continueInNewSegment()
        } catch {
            suspended = error
            throw .suspended(error)
        }
    }
}
