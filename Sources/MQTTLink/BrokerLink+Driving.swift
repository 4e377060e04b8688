import CMosquittoShims
import CPosixShims

extension BrokerLink {
    /// Packets read in one turn: enough to keep up, few enough to come back to the other sources within milliseconds.
    static let packetsPerTurn: Int32 = 64

    /// Does what the socket and the time allow. `revents` is poll's answer, 0 when only time passed.
    public func handle(revents: Int16, nowMilliseconds: Int64) {
        // The clock first: after a suspend the socket may still look alive.
        let action = supervisor.timePassed(
            nowMilliseconds: nowMilliseconds, progressMilliseconds: progressMilliseconds, random: Self.random())
        guard action == .nothing else { return perform(action, nowMilliseconds: nowMilliseconds) }
        guard client != nil else { return }
        if window.isStale { return fail(LinkCause(.noProgress), nowMilliseconds: nowMilliseconds) }
        drive(revents: revents, nowMilliseconds: nowMilliseconds)
    }

    private func drive(revents: Int16, nowMilliseconds: Int64) {
        let isBroken = revents & Int16(POSIX_POLL_ERROR | POSIX_POLL_HANGUP | POSIX_POLL_INVALID) != 0
        // Asked before reading, which would take it away.
        let socketError = isBroken ? client?.socketError ?? 0 : 0
        // Reading first: a TLS alert that lies there would be lost with the connection that a failing write closes.
        if isBroken || (mayRead && (hasUnreadBytes || revents & Int16(POSIX_POLL_IN) != 0)) {
            read(socketError: socketError, heard: revents & Int16(POSIX_POLL_IN) != 0, nowMilliseconds: nowMilliseconds)
        }
        // Over TLS the library never notices a refused connection, and a broken one stays ready for ever: poll would spin.
        if isBroken, client != nil {
            settle(MQTT_ERROR_SYSTEM, socketError: socketError, nowMilliseconds: nowMilliseconds)
        } else if revents & Int16(POSIX_POLL_OUT) != 0 {
            write(nowMilliseconds: nowMilliseconds)
        }
        tickIfDue(nowMilliseconds: nowMilliseconds)
    }

    private func write(nowMilliseconds: Int64) {
        guard let client else { return }
        if !supervisor.isConnected, hasBeenWritable, hasWaitingInput() { return }
        if client.wantsWrite { lastProgressMilliseconds = nowMilliseconds }
        hasBeenWritable = true
        settle(client.write(), nowMilliseconds: nowMilliseconds)
    }

    private func read(socketError: Int32, heard: Bool, nowMilliseconds: Int64) {
        guard let client else { return }
        if heard { supervisor.heard(nowMilliseconds: nowMilliseconds) }
        let (result, isDrained) = client.read(packetCount: Self.packetsPerTurn)
        hasUnreadBytes = !isDrained
        settle(result, socketError: socketError, nowMilliseconds: nowMilliseconds)
    }

    /// Whether something came since the poll. In TLS 1.3 the broker judges our certificate while we write the CONNECT: its
    /// alert must be read before a write finds the connection closed, or the cause is lost.
    private func hasWaitingInput() -> Bool {
        var entry = posix_poll_entry(descriptor: pollDescriptor, events: Int16(POSIX_POLL_IN), revents: 0)
        return posix_poll(&entry, 1, 0) > 0
    }

    private func tickIfDue(nowMilliseconds: Int64) {
        guard supervisor.isConnected, let client, nowMilliseconds >= nextTickMilliseconds else { return }
        // A quarter of the keep-alive: late enough to sleep long, early enough that a ping is never overdue.
        let period = Int64(max(5, configuration.keepAliveSeconds)) * 250
        nextTickMilliseconds = nowMilliseconds + min(max(period, 1_000), 15_000)
        settle(client.tick(), nowMilliseconds: nowMilliseconds)
    }

    /// After every call into the library: first what it reported, then what it returned.
    func settle(_ result: Int32, socketError: Int32 = 0, nowMilliseconds: Int64) {
        drainRecords(nowMilliseconds: nowMilliseconds)
        if let verdict = brokersVerdict { return fail(verdict, nowMilliseconds: nowMilliseconds) }
        guard result != 0, let client else { return }
        let error = socketError != 0 ? socketError : client.systemError
        let cause = LinkCause(
            libraryResult: result, systemError: error, log: client.log, wasAccepted: supervisor.isConnected)
        fail(cause, nowMilliseconds: nowMilliseconds)
    }

    func fail(_ cause: LinkCause, nowMilliseconds: Int64) {
        let action = supervisor.failed(cause, nowMilliseconds: nowMilliseconds, random: Self.random())
        perform(action, nowMilliseconds: nowMilliseconds)
    }

    private func perform(_ action: LinkAction, nowMilliseconds: Int64) {
        switch action {
        case .nothing: break
        case .open(let brokerIndex, let version):
            open(configuration.brokers[brokerIndex], version: version, nowMilliseconds: nowMilliseconds)
        case .close(let cause, let wasConnected):
            discardClient()
            events.append(wasConnected ? .disconnected(cause) : .attemptFailed(cause))
        }
    }

    private func open(_ broker: BrokerAddress, version: MQTTVersion, nowMilliseconds: Int64) {
        discardClient()
        guard let made = MosquittoClient(configuration: configuration, version: version) else {
            return fail(LinkCause(.outOfMemory), nowMilliseconds: nowMilliseconds)
        }
        client = made
        nextTickMilliseconds = nowMilliseconds
        lastProgressMilliseconds = nowMilliseconds
        let result = made.connect(to: broker, configuration: configuration, lastWill: lastWill)
        settle(result, nowMilliseconds: nowMilliseconds)
    }

    /// A random number for the back-off; the time alone would send a whole fleet back at once after a power cut.
    private static func random() -> UInt64 {
        var bytes: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0]
        guard bytes.withUnsafeMutableBufferPointer({ posix_random($0.baseAddress, $0.count) }) == 0 else {
            return UInt64(bitPattern: posix_monotonic_nanoseconds())
        }
        return bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
