internal import AttestationFormat
internal import DeviceRegistry
internal import Logging
internal import NIOPosix
internal import RegistryHTTP
internal import ServiceLifecycle

/// Sends the outbox's ledger statements to the nodes, each node by itself, up to eight at once, until its receipt is there.
struct StatementSender: Service {
    /// Between two looks at an outbox with nothing to send, and until what could not be recorded is sent again.
    private static let pauseMilliseconds = 2_000

    let registry: Registry
    let trust: RegistryTrust
    let requestSeconds: Int64
    let metrics: RegistryMetrics
    let logger: Logger

    /// A statement on its way to a node.
    private struct Sending: Hashable {
        let node: Name
        let statementID: Int64

        init(_ delivery: StatementDelivery) {
            node = delivery.node
            statementID = delivery.statementID
        }
    }

    /// What ends a wait.
    private enum Turn {
        case pauseIsOver
        /// - Parameter isRecorded: what came of it is in the store.
        case sent(Sending, isRecorded: Bool)
    }

    func run() async throws {
        let clients = try LedgerClients(trust: trust, requestSeconds: requestSeconds, logger: logger)
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Turn.self) { group in
                var underWay: Set<Sending> = []
                var unrecorded: [Sending] = []
                group.addTask { await Self.pause() }
                while !Task.isCancelled {
                    await sendDue(by: clients, &underWay, in: &group)
                    switch await group.next() {
                    case .sent(let sending, isRecorded: true): underWay.remove(sending)
                    case .sent(let sending, isRecorded: false): unrecorded.append(sending)
                    case .pauseIsOver:
                        // Not at once: a store that fails would be asked without end.
                        underWay.subtract(unrecorded)
                        unrecorded = []
                        await clients.follow(isIdle: underWay.isEmpty)
                        group.addTask { await Self.pause() }
                    case nil: return
                    }
                }
                group.cancelAll()
            }
        }
        try await clients.shutdown()
    }

    private static func pause() async -> Turn {
        try? await Task.sleep(for: .milliseconds(pauseMilliseconds))
        return .pauseIsOver
    }

    /// Begins to send what is due and not under way. A node that takes one statement gets the next at once, whatever the others do.
    private func sendDue(by clients: LedgerClients, _ underWay: inout Set<Sending>, in group: inout TaskGroup<Turn>) async {
        let due: [StatementDelivery]
        do {
            due = try await NIOThreadPool.singleton.runIfActive { [registry] in
                try registry.dueDeliveries(nowSeconds: WallClock.nowSeconds)
            }
        } catch {
            if !(error is CancellationError) { logger.error("the outbox cannot be read", metadata: ["error": "\(error)"]) }
            return
        }
        let file = trust.file
        let urls = Dictionary(RegistryTrust.nodes(of: file).map { ($0.name, $0.url) }) { first, _ in first }
        let client = await clients.current
        for delivery in due {
            let sending = Sending(delivery)
            guard let url = urls[delivery.node], underWay.insert(sending).inserted else { continue }
            group.addTask {
                let result = await client.send(delivery, to: url, trustFile: file)
                return .sent(sending, isRecorded: Task.isCancelled ? false : await record(result, of: delivery))
            }
        }
    }

    /// - Returns: whether it is in the store.
    private func record(_ result: DeliveryResult, of delivery: StatementDelivery) async -> Bool {
        do {
            let state = try await NIOThreadPool.singleton.runIfActive { [registry] in
                try registry.record(result, of: delivery.statementID, to: delivery.node, nowSeconds: WallClock.nowSeconds)
            }
            note(result, of: delivery, state)
            return true
        } catch {
            logger.error("what came of sending a statement cannot be recorded", metadata: ["error": "\(error)"])
            return false
        }
    }

    private func note(_ result: DeliveryResult, of delivery: StatementDelivery, _ state: DeliveryState) {
        let facts: Logger.Metadata = [
            "node": "\(delivery.node)", "statement": "\(delivery.kind.rawValue)", "gateway": "\(delivery.gatewayID)",
        ]
        switch result {
        case .accepted:
            metrics.countDelivery("accepted")
            logger.info("a node has a ledger statement", metadata: facts)
        case .refused(let words):
            metrics.countDelivery("refused")
            logger.error("a node refuses a ledger statement, which is not sent again", metadata: facts.merging(["why": "\(words)"]) { $1 })
        case .stale(let words) where state == .superseded:
            // Nothing is lost: this registry has made a newer list, which is on its way or there.
            metrics.countDelivery("superseded")
            logger.info(
                "a node has a newer revocation list than this one, which is not sent again", metadata: facts.merging(["why": "\(words)"]) { $1 })
        case .stale(let words):
            metrics.countDelivery("refused")
            logger.error(
                """
                a node holds a newer revocation list than any that this registry made, and takes none of it: was the registry restored from an old \
                copy, or has somebody else its firm's issuing key?
                """, metadata: facts.merging(["why": "\(words)"]) { $1 })
        case .postponed(let words, let seconds):
            metrics.countDelivery("postponed")
            logger.info(
                "a node takes a ledger statement later", metadata: facts.merging(["why": "\(words)", "seconds": "\(seconds)"]) { $1 })
        case .failed(let words):
            metrics.countDelivery("failed")
            logger.log(
                level: delivery.tries == 0 ? .warning : .info, "a ledger statement is not receipted yet and will be sent again",
                metadata: facts.merging(["why": "\(words)"]) { $1 })
        }
    }
}
