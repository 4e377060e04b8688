import AllianceTrust
import AnchorNode
import AttestationFormat
import Foundation
import MerkleTree
import NodeTesting

/// A ledger of many entries, made through the node's own ingest, and then a node of its own process that starts on it.
///
/// Method: statements of one event from 20 gateways, in a SQLite store. The second process opens the store and the node's core,
/// reads its memory (VmRSS, VmHWM), takes new statements one by one, each with its receipt, and reads a page of evidence. A long
/// and a short ledger in turns, so that what else the machine does weighs on both; the median of the rounds.
struct GrownLedger {
    private static let gatewayCount = 20
    /// Statements that the started node takes one by one.
    private static let laterCount = 200
    private static let groupCount = 4_000
    private static let roundCount = 5

    private let alliance: TestAlliance
    private let folder: URL
    private var gateways: [TestGateway]

    static func run(entries: Int) async throws {
        print("a ledger of \(entries) entries, and one of 1000 to compare with")
        let ledgers = [try await filled(1_000), try await filled(entries)]
        defer { for ledger in ledgers { try? FileManager.default.removeItem(at: ledger.folder) } }
        let rounds = try (0..<roundCount).map { round in try ledgers.map { try $0.startedElsewhere(round: round) } }
        let (small, large) = (StartFigures(medianOf: rounds.map { $0[0] }), StartFigures(medianOf: rounds.map { $0[1] }))
        NodeBenchmark.note("start on \(entries) entries, ms", large.startMilliseconds)
        NodeBenchmark.note("start on 1000 entries, ms", small.startMilliseconds)
        NodeBenchmark.note("memory after the start, KiB", Double(large.startKibibytes))
        NodeBenchmark.note("most memory, with receipts and a page of evidence, KiB", Double(large.mostKibibytes))
        NodeBenchmark.note("one statement to its receipt, median ms", large.receiptMilliseconds)
        NodeBenchmark.note("one statement to its receipt, 1000 entries, median ms", small.receiptMilliseconds)
    }

    private static func filled(_ entries: Int) async throws -> GrownLedger {
        var ledger = try await GrownLedger()
        try await ledger.fill(entries)
        return ledger
    }

    private init() async throws {
        let alliance = try TestAlliance(nodeCount: 1)
        self.alliance = alliance
        folder = try TestNode.newFolder()
        gateways = try (0..<Self.gatewayCount).map { try alliance.gateway("gw-\($0)") }
    }

    private mutating func fill(_ entries: Int) async throws {
        let node = try await TestNode(alliance, folder: folder)
        _ = try await node.core.handle(gateways.map { $0.hello() })
        var count = 1
        while count < entries {
            let messages = try await nextMessages(min(Self.groupCount, entries - count))
            _ = try await node.core.handle(messages)
            _ = try await node.core.integrate()
            count += messages.count
        }
        guard node.metrics.value(.treeSize) == entries else {
            throw NodeError(.stopped, "the ledger has \(node.metrics.value(.treeSize)) entries")
        }
        for round in 0..<Self.roundCount {
            let later = try await nextMessages(Self.laterCount)
            let file = folder.appendingPathComponent("round-\(round).json")
            try StartedNode.write(later, key: node.settings.key, trustFile: alliance.trustFile.bytes, to: file)
        }
        try node.close()
    }

