internal import MerkleTree

/// A segment file as found, before its content has been read.
struct FoundSegment {
    var number: UInt64
    var size: Int
    /// Nil when both copies are damaged.
    var header: SegmentHeader?
    /// Not even opened: nothing is known of it, and nothing is done to it.
    var isUnreadable = false
}

extension EventJournal {
    /// Opening: lock, list, read headers, read what has no quorum, cut a torn tail, and go on in the last segment or in a new one.
    func recover() throws(JournalError) {
        if case .held(let processID) = try system({ () throws(SystemError) in try fileSystem.lock() }) {
            throw .locked(processID: processID)
        }
        var attempt = RecoveryAttempt()
        while try !readFolder(&attempt) {}
    }

    /// Returns false, and changes the attempt, when all must be read again: the last segment failed to sync, or one that seemed half made
    /// was in use.
    private func readFolder(_ attempt: inout RecoveryAttempt) throws(JournalError) -> Bool {
        forgetEverything()
        var found = try findSegments()
        let lastIsUnreadable = found.last?.isUnreadable ?? false
        leaveUnreadable(&found)
        let halfMade = takeHalfMade(&found, keptUpTo: attempt.keptUpTo)
        guard let last = found.last else {
            if let rotted = rotted(halfMade, isOnly: true) {
                attempt.keptUpTo = rotted.number
                return false
            }
            recovery.isNew = true
            _ = removeHalfMade(halfMade)
            beginJournal()
            return true
        }
        dropVoid(&found)
        takeFacts(found)
        let scan = try readUnreceipted(found)
        if let rotted = rotted(halfMade, isOnly: false) {
            attempt.keptUpTo = rotted.number
            return false
        }
        let isClean = removeHalfMade(halfMade) && !lastIsUnreadable
        mustBeginEpoch = scan.verdict(signedUpTo: live.signedUpTo, quorumUpTo: live.quorumUpTo)
        durable = live
        if isClean, attempt.mayContinue, last.header != nil {
            attempt.mayContinue = continueInLast(fileByteCount: last.size)
            guard attempt.mayContinue else { return false }
        } else {
            continueAfterLast()
        }
        runningAtOpening = live.runningMilliseconds
        forgetPlaces()
        // An epoch that nobody knows is left at the latest start, also when the power failed while it was being left.
        if last.header == nil || lastIsUnreadable || live.epoch == JournalState.unknownEpoch { leaveLostHeader() }
        return true
    }

    private func forgetEverything() {
        forgetPlaces()
        recovery = RecoveryReport()
        live = JournalState()
        segments = []
        carried = []
        ring = IntakeRing()
        unquorateReceipts = UnquorateReceipts()
        absent = nil
    }

    /// Whatever the lost header said, its epoch is over.
    private func leaveLostHeader() {
        mustBeginEpoch = .headerLost
        guard suspended == nil, (try? beginEpoch(options.freshEpoch, because: .headerLost)) != nil else { return }
        recovery.epochBegun = .headerLost
    }

    /// Turns a failed call into the journal's error.
    func system<Result>(_ call: () throws(SystemError) -> Result) throws(JournalError) -> Result {
        do { return try call() } catch { throw .system(error) }
    }

    /// The first segment of a new journal.
    private func beginJournal() {
        live.epoch = options.freshEpoch
        recovery.epochBegun = .journalNew
        continueAfterLast()
    }

    /// A new segment behind what was found; without one the journal starts all the same, and stores nothing until `resume()`.
    private func continueAfterLast() {
        durable = live
        do {
            try makeSegment(live, runs: heldRuns(live))
        } catch {
            suspended = error
        }
    }

    /// Cuts the torn tail and syncs: what was read may still be in the kernel's memory alone. Returns false when the sync fails.
    private func continueInLast(fileByteCount: Int) -> Bool {
        guard let last = segments.last else { return true }
        let file: Int32
        do {
            file = try retrying { () throws(SystemError) in try fileSystem.open(Segment.name(of: last.number), .write) }
        } catch {
            // A read-only medium, most likely: the journal starts, and stores nothing until `resume()`.
            counters.failedWriteCount += 1
            continueAfterLast()
            return true
        }
        do {
            if fileByteCount > durableByteCount {
                try retrying { () throws(SystemError) in try fileSystem.truncate(file, to: durableByteCount) }
            }
            try fileSystem.sync(file)
            try fileSystem.syncFolder()
        } catch {
            counters.failedSyncCount += 1
            fileSystem.dropCache(file)
            try? fileSystem.close(file)
            return false
        }
        active = file
        salt = CRC32C.salt(ofSegment: last.number)
        return true
    }
}

extension EventJournal {
    private func findSegments() throws(JournalError) -> [FoundSegment] {
        var numbers: [UInt64] = []
        var foreignCount = 0
        try system { () throws(SystemError) in
            try retrying { () throws(SystemError) in
                numbers.removeAll()
                foreignCount = 0
                try fileSystem.list { name in
                    if let number = Segment.number(in: name) { numbers.append(number) } else { foreignCount += 1 }
                }
            }
        }
        recovery.foreignFileCount = foreignCount
        guard numbers.count <= Segment.countLimit else { throw .tooManySegments }
        numbers = Segment.ascending(numbers)
        lastNumber = numbers.last ?? 0
        var found: [FoundSegment] = []
        for number in numbers {
            var segment = try inspect(number)
            // A passing failure must not cost an epoch.
            if segment.isUnreadable { segment = try inspect(number) }
            found.append(segment)
        }
        return found
    }

    private func inspect(_ number: UInt64) throws(JournalError) -> FoundSegment {
        var found = FoundSegment(number: number, size: 0, header: nil)
        var head: [UInt8] = []
        do {
            let file = try retrying { () throws(SystemError) in try fileSystem.open(Segment.name(of: number), .read) }
            defer { try? fileSystem.close(file) }
            found.size = try retrying { () throws(SystemError) in try fileSystem.size(file) }
            found.header = try SegmentHeader.find(fileSystem, file: file, number: number, size: found.size, window: eventWindow)
            if found.header == nil { head = try firstBytes(file) }
        } catch {
            // One unreadable file must not keep the agent from starting: its loss is reported below. Any other failure passes.
            guard error.isLasting else { throw .system(error) }
            found.isUnreadable = true
            return found
        }
        let magic = RecordFormat.magic
        if head.count == magic.count, head[..<6].elementsEqual(magic[..<6]), head[6] != magic[6], head[7] == magic[7] {
            throw .unknownFormat(head[6])
        }
        if let stored = found.header?.gatewayID, stored != options.gatewayID { throw .wrongGateway(stored) }
        return found
    }

    /// Files that cannot be opened count as missing; they stay where they are.
    private func leaveUnreadable(_ found: inout [FoundSegment]) {
        for item in found where item.isUnreadable {
            noteDamage(Damage(
                segment: item.number, offset: 0, byteCount: 0, firstSequence: 0, lostEventCount: nil, epoch: 0))
        }
        found.removeAll { $0.isUnreadable }
    }

    private func firstBytes(_ file: Int32) throws(SystemError) -> [UInt8] {
        let done = try retrying { () throws(SystemError) in
            try fileSystem.read(
                file, at: 0, into: UnsafeMutableRawBufferPointer(rebasing: eventWindow.memory[..<RecordFormat.magic.count]))
        }
        return Array(eventWindow.memory[..<done])
    }
}
