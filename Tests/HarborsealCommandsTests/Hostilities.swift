import AllianceTrust
import AttestationFormat
import Foundation
import MerkleTree
import NodeTesting
import Testing

@testable import AnchorNode
@testable import HarborsealCommands

/// What a hostile node gives beside, or instead of, what is so.
enum HostileAnswer: String, CaseIterable {
    case forgedStatement, strangersKey, otherAlliance, changedEvent, forgedReceipts, junkCertificates, twoRoots
    case unanchoredEvents, carriedEvent, forkedOpening, otherGateway, oldStatement, madeUpRun, everythingAtOnce
}

/// Two honest nodes and a hostile one, asked about one subject.
final class Hostilities {
    static let subject = "https://id.gs1.org/00/395212340000000175"

    let alliance: TestAlliance
    var gateway: TestGateway
    let honest: [AnsweringNode]
    var batches: [TestBatch] = []
    let folder: URL
    let trust: String

    init() async throws {
        alliance = try TestAlliance()
        gateway = try alliance.gateway()
        honest = [try await AnsweringNode(alliance, 0), try await AnsweringNode(alliance, 1)]
        for number in 0..<7 {
            // The first and the last say nothing about the subject.
            let what = [2, 4, 5].contains(number) ? [Self.subject] : []
            batches.append(try gateway.batch(gateway.events(3) + [TestGateway.event(Int(gateway.next) + 3, what: what)]))
        }
        for answering in honest {
            _ = try await answering.node.handle(gateway.hello())
            for batch in batches { _ = try await answering.node.receipt(for: batch) }
        }
        folder = try TestNode.newFolder()
        trust = folder.appendingPathComponent("alliance.hstrust").path
        try DurableFile.write(alliance.trustFile.bytes, to: trust, mode: 0o644, replacing: true)
    }

    /// Evidence of an honest node, which the hostile one may have asked for as anybody may.
    func honestPage(_ about: EvidenceQuery.About = .subject(Hostilities.subject)) throws -> Evidence {
        let reader = LedgerReader(store: honest[0].node.store, settings: honest[0].node.settings)
        let page = try #require(try reader.evidence(EvidenceQuery(about)))
        return try Evidence(parsing: page.evidence)
    }

    /// A batch as evidence, with all its events and a receipt of the hostile node that verifies.
    func entry(_ batch: TestBatch, shown: Bool = true, receipts: [[UInt8]]? = nil) throws -> Evidence.Entry {
        let leaves = batch.events.map { MerkleTree<SHA256>.leafHash(of: $0) }
        let nodes = MerkleNodes<SHA256>(leafHashes: leaves)
        let events = try batch.events.enumerated().map { index, bytes in
            Evidence.DisclosedEvent(
                event: try EventView(parsing: bytes), index: UInt64(index), path: try #require(nodes.inclusionPath(index: UInt64(index))))
        }
        return .batch(
            Evidence.Batch(
                statement: batch.statement, events: shown ? events : [], receipts: try receipts ?? [receipt(batch.statement)]))
    }

    /// A genuine receipt of the hostile node n2, in which the statement is the second of two leaves.
    func receipt(_ statement: Statement, beside other: UInt8 = 0) throws -> [UInt8] {
        let path = [SHA256.hash([other])]
        let key = alliance.nodeKeys[2]
        let root = try #require(
            InclusionProof(size: 2, index: 1, path: path).root(leafHash: statement.leafHash(using: SHA256.self), using: SHA256.self))
        let header = ReceiptHeader(
            keyID: key.keyID, node: alliance.settings(node: 2).name, subject: statement.header.subject,
            issuedAtSeconds: UInt64(alliance.nowSeconds), treeSize: 2, held: UInt64(statement.header.count))
        let signature = try key.sign(UnverifiedReceipt.bytesToSign(header: header, root: root))
        return UnverifiedReceipt.encode(header: header, index: 1, path: path, signature: signature)
    }

    /// Runs the command with the hostile node asked first.
    func collect(
        _ answers: [Evidence], trusting: Bool = true, gateway: String? = nil
    ) async throws -> (CommandResult, CommandResult, String) {
        let hostile = try await AnsweringNode(answering: HostileReader(pages: answers.map { $0.encoded() }))
        let output = folder.appendingPathComponent("\(UUID().uuidString).hsev").path
        var command = EvidenceCommand(nodes: [hostile.url] + honest.map(\.url), output: output)
        command.subject = gateway == nil ? Self.subject : nil
        command.gateway = gateway
        command.trustFile = trusting ? trust : nil
        let made = try await command.run()
        try await hostile.stop()
        return (made, try await VerifyEvidence(file: output, trustFile: trust).run(), hostile.url)
    }

