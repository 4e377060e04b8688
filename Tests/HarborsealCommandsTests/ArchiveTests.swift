import AllianceTrust
import AttestationFormat
import Foundation
import MerkleTree
import NodeTesting
import Testing

@testable import HarborsealCommands

/// Two nodes that hold hashes alone (`share = hashes`), and the owner's archive of the events.
private final class Withheld {
    static let subject = "https://id.gs1.org/00/395212340000000175"

    let alliance: TestAlliance
    let gateway: TestGateway
    let nodes: [AnsweringNode]
    let batches: [TestBatch]
    let folder: URL
    let trust: String

    /// - Parameter subjects: the batches of seven that name the subject, in their last event.
    init(subjects: Set<Int> = [2, 4, 5]) async throws {
        alliance = try TestAlliance()
        nodes = [try await AnsweringNode(alliance, 0), try await AnsweringNode(alliance, 1)]
        var gateway = try alliance.gateway()
        var batches: [TestBatch] = []
        for number in 0..<7 {
            gateway.nowSeconds += 10
            let what = subjects.contains(number) ? [Self.subject] : []
            batches.append(
                try gateway.batch(
                    (0..<3).map { TestGateway.event(Int(gateway.next) + $0, saltByteCount: 8) }
                        + [TestGateway.event(Int(gateway.next) + 3, what: what, saltByteCount: 8)]))
        }
        (self.gateway, self.batches) = (gateway, batches)
        folder = try TestNode.newFolder()
        trust = folder.appendingPathComponent("alliance.hstrust").path
        try DurableFile.write(alliance.trustFile.bytes, to: trust, mode: 0o644, replacing: true)
        for answering in nodes {
            _ = try await answering.node.handle(gateway.hello())
            for batch in batches { try await take(batch, at: answering) }
        }
    }

    func take(_ batch: TestBatch, at answering: AnsweringNode) async throws {
        _ = try await answering.node.handle(batch.message(withholding: Set(batch.events.indices)))
        _ = try await answering.node.integrate()
    }

    func write(_ bytes: [UInt8], _ name: String = "kept.hsarchive") throws -> String {
        let path = folder.appendingPathComponent(name).path
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    static func archive(_ batches: [TestBatch]) -> [UInt8] {
        var bytes: [UInt8] = []
        for batch in batches {
            let topic = Topic(batch.statement.header.gateway.gatewayID, .batch, using: SHA256.self)
            CarriedMessage(topic: topic.text, payload: batch.payload()).append(to: &bytes)
        }
        return bytes
    }

    func command(_ archives: [String]) -> EvidenceCommand {
        var command = EvidenceCommand(nodes: nodes.map(\.url), output: folder.appendingPathComponent("disclosed.hsev").path)
        command.trustFile = trust
        command.archives = archives
        return command
    }

    func verdict(subject: String? = nil) async throws -> CommandResult {
        try await VerifyEvidence(file: folder.appendingPathComponent("disclosed.hsev").path, trustFile: trust, subject: subject).run()
    }

    func stop() async throws {
        for node in nodes { try await node.stop() }
        try FileManager.default.removeItem(at: folder)
    }
}

@Suite("Events that the owner kept are disclosed later") struct ArchiveTests {
    @Test("what names the subject, with the batches between as statements, from nodes that hold hashes alone", arguments: [true, false])
    func subject(isTrusting: Bool) async throws {
        let withheld = try await Withheld()
        var command = withheld.command([try withheld.write(Withheld.archive(withheld.batches))])
        if !isTrusting { command.trustFile = nil }
        command.subject = Withheld.subject
        let made = try await command.run()
        #expect(made.output.contains("3 events in 3 batches; 1 more batch without events"), "\(made)")
        #expect(made.exitCode == 0, "\(made.notes)")
        let verdict = try await withheld.verdict(subject: Withheld.subject)
        #expect(verdict.exitCode == 0, "\(verdict)")
        #expect(verdict.output.contains("3 of 16 events disclosed, 13 withheld; no batch is missing"), "\(verdict.output)")
        try await withheld.stop()
    }

    @Test("all of a gateway, or of a time; without the archive there is nothing to write")
    func gateway() async throws {
        let withheld = try await Withheld()
        let archive = try withheld.write(Withheld.archive(withheld.batches))
        var command = withheld.command([archive, archive])
        command.gateway = "acme.gw-1"
        #expect(try await command.run().output.contains("28 events in 7 batches, "))
        #expect(try await withheld.verdict().output.contains("28 of 28 events disclosed; no batch is missing"))
        let issued = Int64(withheld.batches[2].statement.header.issuedAtSeconds)
        (command.fromSeconds, command.toSeconds) = (issued, issued + 10)
        #expect(try await command.run().output.contains("8 events in 2 batches, "))
        let verdict = try await withheld.verdict()
        #expect(verdict.exitCode == 0, "\(verdict.output)")
        command.archives = []
        await #expect(throws: CommandError.self) { try await command.run() }
        try await withheld.stop()
    }

