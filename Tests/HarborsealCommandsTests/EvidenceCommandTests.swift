import AllianceTrust
import AttestationFormat
import CPosixShims
import Foundation
import NodeTesting
import Synchronization
import Testing

@testable import HarborsealCommands

@Suite struct EvidenceCommandTests {
    @Test("evidence of two nodes has both receipts, names the node that is down, and verifies")
    func merged() async throws {
        let alliance = try TestAlliance()
        let nodes = [try await AnsweringNode(alliance, 0), try await AnsweringNode(alliance, 1)]
        var gateway = try alliance.gateway()
        var batches: [TestBatch] = []
        for number in 0..<6 {
            let what = number.isMultiple(of: 2) ? ["https://id.gs1.org/00/395212340000000175"] : []
            batches.append(try gateway.batch(gateway.events(3) + gateway.events(1, what: what)))
        }
        for answering in nodes {
            _ = try await answering.node.handle(gateway.hello())
            for batch in batches { _ = try await answering.node.receipt(for: batch) }
        }
        let folder = try TestNode.newFolder()
        let output = folder.appendingPathComponent("journey.hsev").path
        var command = EvidenceCommand(nodes: nodes.map(\.url) + ["http://127.0.0.1:1"], output: output)
        command.subject = "https://id.gs1.org/00/395212340000000175"
        let result = try await command.run()
        #expect(result.output.contains("3 events in 3 batches; 2 more batches without events, for the chain between them, "))
        #expect(result.notes.contains("http://127.0.0.1:1: NOT included"))
        #expect(result.exitCode == 2)
        #expect(result.notes.contains("\(nodes[0].url): answered"))
        #expect(result.notes.contains("WARNING: without --trust"))
        let trust = folder.appendingPathComponent("alliance.hstrust").path
        try DurableFile.write(alliance.trustFile.bytes, to: trust, mode: 0o644, replacing: true)
        let verdict = try await VerifyEvidence(file: output, trustFile: trust).run()
        #expect(verdict.exitCode == 0, "\(verdict.output)")
        for node in nodes { try await node.stop() }
    }

    @Test("the keys of a gateway stand in the order in which it had them, whatever their ids, and nothing but the old one's end is open", arguments: [true, false])
    func newSealKey(isLowerFirst: Bool) async throws {
        let alliance = try TestAlliance()
        let nodes = [try await AnsweringNode(alliance, 0), try await AnsweringNode(alliance, 1)]
        let pair = try [alliance.gateway(), alliance.gateway()].sorted { ($0.key.keyID < $1.key.keyID) == isLowerFirst }
        let subject = "https://id.gs1.org/00/395212340000000175"
        for (number, one) in pair.enumerated() {
            var gateway = one
            gateway.epoch = Epoch(UInt64(number + 1))
            gateway.nowSeconds += UInt64(number)
            // Carried into the new key's epoch: shown twice, counted once.
            let batch = try gateway.batch([TestGateway.event(number, what: [subject]), TestGateway.event(7, what: [subject])])
            for answering in nodes {
                _ = try await answering.node.handle(gateway.hello())
                _ = try await answering.node.receipt(for: batch)
            }
        }
        let folder = try TestNode.newFolder()
        let (output, trust) = (folder.appendingPathComponent("journey.hsev").path, folder.appendingPathComponent("alliance.hstrust").path)
        try DurableFile.write(alliance.trustFile.bytes, to: trust, mode: 0o644, replacing: true)
        var command = EvidenceCommand(nodes: nodes.map(\.url), output: output)
        command.subject = subject
        command.trustFile = trust
        #expect(try await command.run().exitCode == 0)
        let verdict = try await VerifyEvidence(file: output, trustFile: trust).run()
        #expect(verdict.output.contains("a new seal key begins at epoch \(Epoch(2))") && verdict.output.contains("3 of 3 events disclosed"), "\(verdict.output)")
        #expect(verdict.exitCode == 2, "\(verdict.output)")
        for node in nodes { try await node.stop() }
    }

