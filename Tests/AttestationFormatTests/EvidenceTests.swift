import AttestationFormat
import DeviceCrypto
import MerkleTree
import Testing

@Suite("Evidence")
struct EvidenceTests {
    let fixture: Fixture
    let events: [EventView]
    let statement: Statement

    init() throws {
        fixture = try Fixture()
        events = try Fixture.events(5)
        statement = try fixture.statement(over: events)
    }

    private func evidence() throws -> Evidence {
        let nodes = MerkleNodes<SHA256>(leafHashes: Fixture.leafHashes(events))
        let shown = [1, 4].map { index in
            Evidence.DisclosedEvent(
                event: events[index], index: UInt64(index), path: nodes.inclusionPath(index: UInt64(index)) ?? [])
        }
        let batch = Evidence.Batch(statement: statement, events: shown, receipts: [try fixture.receipt(for: statement), [0xFF]])
        var evidence = Evidence(
            alliance: fixture.gateway.alliance, entries: [.batch(batch), .leftOut(first: 5, next: 9)], sealCertificates: [[1, 2]])
        evidence.revocationLists = [[3]]
        evidence.checkpoints = [.init(origin: "gba-demo/hk-1", note: "gba-demo/hk-1\n5\n")]
        evidence.ledgerAnchors = [
            .init(
                chainID: 1, contract: [UInt8](repeating: 2, count: 20), transaction: Digest(), block: 3, blockHash: Digest(),
                logIndex: 4, receipt: [5])
        ]
        return evidence
    }

    @Test("evidence with everything in it comes back from its bytes, with a title and without", arguments: [UTF8Text("journey"), nil])
    func roundTrip(title: UTF8Text?) throws {
        var made = try evidence()
        made.title = title
        let parsed = try Evidence(parsing: made.encoded())
        #expect(parsed.encoded() == made.encoded())
        #expect(parsed.title == title && parsed.checkpoints == made.checkpoints && parsed.ledgerAnchors == made.ledgerAnchors)
        #expect(parsed.entries.count == 2 && parsed.sealCertificates == [[1, 2]] && parsed.revocationLists == [[3]])
    }

    @Test("a disclosed event is included at its place, and nowhere else")
    func inclusion() throws {
        guard case .batch(let batch) = try Evidence(parsing: try evidence().encoded()).entries[0] else {
            Issue.record("the first entry is no batch")
            return
        }
        for event in batch.events {
            #expect(event.isIncluded(in: batch.statement, using: SHA256.self))
            var moved = event
            moved.index += 1
            #expect(!moved.isIncluded(in: batch.statement, using: SHA256.self))
            moved.index = .max
            #expect(!moved.isIncluded(in: batch.statement, using: SHA256.self))
            var other = event
            other.event = events[0]
            #expect(!other.isIncluded(in: batch.statement, using: SHA256.self))
        }
    }

    @Test("a receipt that is none is kept as it is, to be listed")
    func badReceipts() throws {
        guard case .batch(let batch) = try Evidence(parsing: try evidence().encoded()).entries[0] else {
            Issue.record("the first entry is no batch")
            return
        }
        #expect(batch.receipts[1] == [0xFF])
        #expect(throws: FormatError.self) { try UnverifiedReceipt(parsing: batch.receipts[1]) }
    }

    @Test("evidence without an entry or a certificate is malformed")
    func empty() throws {
        var made = try evidence()
        made.entries = []
        #expect(throws: FormatError(.wrongCount, at: 11)) { try Evidence(parsing: made.encoded()) }
        made = try evidence()
        made.sealCertificates = []
        #expect(throws: FormatError.self) { try Evidence(parsing: made.encoded()) }
    }

    @Test("every cut and every added byte is malformed")
    func cuts() throws {
        let bytes = try evidence().encoded()
        for count in bytes.indices { #expect(throws: FormatError.self) { try Evidence(parsing: Array(bytes[..<count])) } }
        #expect(throws: FormatError(.trailingBytes, at: bytes.count)) { try Evidence(parsing: bytes + [0]) }
    }

    @Test("the place of a fault counts from the start of the file, also deep inside")
    func offsets() throws {
        let bytes = try evidence().encoded()
        let event = events[1].bytes
        let place = try #require(bytes.indices.first { bytes[$0...].starts(with: event) })
        var changed = bytes
        changed[place + 1] = 0x17
        #expect(throws: FormatError.self) { try Evidence(parsing: changed) }
        changed = bytes
        changed[place] = 0xFF
        let refusal = #expect(throws: FormatError.self) { try Evidence(parsing: changed) }
        #expect(refusal?.offset == place)
    }
}
