/// What the supervisor wants done now.
public enum LinkAction: Equatable, Sendable {
    case nothing
    /// Make a new client and connect it.
    case open(brokerIndex: Int, version: MQTTVersion)
    /// Destroy the client: it failed or makes no progress. `wasConnected`: the broker had accepted us.
    case close(LinkCause, wasConnected: Bool)
}

/// When to connect, where, with which version, and when to give a client up: a pure state machine without socket or clock.
///
/// Brokers are tried in turn. After a failure it waits between a tenth of the ceiling and the ceiling, which doubles with
/// each round through the brokers, from 1 s to 5 min.
public struct LinkSupervisor: Sendable {
    enum State: Equatable, Sendable {
        case stopped
        case waiting(untilMilliseconds: Int64)
        case connecting(sinceMilliseconds: Int64)
        case connected(sinceMilliseconds: Int64)
    }

    let timing: LinkTiming
    let silenceMilliseconds: Int64
    let acknowledgementTimeoutMilliseconds: Int64
    let preferredVersion: MQTTVersion

    private(set) var state = State.stopped
    private(set) var brokerIndex = 0
    /// What is spoken to each broker, learnt from its refusals.
    private var versions: [MQTTVersion]
    /// How often in a row each broker closed the connection instead of answering a CONNECT.
    private var unansweredCounts: [Int]
    /// Whether a broker's version follows from its silence only.
    private var isGuess: [Bool]
    private var failureCount = 0
    private var takeovers = RecentTakeovers()
    private var lastHeardMilliseconds: Int64 = 0
    /// Why there is, or was last, no connection.
    public private(set) var cause = LinkCause(.notStarted)
    private(set) var attemptCount: UInt64 = 0
    private(set) var connectionCount: UInt64 = 0

    /// - Parameter brokerCount: at least 1.
    public init(
        brokerCount: Int, prefersVersion5: Bool = true, keepAliveSeconds: UInt16 = 60,
        acknowledgementTimeoutMilliseconds: Int64 = 60_000, timing: LinkTiming = LinkTiming()
    ) {
        self.timing = timing
        // The library pings after one keep-alive time of silence and gives the answer another one.
        silenceMilliseconds = Int64(keepAliveSeconds) * 2_000
        self.acknowledgementTimeoutMilliseconds = acknowledgementTimeoutMilliseconds
        preferredVersion = prefersVersion5 ? .v5 : .v3_1_1
        let count = brokerCount < 1 ? 1 : brokerCount
        versions = [MQTTVersion](repeating: preferredVersion, count: count)
        unansweredCounts = [Int](repeating: 0, count: count)
        isGuess = [Bool](repeating: false, count: count)
    }

    /// The version spoken to the broker in turn.
    public var version: MQTTVersion { versions[brokerIndex] }
    public var isConnected: Bool { if case .connected = state { true } else { false } }
    public var isStopped: Bool { state == .stopped }

    /// Begins: the first attempt is due at once.
    public mutating func start(nowMilliseconds: Int64) {
        guard state == .stopped else { return }
        state = .waiting(untilMilliseconds: nowMilliseconds)
    }

    /// Ends; the owner closes what is open.
    public mutating func stop() {
        state = .stopped
        cause = LinkCause(.stopped)
    }

    /// The broker's CONNACK said yes.
    public mutating func wasAccepted(nowMilliseconds: Int64) {
        guard case .connecting = state else { return }
        state = .connected(sinceMilliseconds: nowMilliseconds)
        unansweredCounts[brokerIndex] = 0
        lastHeardMilliseconds = nowMilliseconds
        connectionCount &+= 1
    }

    /// Something came from the broker.
    public mutating func heard(nowMilliseconds: Int64) { lastHeardMilliseconds = nowMilliseconds }

    /// When ``timePassed(nowMilliseconds:progressMilliseconds:random:)`` has something to do; nil: never.
    /// - Parameter progressMilliseconds: when sending last made progress while something is unacknowledged; else nil.
    public func nextDeadlineMilliseconds(progressMilliseconds: Int64?) -> Int64? {
        switch state {
        case .stopped: return nil
        case .waiting(let until): return until
        case .connecting(let since): return since &+ timing.connackTimeoutMilliseconds
        case .connected:
            let silence = lastHeardMilliseconds &+ silenceMilliseconds
            guard let progressMilliseconds else { return silence }
            return min(silence, progressMilliseconds &+ acknowledgementTimeoutMilliseconds)
        }
    }

    /// Looks at the clock. Call it whenever the deadline may have passed.
    /// - Parameter random: any random number; it spreads a fleet's reconnects.
    public mutating func timePassed(nowMilliseconds: Int64, progressMilliseconds: Int64?, random: UInt64) -> LinkAction {
        guard let deadline = nextDeadlineMilliseconds(progressMilliseconds: progressMilliseconds),
            nowMilliseconds >= deadline
        else { return .nothing }
        switch state {
        case .stopped: return .nothing
        case .waiting:
            state = .connecting(sinceMilliseconds: nowMilliseconds)
            attemptCount &+= 1
            return .open(brokerIndex: brokerIndex, version: version)
        case .connecting:
            return failed(LinkCause(.noAnswer), nowMilliseconds: nowMilliseconds, random: random)
        case .connected:
            let isSilent = nowMilliseconds >= lastHeardMilliseconds &+ silenceMilliseconds
            return failed(LinkCause(isSilent ? .silence : .noProgress), nowMilliseconds: nowMilliseconds, random: random)
        }
    }

