internal import AgentConfiguration
internal import CPosixShims
internal import EventJournal
internal import GatewayAgent
internal import LogisticsEvents
internal import MQTTLink
internal import SealToken
internal import SensorSources

extension AgentLoop {
    /// Polls everything once, until something happens or the next thing is due.
    func waitForSomething() {
        entries.removeAll(keepingCapacity: true)
        entries.append(posix_poll_entry(descriptor: signals, events: Int16(POSIX_POLL_IN), revents: 0))
        let broker = link.link
        entries.append(
            posix_poll_entry(descriptor: broker?.pollDescriptor ?? -1, events: broker?.pollEvents ?? 0, revents: 0))
        entries.append(posix_poll_entry(descriptor: signer.token?.descriptor ?? -1, events: Int16(POSIX_POLL_IN), revents: 0))
        interests.removeAll(keepingCapacity: true)
        for source in sources { source.appendInterests(to: &interests, isHeldBack: isHeldBack) }
        for interest in interests {
            var events: Int32 = 0
            if interest.wantsRead { events |= POSIX_POLL_IN }
            if interest.wantsWrite { events |= POSIX_POLL_OUT }
            entries.append(posix_poll_entry(descriptor: interest.descriptor, events: Int16(events), revents: 0))
        }
        control?.appendEntries(to: &entries)
        let timeout = sleepMilliseconds()
        _ = entries.withUnsafeMutableBufferPointer { posix_poll($0.baseAddress, $0.count, timeout) }
        for index in interests.indices {
            let happened = Int32(entries[index + 3].revents)
            interests[index].isReadable = happened & POSIX_POLL_IN != 0
            interests[index].isWritable = happened & POSIX_POLL_OUT != 0
            interests[index].hasFailed = happened & (POSIX_POLL_ERROR | POSIX_POLL_HANGUP | POSIX_POLL_INVALID) != 0
        }
    }

    /// Milliseconds until the earliest deadline, at most ten seconds, and less for an impatient watchdog.
    private func sleepMilliseconds() -> Int32 {
        // The first turn records that the agent started; nothing else may wake it.
        if turnCount <= 1 { return 0 }
        let start = UInt64(max(0, posix_boottime_milliseconds()))
        var due = start &+ min(Self.longestSleepMilliseconds, watchdogMilliseconds ?? .max)
        if let wake = gateway.wakeMilliseconds(at: now) { due = min(due, wake) }
        if let wake = link.link?.nextDeadlineMilliseconds { due = min(due, UInt64(max(0, wake))) }
        for source in sources {
            if let wake = source.nextDeadline(isHeldBack: isHeldBack) { due = min(due, wake) }
        }
        if let wake = sensors.nextDeadline, !isHeldBack { due = min(due, wake) }
        if let wake = signer.token?.nextDeadline(nowMilliseconds: start) { due = min(due, wake) }
        if let wake = control?.deadlineMilliseconds { due = min(due, wake) }
        if let wake = renewalDueMilliseconds { due = min(due, wake) }
        if let wake = syncDueMilliseconds { due = min(due, wake) }
        if journal.journal.suspended != nil { due = min(due, nextResumeMilliseconds) }
        return due <= start ? 0 : Int32(clamping: due - start)
    }

    /// When what was appended must be on the medium; `nil` if all of it is, or while the medium takes nothing: then ``resumeIfDue()`` is next.
    var syncDueMilliseconds: UInt64? {
        guard journal.journal.suspended == nil else { return nil }
        if journal.hasUnsynced {
            return lastSyncMilliseconds &+ UInt64(clamping: configuration.journal.syncIntervalMilliseconds)
        }
        return journal.hasUnsyncedReceipts ? lastSyncMilliseconds &+ Self.receiptSyncMilliseconds : nil
    }

    /// What happened to the broker's descriptor.
    var linkHappened: Int16 { entries.count > 1 ? entries[1].revents : 0 }

    /// What happened to the socket of a token's helper.
    var signerHappened: Int16 { entries.count > 2 ? entries[2].revents : 0 }

    /// Sources wait while the journal cannot store, or while too many lines wait for their sync.
    var isHeldBack: Bool {
        journal.journal.suspended != nil || journal.journal.spaceLevel == .full || answers.count >= PendingAnswers.capacity
    }
}
