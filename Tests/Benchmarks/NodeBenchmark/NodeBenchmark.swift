import AllianceTrust
import AnchorNode
import AttestationFormat
import Foundation
import MQTTLink
import MerkleTree
import NodeTesting
import ServiceLifecycle

/// Figures of a node: `NodeBenchmark [statements] [events] [gateways]`, or `NodeBenchmark ledger [entries]` for a node that
/// starts on an old ledger (``GrownLedger``). Build with -c release; needs mosquitto.
///
/// Method: statements are signed beforehand. "raw" verifies their signatures in a loop on all processors. "ingest" hands the
/// messages to the node with a store that forgets: parse, hash, verify, chain rules. "broker" publishes them at QoS 1 to a
/// mosquitto on loopback, from one client in this process, to a node with its SQLite store in this process, and counts
/// receipts as they come back; generator, broker and node share the machine's processors.
@main enum NodeBenchmark {
    static func main() async throws {
        let words = CommandLine.arguments.dropFirst()
        let arguments = words.compactMap { Int($0) }
        if words.first == "ledger" { return try await GrownLedger.run(entries: max(1_000, arguments.first ?? 1_000_000)) }
        if words.first == "start", words.count == 3 {
            return try await StartedNode.run(in: URL(fileURLWithPath: words[words.startIndex + 1]), words[words.startIndex + 2])
        }
        let statementCount = arguments.first ?? 20_000
        let eventCount = arguments.dropFirst().first ?? 64
        let gatewayCount = arguments.dropFirst(2).first ?? 20
        let alliance = try TestAlliance(nodeCount: 1)
        let load = try await Load(alliance, statements: statementCount, events: eventCount, gateways: gatewayCount)
        print("\(statementCount) statements of \(eventCount) events, \(gatewayCount) gateways, \(load.byteCount / statementCount) bytes each")
        let raw = try await load.verifyRaw()
        report("raw swift-crypto verification", statementCount, raw)
        let ingest = try await load.ingestWithoutStore(alliance)
        report("ingest without store", statementCount, ingest)
        print("  ratio \(ratio(raw, ingest)) of the raw limit")
        try await load.throughCore(alliance)
        guard TestBroker.isInstalled else { return print("no mosquitto: broker figure left out") }
        try await load.throughBroker(alliance)
    }

    static func report(_ name: String, _ count: Int, _ seconds: Double) {
        print("\(name): \(Int(Double(count) / seconds)) a second")
    }

    static func note(_ name: String, _ value: Double) {
        print(String(format: "%@: %.1f", name, value))
    }

    private static func ratio(_ raw: Double, _ other: Double) -> String {
        String(format: "%.2f", raw / other)
    }
}

/// Seconds that `body` takes.
func seconds(_ body: () async throws -> Void) async rethrows -> Double {
    let start = ContinuousClock.now
    try await body()
    let duration = ContinuousClock.now - start
    return Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
}