    /// The attempt or the connection failed. Always answers `.close`, unless nothing was open.
    public mutating func failed(_ cause: LinkCause, nowMilliseconds: Int64, random: UInt64) -> LinkAction {
        switch state {
        case .stopped, .waiting: return .nothing
        case .connecting: return attemptFailed(cause, nowMilliseconds: nowMilliseconds, random: random)
        case .connected(let since):
            return connectionEnded(
                cause, ageMilliseconds: nowMilliseconds &- since, nowMilliseconds: nowMilliseconds, random: random)
        }
    }

    private mutating func attemptFailed(_ cause: LinkCause, nowMilliseconds: Int64, random: UInt64) -> LinkAction {
        self.cause = cause
        if cause.code == .versionRefused, version == .v5 {
            // The broker answered, only not this version: ask again at once. If it refuses both, the wait below applies.
            versions[brokerIndex] = .v3_1_1
            state = .waiting(untilMilliseconds: nowMilliseconds)
            return .close(cause, wasConnected: false)
        }
        if cause.code == .versionRefused {
            versions[brokerIndex] = preferredVersion
        } else if cause.code == .closedBeforeAnswer {
            noteUnanswered()
        }
        wait(nowMilliseconds: nowMilliseconds, random: random)
        return .close(cause, wasConnected: false)
    }

    /// Some 3.1.1 brokers close instead of refusing version 5: after two such answers the other version has its turn.
    private mutating func noteUnanswered() {
        unansweredCounts[brokerIndex] += 1
        guard unansweredCounts[brokerIndex] >= 2, preferredVersion == .v5 else { return }
        unansweredCounts[brokerIndex] = 0
        versions[brokerIndex] = version == .v5 ? .v3_1_1 : .v5
        isGuess[brokerIndex] = version == .v3_1_1
    }

    /// A version that was only guessed is not kept for ever: a broker in the middle of a restart also just closes.
    private mutating func forgetGuess() {
        guard isGuess[brokerIndex] else { return }
        isGuess[brokerIndex] = false
        versions[brokerIndex] = preferredVersion
        unansweredCounts[brokerIndex] = 1
    }

    private mutating func connectionEnded(
        _ cause: LinkCause, ageMilliseconds: Int64, nowMilliseconds: Int64, random: UInt64
    ) -> LinkAction {
        let wasStable = ageMilliseconds >= timing.stableMilliseconds
        if wasStable { failureCount = 0 }
        forgetGuess()
        var cause = cause
        // MQTT 3.1.1 has no word for it: a connection that breaks soon after it was accepted looks the same.
        if cause.code == .takenOver || (cause.code == .connectionLost && !wasStable) {
            let count = takeovers.add(nowMilliseconds: nowMilliseconds)
            cause.isIdentityShared = count >= RecentTakeovers.suspicious
            // Two clones that each come back quickly would throw each other out for ever.
            failureCount = max(failureCount, count - 1)
        }
        self.cause = cause
        wait(nowMilliseconds: nowMilliseconds, random: random)
        return .close(cause, wasConnected: true)
    }

    private mutating func wait(nowMilliseconds: Int64, random: UInt64) {
        let round = failureCount / versions.count
        failureCount += failureCount < 1_000_000 ? 1 : 0
        brokerIndex = (brokerIndex + 1) % versions.count
        let delay = Self.backoffMilliseconds(round: round, timing: timing, random: random)
        state = .waiting(untilMilliseconds: nowMilliseconds &+ delay)
    }

    /// A wait between a tenth of the round's ceiling and the ceiling: jittered in full, and yet never none at all.
    static func backoffMilliseconds(round: Int, timing: LinkTiming, random: UInt64) -> Int64 {
        var ceiling = max(timing.firstBackoffMilliseconds, 10)
        var remaining = round
        while remaining > 0, ceiling < timing.lastBackoffMilliseconds {
            ceiling *= 2
            remaining -= 1
        }
        ceiling = max(10, min(ceiling, timing.lastBackoffMilliseconds))
        let floor = ceiling / 10
        return floor + Int64(truncatingIfNeeded: random % UInt64(ceiling - floor + 1))
    }
}

/// When this client was thrown out lately: the same identity in two places throws each other out again and again.
struct RecentTakeovers: Sendable {
    /// Three within an hour: a reconnect race or a broker's restart makes one or two.
    static let suspicious = 3
    static let windowMilliseconds: Int64 = 3_600_000
    /// More need not be counted: back-off is at its end then.
    static let capacity = 16
    private var times: [Int64] = []

    /// Notes one and returns how many there were within the hour.
    mutating func add(nowMilliseconds: Int64) -> Int {
        times.removeAll { nowMilliseconds &- $0 > Self.windowMilliseconds }
        if times.count >= Self.capacity { times.removeFirst() }
        times.append(nowMilliseconds)
        return times.count
    }
}
