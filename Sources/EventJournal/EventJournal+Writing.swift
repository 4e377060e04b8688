extension EventJournal {
    /// Writes and syncs everything appended. Returns `durableUpTo`.
    ///
    /// Throws `.suspended` after a failure. A failed sync is never repeated on the same segment: what it was to make durable goes into a
    /// new one when `resume()` succeeds.
    @discardableResult
    public func sync() throws(JournalError) -> UInt64 {
        if let suspended { throw .suspended(suspended) }
        guard !pending.isEmpty else { return durableUpTo }
        try flush()
        guard let file = active else { throw .suspended(SystemError(.write, SystemError.inputOutput)) }
        do {
            try fileSystem.sync(file)
        } catch {
            counters.failedSyncCount += 1
            poison(error)
            throw .suspended(error)
        }
        noteSynced()
        return durableUpTo
    }

    /// What was appended is now on the medium.
    func noteSynced() {
        counters.syncCount += 1
        durableByteCount += pending.count
        pending.removeAll()
        writtenByteCount = 0
        durable = live
    }

    /// Hands what waits to the kernel, without syncing: readers see it then.
    func flush() throws(JournalError) {
        if let suspended { throw .suspended(suspended) }
        guard let file = active else { return }
        do {
            try writePending(to: file)
        } catch {
            counters.failedWriteCount += 1
            if error.isLackOfSpace { suspended = error } else { poison(error) }
            throw .suspended(error)
        }
    }

    /// Writes the rest of what waits; short writes and interruptions are no failures.
    func writePending(to file: Int32) throws(SystemError) {
        while writtenByteCount < pending.count {
            let rest = pending.bytes(from: writtenByteCount)
            let done = try retrying { () throws(SystemError) in
                try fileSystem.write(file, at: durableByteCount + writtenByteCount, rest)
            }
            // No progress and no error would be a loop without end.
            guard done > 0 else { throw SystemError(.write, SystemError.inputOutput) }
            writtenByteCount += done
            counters.writtenByteCount += UInt64(done)
        }
    }

    /// Gives the last segment up: what the medium holds of it beyond the last sync is unknown.
    private func poison(_ error: SystemError) {
        counters.poisonedSegmentCount += 1
        suspended = error
        seal()
    }

    /// Ends writing to the last segment, for good.
    func seal() {
        guard let file = active else { return }
        active = nil
        do { try fileSystem.close(file) } catch { counters.failedCloseCount += 1 }
    }

    /// Tries again after a failure: in the same segment after lack of space, else in a new one, once the old one has been read
    /// again from the medium. Throws `.suspended` while the cause lasts; does nothing when all is well.
    public func resume() throws(JournalError) {
        guard let cause = suspended else { return }
        if active != nil, cause.isLackOfSpace {
            suspended = nil
            try sync()
            return
        }
        seal()
        do {
            try readAgain()
            try continueInNewSegment()
        } catch {
            suspended = error
            throw .suspended(error)
        }
        suspended = nil
    }

    /// Verifies the synced part of the given-up segment, past the kernel's cache.
    private func readAgain() throws(SystemError) {
        guard let segment = segments.last, let file = try openOrMissing(segment) else { return }
        defer { try? fileSystem.close(file) }
        fileSystem.dropCache(file)
        eventWindow.invalidate()
        statementWindow.invalidate()
        var walker = self.walker(segment, file: file, limit: durableByteCount, end: durable.nextSequence, window: eventWindow)
        walking: while true {
            switch try walker.next() {
            case .damage(let damage): noteDamageWhileRunning(damage)
            case .end: break walking
            default: break
            }
        }
    }

    /// A segment's file for reading; nil when it is not there.
    private func openOrMissing(_ segment: Segment) throws(SystemError) -> Int32? {
        do {
            return try retrying { () throws(SystemError) in try fileSystem.open(Segment.name(of: segment.number), .read) }
        } catch {
            if error.code == SystemError.notFound { return nil }
            throw error
        }
    }

    /// Damage met after the start: listed for a `gap.declared`, and the epoch ends if it may have taken what nobody else has.
    func noteDamageWhileRunning(_ damage: Damage) {
        guard noteDamage(damage) else { return }
        counters.damageCount += 1
        guard damage.epoch == live.epoch else { return }
        if damage.lostEventCount == nil || damage.firstSequence &+ (damage.lostEventCount ?? 0) > live.signedUpTo {
            mustBeginEpoch = mustBeginEpoch ?? .unsignedEventsLost
        }
    }

    /// Lists a damaged place that is neither declared nor listed yet. Returns false if it is.
    @discardableResult
    func noteDamage(_ damage: Damage) -> Bool {
        let place = JournalState.Place(segment: damage.segment, offset: UInt64(damage.offset))
        guard !live.declared.contains(place),
            !recovery.damages.contains(where: { $0.segment == damage.segment && $0.offset == damage.offset })
        else { return false }
        if recovery.damages.count < RecoveryReport.damageLimit {
            recovery.damages.append(damage)
        } else {
            recovery.unlistedDamageCount += 1
        }
        return true
    }
}
