import AttestationFormat
import DeviceCrypto
import MerkleTree
import Testing

@Suite("Statements and batch-messages")
struct MessageTests {
    let fixture: Fixture

    init() throws {
        fixture = try Fixture()
    }

    @Test("a statement comes back from its bytes, and its signature verifies", arguments: [1, 2, 23, 24, 255, 256, 1_024])
    func statement(count: Int) throws {
        let made = try fixture.statement(over: try Fixture.events(count), first: UInt64(count) * 1_000)
        let parsed = try Statement(parsing: made.bytes)
        #expect(parsed.header == made.header)
        #expect(parsed.root == made.root)
        #expect(parsed.bytesToVerify() == Statement.bytesToSign(header: made.header, root: made.root))
        #expect(parsed.bytesToVerify() == made.bytesToVerify())
        let verifier = try #require(P256Verifier(publicKey: fixture.gatewayKey.publicKey))
        #expect(parsed.isSignatureValid(using: verifier))
        #expect(parsed.header.next == UInt64(count) * 1_001)
    }

    @Test("a statement with any bit changed is malformed, or its signature is not valid")
    func changedBits() throws {
        let bytes = try fixture.statement(over: try Fixture.events(3)).bytes
        let verifier = try #require(P256Verifier(publicKey: fixture.gatewayKey.publicKey))
        for place in bytes.indices {
            var changed = bytes
            changed[place] ^= 1 << UInt8(place % 8)
            guard let statement = try? Statement(parsing: changed) else { continue }
            #expect(!statement.isSignatureValid(using: verifier), "byte \(place)")
        }
        for count in bytes.indices { #expect(throws: FormatError.self) { try Statement(parsing: Array(bytes[..<count])) } }
    }

    @Test("first + count reaches 2^63 - 1 and not beyond; a batch has 1 to 1,024 events")
    func range() throws {
        #expect(try fixture.header(first: Limits.sequenceEnd - 3, count: 3).next == Limits.sequenceEnd)
        #expect(throws: FormatError(.sequenceOverflow, at: 0)) { try fixture.header(first: Limits.sequenceEnd - 2, count: 3) }
        #expect(throws: FormatError(.sequenceOverflow, at: 0)) { try fixture.header(first: .max, count: 1) }
        #expect(throws: FormatError(.limitExceeded, at: 0)) { try fixture.header(count: 0) }
        #expect(throws: FormatError(.limitExceeded, at: 0)) { try fixture.header(count: 1_025) }
    }

    @Test("every event of a batch has a proof that verifies alone, and for no other event", arguments: [1, 2, 3, 7, 8, 64])
    func eventProofs(count: Int) throws {
        let events = try Fixture.events(count)
        let statement = try fixture.statement(over: events, first: 10)
        let nodes = MerkleNodes<SHA256>(leafHashes: Fixture.leafHashes(events))
        let verifier = try #require(P256Verifier(publicKey: fixture.gatewayKey.publicKey))
        let stranger = try #require(P256Verifier(publicKey: fixture.rootKey.publicKey))
        for index in 0..<count {
            let path = try #require(nodes.inclusionPath(index: UInt64(index)))
            let proof = try EventProof(parsing: EventProof.encode(statement: statement, index: index, path: path))
            #expect(proof.sequence == 10 + UInt64(index))
            try proof.verify(eventBytes: events[index].bytes, verifier: verifier, using: SHA256.self)
            #expect(throws: VerificationError.signature) {
                try proof.verify(eventBytes: events[index].bytes + [0], verifier: verifier, using: SHA256.self)
            }
            #expect(throws: VerificationError.signature) {
                try proof.verify(eventBytes: events[index].bytes, verifier: stranger, using: SHA256.self)
            }
        }
        #expect(throws: FormatError.self) { try EventProof(parsing: EventProof.encode(statement: statement, index: count, path: [])) }
        #expect(throws: FormatError.self) { try EventProof(parsing: statement.bytes) }
    }

    @Test("a proof whose path has the wrong length is not believed")
    func wrongPath() throws {
        let events = try Fixture.events(4)
        let statement = try fixture.statement(over: events)
        let proof = try EventProof(parsing: EventProof.encode(statement: statement, index: 1, path: [Digest()]))
        let verifier = try #require(P256Verifier(publicKey: fixture.gatewayKey.publicKey))
        #expect(throws: VerificationError.path) {
            try proof.verify(eventBytes: events[1].bytes, verifier: verifier, using: SHA256.self)
        }
    }

    @Test("a batch-message carries events whole, by hash, or not at all")
    func batchMessages() throws {
        let events = try Fixture.events(3)
        let statement = try fixture.statement(over: events)
        for withheld in 0...3 {
            let message = try BatchMessage(parsing: batchMessage(statement, events, withheld: withheld))
            #expect(message.wholeEventCount == 3 - withheld)
            #expect(message.isComplete(using: SHA256.self))
        }
        var writer = CBORWriter()
        BatchMessage.begin(statement: statement.bytes, itemCount: nil, in: &writer)
        let lost = try BatchMessage(parsing: writer.bytes)
        #expect(lost.items == nil && lost.wholeEventCount == 0 && !lost.isComplete(using: SHA256.self))
    }

    @Test("a list that is short, long, in another order or changed does not lead to the root")
    func incomplete() throws {
        let events = try Fixture.events(4)
        let statement = try fixture.statement(over: events)
        let wrong = [
            Array(events.dropLast()), events + [events[0]], events.reversed(), [events[0], events[1], events[2], events[2]],
        ]
        for list in wrong {
            #expect(try !BatchMessage(parsing: batchMessage(statement, list, withheld: 0)).isComplete(using: SHA256.self))
        }
    }

    @Test("a batch-message at the limits is taken, one above is too large")
    func limits() throws {
        let events = try Fixture.events(1_024)
        let statement = try fixture.statement(over: events)
        let message = batchMessage(statement, events, withheld: 0)
        #expect(try BatchMessage(parsing: message).isComplete(using: SHA256.self))
        #expect(throws: FormatError.self) { try BatchMessage(parsing: batchMessage(statement, events + [events[0]], withheld: 0)) }
        let huge = [UInt8](repeating: 0, count: Limits.batchMessageByteCount + 1)
        #expect(throws: FormatError(.limitExceeded, at: 0)) { try BatchMessage(parsing: huge) }
        #expect(throws: FormatError.self) { try BatchMessage(parsing: batchMessage(statement, [], withheld: 0)) }
        #expect(throws: FormatError(.trailingBytes, at: message.count)) { try BatchMessage(parsing: message + [0]) }
    }

    @Test("an 88-byte event in a batch of 64 costs at most 95 bytes of payload")
    func overhead() throws {
        var event = Event(kind: .number(31), wallClockMilliseconds: 1_795_000_000_000, monotonicMilliseconds: 5_000)
        event.readings = [EventReading(sensor: "reefer-air", quantity: 1, value: 4_250)]
        event.salt = [UInt8](repeating: 1, count: 8)
        event.what = ["https://id.gs1.org/00/3952123400000001"]
        let view = try EventView(parsing: try event.encoded())
        #expect(view.bytes.count == 88)
        let events = Array(repeating: view, count: 64)
        let message = batchMessage(try fixture.statement(over: events), events, withheld: 0)
        #expect(message.count <= 64 * 95)
    }

    private func batchMessage(_ statement: Statement, _ events: [EventView], withheld: Int) -> [UInt8] {
        var writer = CBORWriter()
        BatchMessage.begin(statement: statement.bytes, itemCount: events.count, in: &writer)
        for (index, event) in events.enumerated() {
            if index < withheld {
                BatchMessage.append(leafHash: MerkleTree<SHA256>.leafHash(of: event.bytes), to: &writer)
            } else {
                BatchMessage.append(event: event.bytes[...], to: &writer)
            }
        }
        return writer.bytes
    }
}
