/// When a helper is started, given up and started again. Pure: it is told what happened and when.
///
/// A wrong PIN is tried once: what needs a person stops it until one asks for more, and so does a second login in a row that got no answer,
/// since a module that crashes at a wrong PIN must not use up the tries.
struct HelperLife {
    enum Phase: Equatable {
        /// Not running; started at this time.
        case waiting(untilMilliseconds: UInt64)
        /// Loading the module and looking for the key, until this time at most.
        case opening(untilMilliseconds: UInt64)
        case ready
        /// A signature is under way, until this time at most.
        case signing(untilMilliseconds: UInt64)
        /// Until a person acts.
        case stopped
    }

    /// The first pause after a failure. It doubles with each further one.
    static let firstPauseMilliseconds: UInt64 = 250
    static let longestPauseMilliseconds: UInt64 = 60_000
    /// Six times what the slowest chip takes for a signature.
    static let usualPatienceMilliseconds: UInt64 = 30_000
    /// Logins in a row without an answer before a person must look.
    private static let unansweredLoginLimit = 2

    private(set) var phase: Phase = .waiting(untilMilliseconds: 0)
    private var pauseMilliseconds = firstPauseMilliseconds
    private var isLoggingIn = false
    private var unansweredLoginCount = 0
    private let patienceMilliseconds: UInt64

    init(patienceMilliseconds: UInt64 = usualPatienceMilliseconds) { self.patienceMilliseconds = patienceMilliseconds }

    /// When something is due without a word from the helper.
    var deadlineMilliseconds: UInt64? {
        switch phase {
        case .waiting(let until), .opening(let until), .signing(let until): until
        case .ready, .stopped: nil
        }
    }

    func isStartDue(at now: UInt64) -> Bool {
        guard case .waiting(let until) = phase else { return false }
        return now >= until
    }

    /// Whether the helper took longer than anybody waits.
    func isLate(at now: UInt64) -> Bool {
        switch phase {
        case .opening(let until), .signing(let until): now >= until
        default: false
        }
    }

    mutating func started(at now: UInt64) {
        phase = .opening(untilMilliseconds: now &+ patienceMilliseconds)
        isLoggingIn = false
    }

    mutating func logsIn() { isLoggingIn = true }

    mutating func opened() {
        phase = .ready
        isLoggingIn = false
        unansweredLoginCount = 0
    }

    mutating func asked(at now: UInt64) { phase = .signing(untilMilliseconds: now &+ patienceMilliseconds) }

    /// An answer that nobody waits for any more.
    mutating func answered() {
        if case .signing = phase { phase = .ready }
    }

    /// A signature that verified: whatever was wrong is over.
    mutating func signed() {
        phase = .ready
        pauseMilliseconds = Self.firstPauseMilliseconds
    }

    /// The helper said why it cannot go on.
    mutating func failed(needsPerson: Bool, at now: UInt64) {
        isLoggingIn = false
        unansweredLoginCount = 0
        if needsPerson { phase = .stopped } else { pause(at: now) }
    }

    /// The helper ended or was ended without a word.
    mutating func ended(at now: UInt64) {
        if isLoggingIn { unansweredLoginCount += 1 }
        isLoggingIn = false
        if unansweredLoginCount >= Self.unansweredLoginLimit { phase = .stopped } else { pause(at: now) }
    }

    /// Nobody needs it any more.
    mutating func stop() { phase = .stopped }

    /// A person asks for another try.
    mutating func restart(at now: UInt64) {
        self = HelperLife(patienceMilliseconds: patienceMilliseconds)
        phase = .waiting(untilMilliseconds: now)
    }

    private mutating func pause(at now: UInt64) {
        phase = .waiting(untilMilliseconds: now &+ pauseMilliseconds)
        pauseMilliseconds = min(pauseMilliseconds &* 2, Self.longestPauseMilliseconds)
    }
}
