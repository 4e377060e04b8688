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
        if try readFolder(mayContinue: true) { return }
        // The last segment would not sync: what was read of it came from the cache. Read the medium, and leave the segment alone.
        _ = try readFolder(mayContinue: false)
    }

    /// Returns false when the last segment failed to sync, so that all must be read again.
    private func readFolder(mayContinue: Bool) throws(JournalError) -> Bool {
        forgetEverything()
        var found = try findSegments()
        let lastIsUnreadable = found.last?.isUnreadable ?? false
        leaveUnreadable(&found)
        let isClean = dropHalfMade(&found) && !lastIsUnreadable
        recovery.isNew = found.isEmpty
        guard let last = found.last else {
            beginJournal()
            return true
        }
        dropVoid(&found)
        takeFacts(found)
        let scan = try readUnreceipted(found)
        mustBeginEpoch = scan.verdict(signedUpTo: live.signedUpTo, quorumUpTo: live.quorumUpTo)
        durable = live
        if isClean, mayContinue, last.header != nil {
            guard continueInLast(fileByteCount: last.size) else { return false }
        } else {
            continueAfterLast()
        }
        runningAtOpening = live.runningMilliseconds
        forgetPlaces()
        if last.header == nil || lastIsUnreadable { leaveLostHeader() }
        return true
    }

    private func forgetEverything() {
        forgetPlaces()
        recovery = RecoveryReport()
        live = JournalState()
        segments = []
        carried = []
        ring = IntakeRing()
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
            try makeSegment(live, runs: heldRuns(live.quorumUpTo))
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
            guard error.code == SystemError.inputOutput else { throw .system(error) }
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

    /// Removes files at the end that a power cut left half made: no header, no record, no more bytes than a header takes. Returns false
    /// when one could not be removed: then the segment before must stay as it is.
    private func dropHalfMade(_ found: inout [FoundSegment]) -> Bool {
        while let last = found.last, last.header == nil, holdsNothing(last, isOnly: found.count == 1) {
            found.removeLast()
            recovery.tornTailByteCount += last.size
            do {
                try retrying { () throws(SystemError) in try fileSystem.remove(Segment.name(of: last.number)) }
                try fileSystem.syncFolder()
            } catch { return false }
        }
        return true
    }

    /// - Parameter isOnly: the journal's first header knows no sources and no former epochs, and stays below a kilobyte.
    private func holdsNothing(_ segment: FoundSegment, isOnly: Bool = false) -> Bool {
        guard segment.size <= (isOnly ? 1_024 : RecordFormat.magic.count + 2 * RecordFormat.recordLimit) else { return false }
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
    private func dropVoid(_ found: inout [FoundSegment]) {
        var index = found.count - 1
        while index > 0 {
            if let previous = found[index].header?.previous.number, previous > 0 {
                while index > 0, found[index - 1].number > previous {
                    if holdsNothing(found[index - 1]) { try? fileSystem.remove(Segment.name(of: found[index - 1].number)) }
                    found.remove(at: index - 1)
                    index -= 1
                }
            }
            index -= 1
        }
    }
}
