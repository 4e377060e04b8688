import AttestationFormat
import CPosixShims
import Synchronization
public import Logging
public import MQTTLink
public import ServiceLifecycle

/// A running node: brokers on their threads, one task that takes what they bring, a timer for the ledger.
public final class NodeService<Store: NodeStore>: Service {
    /// Messages and bytes between the brokers' threads and the node: half a second of the fastest stream that a node
    /// of this kind takes, after which reading stops.
    private static var inboxCapacity: Int { 4_096 }
    private static var inboxByteCount: Int { 32 << 20 }
    /// Pause after an error of the store, so that a full disk is tried again and not hammered.
    private static var storePauseMilliseconds: Int { 1_000 }
    /// How often the trust file's place is looked at.
    private static var trustCheckMilliseconds: Int64 { 5_000 }

    let core: NodeCore<Store>
    private let settings: NodeSettings
    private let metrics: NodeMetrics
    private let health: NodeHealth
    private let logger: Logger
    let desk: NodeDesk
    private let readTrustFile: @Sendable () throws -> [UInt8]
    private let mustReadTrustFile = IsOver()
    private let refusedTrustFile = LastWords()
    private let inbox: Mailbox<BrokerMessage>
    private let wakeUp = WakeUp()
    private let brokers: [BrokerRunner]

    /// - Parameters:
    ///   - brokers: each with its own connection; gateways may use any of them.
    ///   - desk: where registrations, revocation lists and other nodes' trust files are brought.
    ///   - readTrustFile: reads the trust file from where its owner puts newer ones.
    /// - Throws: `NodeError` with code `broker`.
    public init(
        core: NodeCore<Store>, settings: NodeSettings, brokers: [LinkConfiguration], metrics: NodeMetrics, health: NodeHealth,
        logger: Logger, desk: NodeDesk = NodeDesk(), readTrustFile: @escaping @Sendable () throws -> [UInt8]
    ) throws {
        self.core = core
        self.settings = settings
        self.metrics = metrics
        self.health = health
        self.logger = logger
        self.desk = desk
        self.readTrustFile = readTrustFile
        let inbox = Mailbox<BrokerMessage>(capacity: Self.inboxCapacity, byteCapacity: Self.inboxByteCount)
        let wakeUp = wakeUp
        self.inbox = inbox
        self.brokers = try brokers.enumerated().map { index, configuration in
            try BrokerRunner(
                index: index, configuration: configuration, inbox: inbox, wakeNode: wakeUp, metrics: metrics, logger: logger)
        }
        desk.open { wakeUp() }
    }

    /// Has the trust file read again at once, as on SIGHUP.
    public func readTrustFileNow() {
        mustReadTrustFile.value = true
        wakeUp()
    }

    /// Runs until graceful shutdown or until the ledger cannot be trusted any more.
    public func run() async throws {
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for broker in brokers { group.addTask { try await broker.run() } }
                group.addTask { await self.tick() }
                group.addTask {
                    defer {
                        self.desk.close()
                        self.brokers.forEach { $0.stop() }
                    }
                    try await self.work()
                }
                do {
                    try await group.waitForAll()
                } catch {
                    wakeUp.finish()
                    brokers.forEach { $0.stop() }
                    throw error
                }
            }
        } onGracefulShutdown: {
            self.wakeUp.finish()
        }
    }

    private func tick() async {
        let isOver = IsOver()
        await withTaskCancellationOrGracefulShutdownHandler {
            while !isOver.value {
                try? await Task.sleep(for: .milliseconds(settings.integrateMilliseconds))
                wakeUp()
            }
        } onCancelOrGracefulShutdown: {
            isOver.value = true
        }
    }

    /// The one task that calls the core.
    private func work() async throws {
        var integratedAt = posix_boottime_milliseconds()
        var trustCheckedAt = integratedAt
        send(try await recovering { try await self.core.integrate() })
        for await _ in wakeUp.turns {
            let messages = inbox.takeAll()
            if !messages.isEmpty { send(try await recovering { try await self.core.handle(messages) }) }
            try await serveDesk()
            let now = posix_boottime_milliseconds()
            if now - integratedAt >= Int64(settings.integrateMilliseconds) {
                integratedAt = now
                send(try await recovering { try await self.core.integrate() })
                await noteHealth()
            }
            if mustReadTrustFile.value || now - trustCheckedAt >= Self.trustCheckMilliseconds {
                mustReadTrustFile.value = false
                trustCheckedAt = now
                await checkTrustFile()
            }
        }
        // Shutdown: what was taken comes under a root and is answered; what comes later is sent again by its gateway.
        send(try await recovering { try await self.core.handle(self.inbox.takeAll()) })
        send(try await recovering { try await self.core.integrate() })
        try? await Task.sleep(for: .milliseconds(200))
    }

    /// A store that fails is tried again with the next message, since gateways send again; a ledger that contradicts
    /// itself ends the node.
    func recovering(_ body: () async throws -> [OutboundReply]) async throws -> [OutboundReply] {
        do {
            let replies = try await body()
            health.set(.ledger, problem: nil)
            health.set(.store, problem: nil)
            return replies
        } catch let error as NodeError {
            health.set(.ledger, problem: error.message)
            throw error
        } catch {
            metrics.add(.storeErrors)
            health.set(.store, problem: "\(error)")
            logger.error("the store failed; trying again", metadata: ["error": "\(error)"])
            try await Task.sleep(for: .milliseconds(Self.storePauseMilliseconds))
            return []
        }
    }

    func send(_ replies: [OutboundReply]) {
        for reply in replies {
            if let broker = reply.broker {
                if brokers.indices.contains(broker) { brokers[broker].send(reply) }
            } else {
                brokers.forEach { $0.send(reply) }
            }
        }
    }

    private func noteHealth() async {
        health.set(.broker, problem: brokers.contains { $0.isUp } ? nil : "no broker is connected")
        let times = await core.trustTimes
        health.set(.key, problem: times.keyEnded)
        let warnings = [times.outOfDate, times.keyEndsSoon].compactMap(\.self)
        health.set(.trust, words: warnings.isEmpty ? nil : warnings.joined(separator: "; "))
        metrics.set(.ready, health.report.isEmpty ? 1 : 0)
    }

    private func checkTrustFile() async {
        do {
            _ = try await core.take(trustFile: try readTrustFile())
            _ = refusedTrustFile.exchange("")
        } catch {
            // Every five seconds the same words would hide all others.
            guard refusedTrustFile.exchange("\(error)") else { return }
            logger.error("the trust file is not taken; the one in force stays", metadata: ["why": "\(error)"])
        }
    }
}

/// A flag that one side sets and the other reads.
private final class IsOver: Sendable {
    private let flag = Atomic<Bool>(false)
    var value: Bool {
        get { flag.load(ordering: .relaxed) }
        set { flag.store(newValue, ordering: .relaxed) }
    }
}

/// What was said last, so that it is said once.
private final class LastWords: Sendable {
    private let words = Mutex("")

    /// Whether these are other words than the last.
    func exchange(_ new: String) -> Bool {
        words.withLock { last in
            defer { last = new }
            return last != new
        }
    }
}
