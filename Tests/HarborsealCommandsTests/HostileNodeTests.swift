import AttestationFormat
import Foundation
import NodeTesting
import Testing

@testable import HarborsealCommands

@Suite struct HostileNodeTests {
    @Test(
        "two honest nodes' evidence verifies whatever a third one adds, and what it could not prove is named",
        arguments: HostileAnswer.allCases)
    func hostile(_ answer: HostileAnswer) async throws {
        let hostilities = try await Hostilities()
        let (made, verdict, url) = try await hostilities.collect(try hostilities.pages(answer))
        #expect(verdict.exitCode == 0, "\(verdict.output)\n\(made.notes)")
        #expect(made.output.contains("3 events in 3 batches; 1 more batch without events"), "\(made)")
        #expect(!made.notes.contains("WARNING"))
        for node in hostilities.honest { #expect(made.notes.contains("\(node.url): answered")) }
        // A run that a node makes up is not used where others show the statements: there is nothing to leave out.
        guard answer != .madeUpRun else { return try await hostilities.stop() }
        #expect(made.exitCode == 2)
        let foundByOneAnswer: Set<HostileAnswer> = [
            .forgedStatement, .strangersKey, .otherAlliance, .changedEvent, .forgedReceipts, .junkCertificates, .everythingAtOnce,
        ]
        let whom = foundByOneAnswer.contains(answer) ? url : "from all"
        #expect(made.notes.contains("\(whom), LEFT OUT:"), "\(made.notes)")
        try await hostilities.stop()
    }

    @Test("a node's certificates and lists that prove nothing are named, without the control characters that they may hold")
    func junk() async throws {
        let hostilities = try await Hostilities()
        let (made, _, url) = try await hostilities.collect(try hostilities.pages(.junkCertificates))
        #expect(made.notes.contains("\(url), LEFT OUT: 200 certificates that hold for none of its statements"))
        #expect(made.notes.contains("\(url), LEFT OUT: a revocation list: "))
        #expect(made.notes.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\n" })
        try await hostilities.stop()
    }

    @Test(
        "without a trust file the same answers spoil the file, and the command warns of it",
        arguments: [HostileAnswer.forgedStatement, .twoRoots])
    func unchecked(_ answer: HostileAnswer) async throws {
        let hostilities = try await Hostilities()
        let (made, verdict, _) = try await hostilities.collect(try hostilities.pages(answer), trusting: false)
        #expect(made.notes.contains("WARNING: without --trust"))
        #expect(verdict.exitCode == 1)
        try await hostilities.stop()
    }

    @Test("a gateway's evidence takes nothing of other gateways, nor of other times")
    func otherQuestions() async throws {
        let hostilities = try await Hostilities()
        var other = try hostilities.alliance.gateway("gw-2")
        let strange = Evidence(
            alliance: hostilities.alliance.name, entries: [try hostilities.entry(try other.batch())], sealCertificates: [other.certificate])
        let (made, verdict, url) = try await hostilities.collect([strange], gateway: "acme.gw-1")
        #expect(made.output.contains("28 events in 7 batches, "))
        #expect(made.notes.contains("\(url), LEFT OUT: 3 events that were not asked for"))
        #expect(verdict.exitCode == 0, "\(verdict.output)")
        try await hostilities.stop()
    }

    @Test("honest nodes alone leave nothing to remark, and exit 0")
    func honestAlone() async throws {
        let hostilities = try await Hostilities()
        let (made, verdict, _) = try await hostilities.collect([])
        #expect(made.exitCode == 0 && verdict.exitCode == 0, "\(made.notes)")
        #expect(!made.notes.contains("LEFT OUT"))
        try await hostilities.stop()
    }

    @Test("fewer receipts than the quorum leave nothing to write: the error says how many were given")
    func belowQuorum() async throws {
        let hostilities = try await Hostilities()
        var command = EvidenceCommand(nodes: [hostilities.honest[0].url], output: hostilities.folder.path + "/x.hsev")
        command.subject = Hostilities.subject
        command.trustFile = hostilities.trust
        let error = await #expect(throws: CommandError.self) { try await command.run() }
        #expect(error?.message.contains("1 of the 2 receipts that they need") == true)
        #expect(error?.nextStep == "name 1 more node with --node")
        try await hostilities.stop()
    }

    @Test("a file that would be too large leaves out the runs that a node left out, and only statements that show nothing")
    func declaredRuns() async throws {
        let hostilities = try await Hostilities()
        var merger = EvidenceMerger()
        try merger.add(try hostilities.honestPage())
        var run = try hostilities.honestPage()
        let (from, until) = (hostilities.batches[2].statement.header.next, hostilities.batches[5].statement.header.first)
        run.entries = [run.entries[0], .leftOut(first: from, next: until)]
        try merger.add(run)
        #expect(merger.merged()?.evidence.entries.count == 4)
        merger.leaveOutDeclaredRuns()
        let merged = try #require(merger.merged())
        #expect(merged.disclosedCount == 3 && merged.batchCount == 3 && merged.gaps.isEmpty)
        #expect(merged.evidence.entries.contains { if case .leftOut = $0 { true } else { false } })
        try await hostilities.stop()
    }
}
