internal import AttestationFormat
internal import DeviceRegistry
internal import Logging
internal import NIOPosix
internal import RegistryHTTP
internal import ServiceLifecycle

/// Sends the outbox's ledger statements to the nodes, each node by itself, in order, until its receipt is there.
struct StatementSender: Service {
    /// Between two looks at an outbox with nothing to send.
    private static let pauseMilliseconds = 2_000

    let registry: Registry
    let trust: RegistryTrust
    let requestSeconds: Int64
    let metrics: RegistryMetrics
    let logger: Logger

    func run() async throws {
        let client = try LedgerClient(linkCertificate: trust.file.content.linkCertificate, requestSeconds: requestSeconds)
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let hasSent = await sendDue(by: client)
                // A node that takes one statement gets the next at once.
                if !hasSent { try? await Task.sleep(for: .milliseconds(Self.pauseMilliseconds)) }
            }
        }
        try await client.shutdown()
    }

    /// One statement to each node that has one due.
    ///
    /// - Returns: whether a node accepted one.
    private func sendDue(by client: LedgerClient) async -> Bool {
        do {
            let due = try await NIOThreadPool.singleton.runIfActive { [registry] in
                try registry.dueDeliveries(nowSeconds: WallClock.nowSeconds)
            }
            let file = trust.file
            let urls = Dictionary(RegistryTrust.nodes(of: file).map { ($0.name, $0.url) }) { first, _ in first }
            return try await withThrowingTaskGroup(of: Bool.self) { group in
                for delivery in due {
                    guard let url = urls[delivery.node] else { continue }
                    group.addTask { try await send(delivery, to: url, by: client, trustFile: file) }
                }
                return try await group.reduce(false) { $0 || $1 }
            }
        } catch {
            if !(error is CancellationError) { logger.error("the outbox cannot be read", metadata: ["error": "\(error)"]) }
            return false
        }
    }

    private func send(
        _ delivery: StatementDelivery, to url: String, by client: LedgerClient, trustFile: TrustFile
    ) async throws -> Bool {
        let result = await client.send(delivery, to: url, trustFile: trustFile)
        if Task.isCancelled { return false }
        try await NIOThreadPool.singleton.runIfActive { [registry] in
            try registry.record(result, of: delivery.statementID, to: delivery.node, nowSeconds: WallClock.nowSeconds)
        }
        let facts: Logger.Metadata = [
            "node": "\(delivery.node)", "statement": "\(delivery.kind.rawValue)", "gateway": "\(delivery.gatewayID)",
        ]
        switch result {
        case .accepted:
            metrics.countDelivery("accepted")
            logger.info("a node has a ledger statement", metadata: facts)
            return true
        case .refused(let words):
            metrics.countDelivery("refused")
            logger.error("a node refuses a ledger statement, which is not sent again", metadata: facts.merging(["why": "\(words)"]) { $1 })
        case .failed(let words):
            metrics.countDelivery("failed")
            logger.log(
                level: delivery.tries == 0 ? .warning : .info, "a ledger statement is not receipted yet and will be sent again",
                metadata: facts.merging(["why": "\(words)"]) { $1 })
        }
        return false
    }
}