    @Test("a changed event is refused with its batch and named, and the others are disclosed")
    func changed() async throws {
        let withheld = try await Withheld()
        var spoilt = withheld.batches[4].events
        spoilt[1][spoilt[1].count - 1] ^= 1
        let batches = withheld.batches.enumerated().map { $0 == 4 ? TestBatch(statement: $1.statement, events: spoilt) : $1 }
        let archive = try withheld.write(Withheld.archive(batches))
        var command = withheld.command([archive])
        command.subject = Withheld.subject
        let made = try await command.run()
        #expect(made.exitCode == 2)
        #expect(made.output.contains("2 events in 2 batches; 2 more batches"), "\(made)")
        #expect(made.notes.contains("archive, LEFT OUT: \(archive): acme.gw-1 epoch 0000000000000001, 16 to 19: its events are not those"))
        #expect(try await withheld.verdict(subject: Withheld.subject).exitCode == 0)
        try await withheld.stop()
    }

    @Test("no changed byte of an archive is ever disclosed")
    func everyByte() async throws {
        let withheld = try await Withheld()
        let good = Withheld.archive([withheld.batches[2]])
        let hash = withheld.batches[2].hash
        var disclosedCount = 0
        for index in good.indices {
            var bytes = good
            bytes[index] ^= 0x01
            let path = try withheld.write(bytes, "changed.hsarchive")
            guard let archive = try? EvidenceArchive([path], EvidenceQuestion(gateway: "acme.gw-1"), longestRun: 9) else { continue }
            // A topic is a hint, and a changed statement is one that no node has.
            guard let batch = archive.batches[hash] else { continue }
            disclosedCount += 1
            #expect(index < 40, "byte \(index)")
            #expect(batch.events.map(\.event.bytes) == withheld.batches[2].events)
        }
        #expect(disclosedCount < 40)
        try await withheld.stop()
    }

    @Test("what stands under no statement of the nodes is named and left out, and what a new epoch carried is not missed")
    func unknownBatch() async throws {
        let withheld = try await Withheld()
        var gateway = withheld.gateway
        let unsent = try gateway.batch([TestGateway.event(90, what: [Withheld.subject]), TestGateway.event(91)])
        let archive = try withheld.write(Withheld.archive(withheld.batches + [unsent]))
        var command = withheld.command([archive])
        command.subject = Withheld.subject
        let made = try await command.run()
        #expect(made.exitCode == 2 && made.output.contains("3 events in 3 batches; "), "\(made)")
        #expect(made.notes.contains("28 to 29: 1 event of a batch that no node asked has"), "\(made.notes)")
        // The epoch closes, and the same events go into another batch, which the nodes take.
        gateway = withheld.gateway
        gateway.open(epoch: 2)
        let carried = try gateway.batch(unsent.events)
        for answering in withheld.nodes { try await withheld.take(carried, at: answering) }
        command.archives = [try withheld.write(Withheld.archive(withheld.batches + [unsent, carried]))]
        let again = try await command.run()
        #expect(again.exitCode == 0 && again.output.contains("4 events in 4 batches; 2 more batches"), "\(again)")
        #expect(try await withheld.verdict().exitCode == 0)
        try await withheld.stop()
    }

    @Test("a long run between two disclosed batches is left out on purpose, as nodes do")
    func longRun() async throws {
        let withheld = try await Withheld(subjects: [0, 1, 6])
        var command = withheld.command([try withheld.write(Withheld.archive(withheld.batches))])
        command.subject = Withheld.subject
        command.longestRun = 3
        let made = try await command.run()
        #expect(made.exitCode == 0 && made.output.contains("3 events in 3 batches, "), "\(made)")
        let verdict = try await withheld.verdict()
        #expect(verdict.exitCode == 0 && verdict.output.contains("left out on purpose: acme.gw-1 epoch 0000000000000001, 8 to 23"), "\(verdict.output)")
        try await withheld.stop()
    }

    @Test("events that nodes hold and events of an archive stand in one chain")
    func mixed() async throws {
        let withheld = try await Withheld(subjects: [1, 5])
        // Batch 1 comes whole after all.
        for answering in withheld.nodes {
            _ = try await answering.node.handle(withheld.batches[1].message())
            _ = try await answering.node.integrate()
        }
        var command = withheld.command([try withheld.write(Withheld.archive([withheld.batches[5]]))])
        command.subject = Withheld.subject
        let made = try await command.run()
        #expect(made.exitCode == 0 && made.output.contains("2 events in 2 batches; 3 more batches"), "\(made)")
        #expect(try await withheld.verdict().exitCode == 0)
        try await withheld.stop()
    }

    @Test("what is no archive is named with what it is; a cut one gives what stands before the cut")
    func malformed() async throws {
        let withheld = try await Withheld()
        var command = withheld.command([withheld.trust])
        command.gateway = "acme.gw-1"
        let error = await #expect(throws: CommandError.self) { try await command.run() }
        #expect(error?.code == .malformed && error?.message.contains("expected an archive (.hsarchive), found a trust file") == true)
        command.archives = ["/nowhere/kept.hsarchive"]
        let missing = await #expect(throws: CommandError.self) { try await command.run() }
        #expect(missing?.code == .noInput && missing?.message == "cannot read /nowhere/kept.hsarchive: No such file or directory")
        let archive = try withheld.write(Array(Withheld.archive(withheld.batches).dropLast(3)))
        command.archives = [archive]
        let made = try await command.run()
        #expect(made.exitCode == 2 && made.output.contains("24 events in 6 batches"), "\(made)")
        #expect(made.notes.contains("\(archive): what follows byte "))
        try await withheld.stop()
    }
}