    @Test("one node is below the quorum: the evidence is written, and the verdict says so")
    func oneNode() async throws {
        let alliance = try TestAlliance()
        let answering = try await AnsweringNode(alliance, 0)
        var gateway = try alliance.gateway()
        _ = try await answering.node.handle(gateway.hello())
        _ = try await answering.node.receipt(for: try gateway.batch())
        let folder = try TestNode.newFolder()
        let output = folder.appendingPathComponent("gateway.hsev").path
        var command = EvidenceCommand(nodes: [answering.url], output: output)
        command.gateway = "acme.gw-1"
        let result = try await command.run()
        #expect(result.output.contains("3 events in 1 batch, "))
        #expect(result.exitCode == 0)
        let trust = folder.appendingPathComponent("alliance.hstrust").path
        try DurableFile.write(alliance.trustFile.bytes, to: trust, mode: 0o644, replacing: true)
        let verdict = try await VerifyEvidence(file: output, trustFile: trust).run()
        #expect(verdict.exitCode == 1)
        let step = "1 receipt where the trust file asks for 2; ask another node: harborseal evidence --node URL; without a receipt here: n1, n2"
        #expect(verdict.output.contains(step), "\(verdict.output)")
        try await answering.stop()
    }

    @Test("an event that a new epoch carried counts once, with a trust file and without: in the file, in m of n and in the table", arguments: [true, false])
    func carried(isTrusting: Bool) async throws {
        let alliance = try TestAlliance()
        let nodes = [try await AnsweringNode(alliance, 0), try await AnsweringNode(alliance, 1)]
        var gateway = try alliance.gateway()
        let first = try gateway.batch(gateway.events(3))
        gateway.open(epoch: 2)
        let again = try gateway.batch(Array(first.events[1...]) + [TestGateway.event(70)])
        for answering in nodes {
            _ = try await answering.node.handle(gateway.hello())
            for batch in [first, again] { _ = try await answering.node.receipt(for: batch) }
        }
        let folder = try TestNode.newFolder()
        let trust = folder.appendingPathComponent("alliance.hstrust").path
        try DurableFile.write(alliance.trustFile.bytes, to: trust, mode: 0o644, replacing: true)
        var command = EvidenceCommand(nodes: nodes.map(\.url), output: folder.appendingPathComponent("gateway.hsev").path)
        command.gateway = "acme.gw-1"
        command.trustFile = isTrusting ? trust : nil
        let made = try await command.run()
        #expect(made.output.contains("4 events in 2 batches, ") && made.exitCode == 0, "\(made)")
        let verdict = try await VerifyEvidence(file: command.output, trustFile: trust, showsEvents: true).run()
        #expect(verdict.exitCode == 0, "\(verdict.output)")
        #expect(verdict.output.contains("4 of 4 events disclosed;"), "\(verdict.output)")
        #expect(verdict.output.split(separator: "\n").count { $0.hasPrefix("acme.gw-1 ") } == 4, "\(verdict.output)")
        for node in nodes { try await node.stop() }
    }

    @Test("two equal events of one batch are shown once, since no entry shows a leaf twice")
    func equalEvents() async throws {
        let alliance = try TestAlliance(nodeCount: 1)
        let answering = try await AnsweringNode(alliance, 0)
        var gateway = try alliance.gateway()
        let event = TestGateway.event(1)
        _ = try await answering.node.handle(gateway.hello())
        _ = try await answering.node.receipt(for: try gateway.batch([event, TestGateway.event(2), event]))
        let folder = try TestNode.newFolder()
        let trust = folder.appendingPathComponent("alliance.hstrust").path
        try DurableFile.write(alliance.trustFile.bytes, to: trust, mode: 0o644, replacing: true)
        var command = EvidenceCommand(nodes: [answering.url], output: folder.appendingPathComponent("gateway.hsev").path)
        command.gateway = "acme.gw-1"
        #expect(try await command.run().output.contains("2 events in 1 batch, "))
        let verdict = try await VerifyEvidence(file: command.output, trustFile: trust).run()
        #expect(verdict.exitCode == 0, "\(verdict.output)")
        try await answering.stop()
    }

