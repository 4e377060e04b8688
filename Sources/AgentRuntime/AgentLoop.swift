internal import AgentConfiguration
internal import AttestationFormat
internal import CPosixShims
internal import ConfigurationFile
internal import DeviceCrypto
internal import EventJournal
internal import GatewayAgent
internal import LogisticsEvents
internal import MQTTLink
internal import SealToken
internal import SensorSources

/// The types that the agent's state machine runs on.
enum AgentPlatform: GatewayPlatform {
    typealias Hash = SHA256
    typealias Verifier = P256Verifier
    typealias Journal = JournalAdapter<PosixFileSystem>
    typealias Link = LinkAdapter
    typealias Signer = SignerAdapter
    typealias Trust = TrustFileAdapter
    typealias Salts = SaltWell
}

/// The one loop on the one thread: poll, serve, advance, sync, answer. It decides nothing: ``Gateway`` does.
final class AgentLoop {
    /// The longest sleep: the retention of segments wants a look now and then, and the watchdog perhaps sooner.
    static let longestSleepMilliseconds: UInt64 = 10_000
    /// A journal that could not store is tried again this often.
    static let resumeMilliseconds: UInt64 = 1_000
    /// Receipts and marks that no event takes along are synced after this.
    static let receiptSyncMilliseconds: UInt64 = 5_000
    /// Segments that may go are looked for this often.
    static let retainMilliseconds: UInt64 = 60_000

    var configuration: AgentConfiguration
    var log: Log
    let gateway: Gateway<AgentPlatform>
    let journal: JournalAdapter<PosixFileSystem>
    let link: LinkAdapter
    let sources: [Source]
    /// What each source did so far, in the order of `sources`.
    var sourceRecords: [SourceRecord]
    let control: ControlSocket?
    let signals: Int32
    let signer: SignerAdapter
    /// Whether the log has said that the token does not sign.
    var isSignerTold = false
    /// The refusals of this run's certificate that the log has told of, a bit a code: another one comes with a restart.
    var toldRefusals: UInt64 = 0
    var facts: RunFacts

    var clock: ClockReader
    var now: Moment
    var salts = SaltWell()
    var answers = PendingAnswers()
    /// Makes events of readings.
    var sensors: SensorTable
    /// What it made and the journal has not got yet: empty between the steps of a turn.
    var conditions: [ConditionEvent] = []
    var interests: [PollInterest] = []
    var entries: [posix_poll_entry] = []
    var lastSyncMilliseconds: UInt64
    var hasSynced = false
    /// Whether the log has said that nothing can be stored.
    var isSuspensionTold: Bool
    var nextResumeMilliseconds: UInt64 = 0
    var nextRetainMilliseconds: UInt64 = 0
    var nextStatusMilliseconds: UInt64 = 0
    var lastWatchdogMilliseconds: UInt64 = 0
    /// How often the service manager wants to hear that the loop goes round; `nil` when nobody watches.
    let watchdogMilliseconds: UInt64? = AgentLoop.watchdogPeriod()
    var isReady = false
    /// Where this run began: what is durable beyond it, or another epoch, makes it ready.
    let startPlace: (epoch: Epoch, sequence: UInt64)
    var isLeaving = false
    var turnCount: UInt64 = 0
    var refusedLineCount: UInt64 = 0
    /// Damages of the journal's report that are declared, or on their way.
    var declaredDamageCount: Int

    var renewal: RenewalRecord
    /// This program's words for a renewal.
    let renewalWords: [UTF8Text]

    /// Reads the configuration again, for SIGHUP.
    let loadConfiguration: () throws(ConfigurationProblems) -> AgentConfiguration

    init(
        _ setup: AgentSetup, signals: Int32, clock: ClockReader, renewalWords: [UTF8Text],
        loadConfiguration: @escaping () throws(ConfigurationProblems) -> AgentConfiguration
    ) {
        self.loadConfiguration = loadConfiguration
        configuration = setup.configuration
        log = setup.log
        journal = setup.journal
        link = setup.link
        sources = setup.sources
        sourceRecords = setup.configuration.sources.map { SourceRecord(name: $0.name) }
        control = setup.control
        facts = setup.facts
        self.renewalWords = renewalWords
        let jitter = UInt8(truncatingIfNeeded: (try? SecureRandom.word()) ?? 0)
        renewal = RenewalRecord(schedule: RenewalSchedule(certificate: setup.linkCertificate, jitter: jitter))
        self.signals = signals
        signer = setup.signer
        self.clock = clock
        now = setup.now
        gateway = setup.gateway
        sensors = SensorTable(
            sensors: configuration.sensors, rules: configuration.rules, at: now.monotonicMilliseconds)
        // The first sync has nothing to wait for: the first event after a start is acknowledged at once.
        lastSyncMilliseconds = 0
        isSuspensionTold = journal.journal.suspended != nil
        declaredDamageCount = journal.journal.recovery.damages.count
        startPlace = (journal.epoch, journal.journal.durableUpTo)
    }

    /// Runs until a signal ends it.
    func run() {
        // agent.started names the boot to which the monotonic times of all further events belong.
        gateway.advance(to: now)
        restoreSensors()
        link.link?.start(nowMilliseconds: Int64(clamping: now.monotonicMilliseconds))
        while !isLeaving { turn() }
        leave()
    }

    private func turn() {
        turnCount &+= 1
        waitForSomething()
        now = clock.read()
        link.nowMilliseconds = Int64(clamping: now.monotonicMilliseconds)
        handleSignals()
        serveLink()
        resumeIfDue()
        serveSources()
        serveSigner()
        gateway.advance(to: now)
        syncIfDue()
        answerDurable()
        noteSuspension()
        serveControl()
        retainIfDue()
        publishStatusIfDue()
        renewIfDue()
        tellServiceManager()
    }

    /// Everything that is durable already stays; what is appended is synced, and the rest is signed at the next start.
    private func leave() {
        _ = posix_notify("STOPPING=1")
        finishSensors()
        do throws(JournalProblem) {
            try journal.sync()
            answerDurable()
        } catch {
            log(.error, "the last events could not be synced: \(error.words); their senders were not told that they are stored")
        }
        link.publishStatus(Array("{\"online\":false}".utf8))
        link.link?.stop()
        signer.token?.stop()
        do throws(JournalError) { try journal.journal.close() } catch {}
        log(.notice, "stopped; \(journal.nextSequence - journal.signedEnd) events wait in the journal for a signature")
    }
}
