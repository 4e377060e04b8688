import AnchorNode
import NodeHTTP
import NodeTesting
import ServiceLifecycle

/// A ledger, or what a test passes off as one, that answers HTTP on loopback.
struct AnsweringNode {
    /// nil for a ledger that is none.
    let honest: TestNode?
    let url: String
    private let group: ServiceGroup
    private let running: Task<Void, any Error>

    var node: TestNode {
        guard let honest else { preconditionFailure("a hostile node has no ledger of ours") }
        return honest
    }

    /// - Parameter tls: answers `https`.
    init(_ alliance: TestAlliance, _ index: Int, tls: NodeHTTPConfiguration.TLSFiles? = nil) async throws {
        let node = try await TestNode(alliance, settings: alliance.settings(node: index))
        try await self.init(node, LedgerReader(store: node.store, settings: node.settings), nil, tls)
    }

    /// A node that answers whatever it likes.
    init(answering reader: any LedgerReading, entries: (any EntryTaking)? = nil) async throws {
        try await self.init(nil, reader, entries, nil)
    }

    private init(
        _ node: TestNode?, _ reader: any LedgerReading, _ entries: (any EntryTaking)?, _ tls: NodeHTTPConfiguration.TLSFiles?
    ) async throws {
        honest = node
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        let server = try NodeHTTPServer.make(
            NodeHTTPConfiguration(port: 0, tls: tls), reader: reader, metrics: NodeMetrics(), health: NodeHealth(),
            logger: TestNode.silentLogger, entries: entries, onListening: { found.yield($0) })
        let group = ServiceGroup(services: [server], logger: TestNode.silentLogger)
        self.group = group
        running = Task { try await group.run() }
        var iterator = ports.makeAsyncIterator()
        url = "\(tls == nil ? "http" : "https")://127.0.0.1:\(await iterator.next() ?? 0)"
    }

    func stop() async throws {
        await group.triggerGracefulShutdown()
        try await running.value
        try honest?.remove()
    }
}