    /// Signed on all processors, each gateway's in its order.
    private mutating func nextMessages(_ count: Int) async throws -> [BrokerMessage] {
        let share = count / gateways.count
        let signed = try await withThrowingTaskGroup(of: (Int, TestGateway, [BrokerMessage]).self) { group in
            for (index, gateway) in gateways.enumerated() {
                let own = share + (index < count % gateways.count ? 1 : 0)
                group.addTask {
                    var gateway = gateway
                    let messages = try (0..<own).map { _ in try gateway.batch(count: 1).message() }
                    return (index, gateway, messages)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for (index, gateway, _) in signed { gateways[index] = gateway }
        return signed.sorted { $0.0 < $1.0 }.flatMap(\.2)
    }

    private func startedElsewhere(round: Int) throws -> StartFigures {
        let output = Pipe()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["start", folder.path, "round-\(round).json"]
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return try JSONDecoder().decode(StartFigures.self, from: data)
    }
}

/// What a node that starts on a ledger says of itself.
struct StartFigures: Codable {
    var startMilliseconds: Double
    var startKibibytes: Int
    var receiptMilliseconds: Double
    var mostKibibytes: Int
}

extension StartFigures {
    init(medianOf rounds: [StartFigures]) {
        func median<Value: Comparable>(_ value: (StartFigures) -> Value) -> Value { rounds.map(value).sorted()[rounds.count / 2] }
        self.init(
            startMilliseconds: median(\.startMilliseconds), startKibibytes: median(\.startKibibytes),
            receiptMilliseconds: median(\.receiptMilliseconds), mostKibibytes: median(\.mostKibibytes))
    }
}

/// The process that starts on a ledger.
enum StartedNode {
    /// Everything that it needs beside the store.
    private struct Inputs: Codable {
        var key: String
        var trustFile: Data
        var topics: [Data]
        var payloads: [Data]
    }

    static func write(_ messages: [BrokerMessage], key: AllianceSigningKey, trustFile: [UInt8], to file: URL) throws {
        let inputs = try Inputs(
            key: key.pem, trustFile: Data(trustFile), topics: messages.map { Data($0.topic) }, payloads: messages.map { Data($0.payload) })
        try JSONEncoder().encode(inputs).write(to: file)
    }

    static func run(in folder: URL, _ file: String) async throws {
        let inputs = try JSONDecoder().decode(Inputs.self, from: Data(contentsOf: folder.appendingPathComponent(file)))
        let trustFile = try TrustFileVerifier.verify([UInt8](inputs.trustFile))
        let settings = NodeSettings(
            name: NodeName(alliance: trustFile.content.alliance, node: trustFile.content.nodes[0].name),
            key: try AllianceSigningKey(pem: inputs.key), messagesPerSecond: 0)
        let nowSeconds = Int64(trustFile.issuedAtSeconds)
        let begun = ContinuousClock.now
        let store = try SQLiteStore(
            path: folder.appendingPathComponent("ledger.sqlite").path, origin: settings.name.origin.string, keyID: settings.key.keyID)
        let core = try await NodeCore(
            settings: settings, trustFile: trustFile.bytes, store: store, metrics: NodeMetrics(), clock: NodeClock { nowSeconds * 1_000 },
            logger: TestNode.silentLogger)
        _ = try await core.integrate()
        var figures = StartFigures(
            startMilliseconds: milliseconds(since: begun), startKibibytes: try ProcessMemory.kibibytes("VmRSS"), receiptMilliseconds: 0, mostKibibytes: 0)
        var waited: [Double] = []
        for (topic, payload) in zip(inputs.topics, inputs.payloads) {
            let begun = ContinuousClock.now
            _ = try await core.handle([BrokerMessage(broker: 0, topic: [UInt8](topic), payload: [UInt8](payload))])
            guard try await core.integrate().count == 1 else { throw NodeError(.stopped, "a statement got no receipt") }
            waited.append(milliseconds(since: begun))
        }
        figures.receiptMilliseconds = waited.sorted()[waited.count / 2]
        let gateway = try Topic(parsing: UTF8Text(String(decoding: inputs.topics[0], as: UTF8.self))).gatewayID
        _ = try LedgerReader(store: store, settings: settings).evidence(EvidenceQuery(.gateway(gateway)))
        figures.mostKibibytes = try ProcessMemory.kibibytes("VmHWM")
        FileHandle.standardOutput.write(try JSONEncoder().encode(figures))
    }

    private static func milliseconds(since begun: ContinuousClock.Instant) -> Double {
        begun.duration(to: .now) / .microseconds(1) / 1_000
    }
}
