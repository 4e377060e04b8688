import AllianceTrust
import AttestationFormat
public import Logging
import MerkleTree

/// One node's mind: takes messages, keeps what is right in the store, gives it places in the ledger, and answers.
///
/// One task calls it, one call after the other; the work that needs no order is spread over the processors within a call.
public actor NodeCore<Store: NodeStore> {
    let settings: NodeSettings
    let store: Store
    let metrics: NodeMetrics
    let clock: NodeClock
    let logger: Logger
    var trust: NodeTrust
    var tree: LedgerTree
    var sessions = GatewaySessions()
    var limiter: RateLimiter<GatewayID>
    var entryLimiter: RateLimiter<EntryKind>
    /// Entries that are under a checkpoint and whose newest receipt is missing or says less than is held.
    var owedReceipts: Set<Int64>
    /// A revocation may have come since statements were last compared with it.
    var isLateUnknown = false
    /// A gateway may have been marked since the gauges were set.
    var areMarksUnknown = false
    /// What was said last of the trust file's times, so that it is said once.
    var notedTimes = TrustTimes()

    /// Opens the ledger: leaf 0 is the trust file in force, and what a crash left undone is taken up.
    ///
    /// - Throws: ``NodeError``, or what the store throws.
    public init(
        settings: NodeSettings, trustFile: [UInt8], store: Store, metrics: NodeMetrics, clock: NodeClock, logger: Logger
    ) async throws {
        self.settings = settings
        self.store = store
        self.metrics = metrics
        self.clock = clock
        self.logger = logger
        let now = clock.nowSeconds
        var inForce = try NodeTrust(held: try store.read { try $0.trustFile() }, offered: trustFile, settings, now)
        try await inForce.load(from: store)
        let recorded = inForce
        try store.write { transaction in
            try recorded.record(in: transaction)
            try transaction.setOwner(keyID: settings.key.keyID)
        }
        trust = recorded
        tree = try store.read { try LedgerTree($0) }
        let size = tree.size
        owedReceipts = Set(try store.read { try $0.leavesWithoutReceipt(from: 0, below: size, limit: .max) })
        limiter = RateLimiter(perSecond: Double(settings.messagesPerSecond), burst: settings.messageBurst)
        entryLimiter = RateLimiter(perSecond: Double(settings.firmEntriesPerMinute) / 60, burst: settings.firmEntryBurst)
        metrics.set(.trustVersion, Int(clamping: trust.version))
        isLateUnknown = !trust.verifier.revokedKeys.isEmpty
        try noteMarks()
        for (issuer, count) in try store.read({ try $0.markedSigners() }).prefix(Self.marksSaidAtStart) {
            logger.critical(
                "this gateway contradicted itself: its key is in two hands, or an old image of it was started; revoke or replace it",
                metadata: ["gateway": "\(issuer)", "conflicts": "\(count)"])
        }
    }

    /// More than this many lines nobody reads; the gauge has the number of all.
    private static var marksSaidAtStart: Int { 32 }

    /// Takes a newer trust file: it is in the ledger before it is applied.
    ///
    /// - Returns: false when it is the one in force.
    /// - Throws: ``NodeError`` that says why it is refused, an older one too; what the store throws.
    public func take(trustFile bytes: [UInt8]) async throws -> Bool {
        guard bytes != trust.bytes else { return false }
        var newer = try NodeTrust(update: bytes, of: trust, settings)
        try await newer.load(from: store)
        let applied = newer
        try store.write { try applied.record(in: $0) }
        trust = newer
        isLateUnknown = true
        metrics.set(.trustVersion, Int(clamping: newer.version))
        logger.notice("trust file applied", metadata: ["version": "\(newer.version)"])
        return true
    }

    /// Handles what came from the brokers, in order, and returns the answers that can be given at once.
    ///
    /// Receipts of new statements come from ``integrate()``.
    public func handle(_ messages: [BrokerMessage]) async throws -> [OutboundReply] {
        let now = clock.nowMilliseconds
        var batches: [(BrokerMessage, Topic)] = []
        var hellos: [(BrokerMessage, Topic)] = []
        var replies: [OutboundReply] = []
        for message in messages {
            guard let topic = Self.topic(of: message) else {
                metrics.add(.ignored)
                continue
            }
            if let refusal = admit(topic, message, now) {
                if let refusal { replies.append(refusal) }
            } else if topic.channel == .batch {
                batches.append((message, topic))
            } else {
                hellos.append((message, topic))
            }
        }
        metrics.add(.batches, batches.count)
        metrics.add(.hellos, hellos.count)
        // Certificates first: a gateway says hello before its batches. Positions last, so that they are not behind.
        var greeted: [Greeting] = []
        for (message, topic) in hellos {
            if let greeting = try await greet(message, topic) { greeted.append(greeting) }
        }
        replies += try await take(batches)
        replies += try answer(greeted)
        return replies
    }

    private static func topic(of message: BrokerMessage) -> Topic? {
        guard let text = UTF8Text(validating: message.topic), let topic = try? Topic(parsing: text),
            topic.channel == .batch || topic.channel == .hello
        else { return nil }
        return topic
    }

    /// nil: go on. Otherwise the message is refused, with an answer or without.
    private func admit(_ topic: Topic, _ message: BrokerMessage, _ now: Int64) -> OutboundReply?? {
        switch limiter.admit(topic.gatewayID, nowMilliseconds: now) {
        case .allowed: return nil
        case .refusedSilently:
            metrics.add(.rateLimited)
            return .some(nil)
        case .refused:
            let first = topic.channel == .batch ? (try? BatchMessage(parsing: message.payload))?.statement.header.first : nil
            let text = "more than \(settings.messagesPerSecond) messages a second"
            return .some(refuse(topic, message.broker, BatchRefusal(code: .rateLimited, text: text, first: first ?? 0)))
        }
    }

    // MARK: - Replies

    func refuse(_ topic: Topic, _ broker: Int, _ refusal: BatchRefusal) -> OutboundReply {
        metrics.add(NodeMetrics.Counter(refusal.code))
        logger.info(
            "refused", metadata: ["gateway": "\(topic.gatewayID)", "code": "\(refusal.code.rawValue)", "why": "\(refusal.text)"])
        return reply(
            to: topic.gatewayID, at: broker,
            .refusal(
                Refusal(
                    first: refusal.first, code: refusal.code, text: UTF8Text(String(refusal.text.prefix(200))),
                    conflicting: refusal.conflicting)))
    }

    func reply(to gateway: GatewayID, at broker: Int?, _ reply: Reply) -> OutboundReply {
        self.reply(to: gateway, at: broker, payload: reply.encoded())
    }

    func reply(to gateway: GatewayID, at broker: Int?, payload: [UInt8]) -> OutboundReply {
        let topic = Topic(gateway, .reply(node: settings.name.node), using: SHA256.self)
        return OutboundReply(broker: broker, topic: topic.text.bytes, payload: payload)
    }
}