    func stop() async throws {
        for node in honest { try await node.stop() }
        try FileManager.default.removeItem(at: folder)
    }
}

private struct HostileReader: LedgerReading {
    let pages: [[UInt8]]
    func keySet() throws -> [UInt8] { [] }

    func entry(id: Digest) throws -> LedgerEntry? { nil }
    func trustFile() throws -> [UInt8]? { nil }
    func evidence(_ query: EvidenceQuery) throws -> EvidencePage? {
        guard let number = Int(exactly: query.start), pages.indices.contains(number) else { return nil }
        return EvidencePage(evidence: pages[number], nextStart: number + 1 < pages.count ? Int64(number + 1) : nil)
    }
}

extension Hostilities {
    /// The pages of a hostile node.
    func pages(_ answer: HostileAnswer) throws -> [Evidence] {
        var page = try honestPage()
        switch answer {
        case .otherAlliance:
            page = Evidence(alliance: try #require(Name("other")), entries: page.entries, sealCertificates: page.sealCertificates)
        case .changedEvent: page.entries[0] = try changed(page.entries[0])
        case .forgedReceipts: page.entries = try page.entries.map { try withForgedReceipts($0) }
        case .junkCertificates:
            page.sealCertificates = (0..<200).map { [UInt8](repeating: UInt8($0), count: 100) } + page.sealCertificates
            page.revocationLists = [[UInt8](repeating: 0x30, count: 101)]
        case .twoRoots:
            page.entries = [try entry(batches[2]), try entry(batches[4], receipts: [receipt(batches[4].statement, beside: 9)])]
        case .madeUpRun:
            let run = Evidence.Entry.leftOut(first: batches[2].statement.header.next, next: Limits.sequenceEnd)
            page.entries = [try entry(batches[2]), run, try entry(batches[5])]
        case .otherGateway:
            page = try otherGatewaysPage()
        case .everythingAtOnce:
            return try HostileAnswer.allCases.filter { ![.everythingAtOnce, .otherAlliance].contains($0) }.flatMap { try pages($0) }
        default: page.entries += [try statementOfItsOwn(answer)]
        }
        return [page]
    }

    /// A statement that no honest node took.
    private func statementOfItsOwn(_ answer: HostileAnswer) throws -> Evidence.Entry {
        var own = gateway
        let about = [TestGateway.event(900, what: [Self.subject])]
        switch answer {
        case .forgedStatement:
            // The gateway's key id and name, somebody else's signature.
            let batch = try own.batch(about)
            let (header, root) = (batch.statement.header, batch.statement.root)
            let signature = try alliance.nodeKeys[2].sign(Statement.bytesToSign(header: header, root: root))
            return try entry(TestBatch(statement: Statement(header: header, root: root, signature: signature), events: about))
        case .strangersKey:
            var stranger = try TestAlliance().gateway()
            return try entry(try stranger.batch(about))
        case .carriedEvent:
            // In an epoch that closed before anybody else took it: its events were sent again.
            own.open(epoch: 2)
            return try entry(try own.batch(batches[2].events))
        case .forkedOpening:
            own.open(epoch: 3)
            own.previous = batches[3].hash
            return try entry(try own.batch(about))
        case .oldStatement: return try entry(batches[0], shown: false)
        default: return try entry(try own.batch(about))
        }
    }

    private func changed(_ entry: Evidence.Entry) throws -> Evidence.Entry {
        guard case .batch(var batch) = entry else { return entry }
        batch.events[0].event = try EventView(parsing: TestGateway.event(901, what: [Self.subject]))
        return .batch(batch)
    }

    private func withForgedReceipts(_ entry: Evidence.Entry) throws -> Evidence.Entry {
        guard case .batch(var batch) = entry else { return entry }
        var flipped = batch.receipts[0]
        flipped[flipped.count - 1] ^= 1
        batch.receipts = [[], [0xFF], flipped, try receipt(batches[0].statement)] + batch.receipts
        return .batch(batch)
    }

    /// Another gateway of the alliance also says something about the subject, to the hostile node alone.
    private func otherGatewaysPage() throws -> Evidence {
        var other = try alliance.gateway("gw-2")
        let batch = try other.batch([TestGateway.event(1, what: [Self.subject])])
        return Evidence(alliance: alliance.name, entries: [try entry(batch)], sealCertificates: [other.certificate])
    }
}
