import Foundation
import HarborsealTesting
import Testing

/// SIGKILL of the real node at random moments, while a gateway publishes.
@Suite(.serialized)
struct NodeKillTests {
    /// Every other kill falls into the start, when the ledger is opened and the broker found; the others into work.
    private static let killCount = 40
    private static let startMilliseconds = 20...600
    private static let workMilliseconds = 0...150
    /// With a full window only repetitions would reach a node that comes back, at doubling intervals.
    private static let settings = RunningAgent.quick + ["link.unreceipted-batches=4096"]

    @Test("killed at any moment, the node resumes without a lost, doubled or re-indexed entry, and never signs two roots for one size")
    func randomKills() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SplitMix64(seed: seed)
        let alliance = try Alliance.ofOneNode()
        let broker = try RunningBroker(alliance)
        let node = try RunningNode(alliance, "hk-1", brokerPorts: [broker.port])
        let agent = try RunningAgent(alliance, brokerPorts: [broker.port], settings: Self.settings)
        try agent.start()
        let feed = Feed(agent)
        feed.start()
        defer { _ = try? feed.stop() }
        var seen: [LedgerRoots] = []
        for number in 0..<Self.killCount {
            node.kill()
            seen.append(try node.roots())
            try node.launch()
            let isAtWork = number.isMultiple(of: 2)
            if isAtWork {
                try wait(until: "new entries of the node that came back", everyMilliseconds: 1, instead: { node.log }) {
                    node.metric("harborseal_statements_accepted_total") ?? 0 > 0
                }
            }
            let life = Int.random(in: isAtWork ? Self.workMilliseconds : Self.startMilliseconds, using: &random)
            usleep(UInt32(life) * 1_000)
        }
        node.kill()
        seen.append(try node.roots())
        try node.start()
        let places = try feed.stop()
        try agent.waitUntilReceipted(seconds: 60)
        node.kill()
        try judge(try node.roots(), after: seen, seed: seed)
        let ledger = try node.ledger()
        var held: [String: [LedgerReader.Place]] = [:]
        for (place, event) in ledger.events(of: agent.gateway) {
            if let line = event.documents?["line"] { held[line, default: []].append(place) }
        }
        #expect(places.count > Self.killCount, "a load: \(places.count) lines")
        for (number, place) in places { #expect(held["wms-1/\(number)"] == [place], "line \(number), seed \(seed)") }
        #expect(held.count == places.count, "seed \(seed)")
        #expect(ledger.epochs(of: agent.gateway).count == 1, "a node that is killed is no reason for a new epoch, seed \(seed)")
        #expect(ledger.doubled(of: agent.gateway).isEmpty && ledger.holes(of: agent.gateway).isEmpty, "seed \(seed)")
        #expect(ledger.brokenLinks(of: agent.gateway).isEmpty, "seed \(seed)")
        #expect(try node.markedSigners().isEmpty, "seed \(seed)")
    }

    /// What each kill left is the beginning of what is there in the end.
    private func judge(_ last: LedgerRoots, after seen: [LedgerRoots], seed: UInt64) throws {
        for roots in seen + [last] {
            #expect(roots.wrong.isEmpty, "seed \(seed)")
            #expect(roots.entries <= last.entries, "seed \(seed)")
            for (size, root) in roots.roots { #expect(last.roots[size] == root, "the root at \(size) entries, seed \(seed)") }
        }
        let grown = zip(seen, seen.dropFirst() + [last]).filter { $0.entries < $1.entries }.count
        #expect(grown >= Self.killCount / 2, "\(grown) of \(Self.killCount) kills fell into work, seed \(seed)")
    }
}

/// What `checkpoints.py` finds in a ledger.
struct LedgerRoots: Decodable {
    let entries: Int
    /// By size, in hex.
    let roots: [String: String]
    let wrong: [String]
}

extension RunningNode {
    /// Read from a copy, while the node does not run: a reader may move the write-ahead log into the database.
    fileprivate func roots() throws -> LedgerRoots {
        let copy = try ScratchFolder(named: "hs-ledger")
        for suffix in ["", "-wal"] where FileManager.default.fileExists(atPath: ledgerFile + suffix) {
            try FileManager.default.copyItem(atPath: ledgerFile + suffix, toPath: copy.file("ledger.sqlite" + suffix))
        }
        let script = Programs.packageRoot + "/Tests/IntegrationTests/Support/checkpoints.py"
        let output = try ChildProcess.run([try Programs.python, script, copy.file("ledger.sqlite")])
        return try JSONDecoder().decode(LedgerRoots.self, from: Data(output.utf8))
    }
}

/// A source that feeds one line after the other until it is stopped.
private final class Feed: @unchecked Sendable {
    private let agent: RunningAgent
    private let lock = NSLock()
    private var isStopping = false
    private var places: [Int: LedgerReader.Place] = [:]
    private var failure: (any Error)?
    private let ended = DispatchSemaphore(value: 0)
    private var hasStarted = false

    init(_ agent: RunningAgent) { self.agent = agent }

    func start() {
        hasStarted = true
        Thread { self.run() }.start()
    }

    private func run() {
        defer { ended.signal() }
        do {
            let intake = try agent.intake()
            var number = 0
            while !lock.withLock({ isStopping }) {
                number += 1
                guard case .stored(let place) = try intake.send(IntakeClient.line(number: number)) else {
                    throw IntegrationFailure("line \(number) was refused: \(agent.tail)")
                }
                lock.withLock { places[number] = place }
                usleep(3_000)
            }
        } catch {
            lock.withLock { failure = error }
        }
    }

    /// Where each line stands, as the agent said.
    @discardableResult
    func stop() throws -> [Int: LedgerReader.Place] {
        lock.withLock { isStopping = true }
        if hasStarted { ended.wait() }
        hasStarted = false
        return try lock.withLock {
            if let failure { throw failure }
            return places
        }
    }
}