    @Test("a node that never answers is named while it is waited for, and at the end; the others' evidence is written")
    func hangingNode() async throws {
        let alliance = try TestAlliance(nodeCount: 1)
        let answering = try await AnsweringNode(alliance, 0)
        let silent = try SilentServer()
        var gateway = try alliance.gateway()
        _ = try await answering.node.handle(gateway.hello())
        _ = try await answering.node.receipt(for: try gateway.batch())
        let told = Told()
        var command = EvidenceCommand(nodes: [silent.url, answering.url], output: try TestNode.newFolder().path + "/gateway.hsev")
        command.gateway = "acme.gw-1"
        command.timeoutSeconds = 8
        command.onWaiting = { told.add($0) }
        let made = try await command.run()
        #expect(told.all.prefix(2).map { $0?.words } == ["waiting for \(silent.url), 2 s", "waiting for \(silent.url), 3 s"])
        #expect(told.all.last == .some(nil), "the line goes away")
        #expect(made.notes.contains("\(silent.url): NOT included: it did not answer within 8 s"), "\(made.notes)")
        #expect(made.notes.contains("next: ask again when \(silent.url) answers"))
        #expect(made.exitCode == 2 && made.output.contains("3 events in 1 batch"))
        try await answering.stop()
    }

    @Test("nothing is said of a node that answers at once, and no time that cannot be is taken")
    func promptNode() async throws {
        let alliance = try TestAlliance(nodeCount: 1)
        let answering = try await AnsweringNode(alliance, 0)
        let told = Told()
        var command = EvidenceCommand(nodes: [answering.url], output: "/nonexistent/x.hsev")
        command.gateway = "acme.gw-1"
        command.onWaiting = { told.add($0) }
        let begun = ContinuousClock.now
        await #expect(throws: CommandError.self) { try await command.run() }
        // Unless this machine is so busy that it was waited for.
        #expect(told.all.isEmpty || begun.duration(to: .now) >= .seconds(2))
        command.timeoutSeconds = 0
        let refused = await #expect(throws: CommandError.self) { try await command.run() }
        #expect(refused?.code == .usage)
        try await answering.stop()
    }

    @Test("nothing held, no node and two questions are errors with a next step")
    func refused() async throws {
        let alliance = try TestAlliance()
        let answering = try await AnsweringNode(alliance, 0)
        var command = EvidenceCommand(nodes: [answering.url], output: "/nonexistent/x.hsev")
        await #expect(throws: CommandError.self) { try await command.run() }
        command.subject = "urn:none"
        let nothing = await #expect(throws: CommandError.self) { try await command.run() }
        #expect(nothing?.message.contains("holds nothing about this") == true)
        #expect(nothing?.nextStep?.contains("where a gateway shares hashes alone, give its owner's --archive FILE") == true)
        command.gateway = "acme.gw-1"
        await #expect(throws: CommandError.self) { try await command.run() }
        var nobody = EvidenceCommand(nodes: [], output: "x")
        nobody.subject = "urn:none"
        await #expect(throws: CommandError.self) { try await nobody.run() }
        try await answering.stop()
    }
}

/// Takes connections and says nothing.
private final class SilentServer {
    let url: String
    private let descriptor: Int32

    init() throws {
        descriptor = posix_tcp_listen_loopback(0, 16)
        guard descriptor >= 0 else { throw CommandError(.failed, "no port is free") }
        url = "http://127.0.0.1:\(posix_socket_local_port(descriptor))"
    }

    deinit { _ = posix_socket_close(descriptor) }
}

private final class Told: Sendable {
    private let list = Mutex<[NodeWaiting?]>([])
    var all: [NodeWaiting?] { list.withLock { $0 } }
    func add(_ waiting: NodeWaiting?) { list.withLock { $0.append(waiting) } }
}
