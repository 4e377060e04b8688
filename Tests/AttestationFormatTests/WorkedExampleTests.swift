import AttestationFormat
import DeviceCrypto
import MerkleTree
import Testing

/// What the specification shows to the byte must be what the code reads, believes and writes.
@Suite("The worked example of the specification")
struct WorkedExampleTests {
    let example: WorkedExample

    init() throws { example = try WorkedExample() }

    /// The block as the type of its message reads and writes it.
    static let encodings: [(String, @Sendable (WorkedExample, [UInt8]) throws -> [UInt8])] = [
        ("event-0", { _, bytes in try encodedAgain(EventView(parsing: bytes)) }),
        ("event-1", { _, bytes in try encodedAgain(EventView(parsing: bytes)) }),
        ("batch-header", { example, bytes in try Statement(parsing: example.bytes("statement")).header.encoded() }),
        ("statement", { _, bytes in
            let statement = try Statement(parsing: bytes)
            return Statement(header: statement.header, root: statement.root, signature: statement.signature).bytes
        }),
        ("event-proof", { example, bytes in
            let proof = try EventProof(parsing: bytes)
            let statement = try Statement(parsing: example.bytes("statement"))
            return EventProof.encode(statement: statement, index: Int(proof.proof.index), path: proof.proof.path)
        }),
        ("batch-message", { _, bytes in try encodedAgain(BatchMessage(parsing: bytes)) }),
        ("batch-message-withheld", { _, bytes in try encodedAgain(BatchMessage(parsing: bytes)) }),
        ("receipt-0", { _, bytes in try encodedAgain(UnverifiedReceipt(parsing: bytes)) }),
        ("receipt-2", { _, bytes in try encodedAgain(UnverifiedReceipt(parsing: bytes)) }),
        ("hello", { _, bytes in try Hello(parsing: bytes).encoded() }),
        ("reply-receipt", { _, bytes in try Reply(parsing: bytes).encoded() }),
        ("reply-position", { _, bytes in try Reply(parsing: bytes).encoded() }),
        ("reply-refusal", { _, bytes in try Reply(parsing: bytes).encoded() }),
        ("reply-trust", { _, bytes in try Reply(parsing: bytes).encoded() }),
        ("carried-message", { _, bytes in try encodedAgain(carried: bytes) }),
        ("root-certificate", { _, bytes in try UnverifiedCertificate(der: bytes).derBytes }),
        ("issuing-certificate", { _, bytes in try UnverifiedCertificate(der: bytes).derBytes }),
        ("seal-certificate", { _, bytes in try UnverifiedCertificate(der: bytes).derBytes }),
        ("link-certificate", { _, bytes in try UnverifiedCertificate(der: bytes).derBytes }),
        ("trust-file", { _, bytes in try encodedAgain(trustFile: bytes) }),
        ("evidence", { _, bytes in try Evidence(parsing: bytes).encoded() }),
    ]

    @Test("each block is read, and written again to the same bytes", arguments: encodings.map(\.0))
    func encoding(name: String) throws {
        let bytes = try example.bytes(name)
        let encode = try #require(WorkedExampleTests.encodings.first { $0.0 == name }?.1)
        #expect(try encode(example, bytes) == bytes)
    }

    @Test("no block is left out here")
    func everyBlock() { #expect(WorkedExampleTests.encodings.map(\.0).sorted() == WorkedExample.names) }

    @Test("a block that is a byte short or long is refused", arguments: encodings.map(\.0))
    func otherLength(name: String) throws {
        // A header is what stands in a statement, and is refused with it.
        if name == "batch-header" { return }
        let bytes = try example.bytes(name)
        let encode = try #require(WorkedExampleTests.encodings.first { $0.0 == name }?.1)
        #expect(throws: (any Error).self) { _ = try encode(example, bytes.dropLast()) }
        #expect(throws: (any Error).self) { _ = try encode(example, bytes + [0]) }
    }

    @Test("statement and proof are signed by the certified key, and lead to the events")
    func signatures() throws {
        let certificate = try UnverifiedCertificate(der: example.bytes("seal-certificate"))
        let verifier = try #require(P256Verifier(publicKey: certificate.publicKey))
        let statement = try Statement(parsing: example.bytes("statement"))
        #expect(certificate.publicKey.keyID(using: SHA256.self) == statement.header.keyID)
        #expect(certificate.subjectURI == statement.header.gateway.issuer)
        #expect(statement.isSignatureValid(using: verifier))
        for name in ["batch-message", "batch-message-withheld"] {
            #expect(try BatchMessage(parsing: example.bytes(name)).isComplete(using: SHA256.self))
        }
        let proof = try EventProof(parsing: example.bytes("event-proof"))
        try proof.verify(eventBytes: example.bytes("event-0"), verifier: verifier, using: SHA256.self)
        #expect(throws: VerificationError.signature) {
            try proof.verify(eventBytes: example.bytes("event-1"), verifier: verifier, using: SHA256.self)
        }
    }

    @Test("the trust file is the root's, and both receipts count under it, each for this statement alone")
    func receipts() throws {
        let trust = try trustFile()
        let statement = try Statement(parsing: example.bytes("statement"))
        for (name, node) in [("receipt-0", "node-0"), ("receipt-2", "node-2")] {
            let unverified = try UnverifiedReceipt(parsing: example.bytes(name))
            let receipt = try unverified.verified(for: statement, trustFile: trust, verifier: P256Verifier.self, using: SHA256.self)
            #expect(receipt.node.node.text.string == node)
            #expect(receipt.held == 2 && receipt.index == 5 && receipt.header.treeSize == 6)
            let other = Statement(header: statement.header, root: Digest(), signature: statement.signature)
            #expect(throws: VerificationError.signature) {
                try unverified.verified(for: other, trustFile: trust, verifier: P256Verifier.self, using: SHA256.self)
            }
        }
    }

    @Test("evidence shows both events under the statement, with as many receipts as the trust file asks for")
    func evidence() throws {
        let evidence = try Evidence(parsing: example.bytes("evidence"))
        guard case .batch(let batch) = try #require(evidence.entries.first) else {
            Issue.record("the first entry is no batch")
            return
        }
        #expect(batch.events.map(\.event.bytes) == [try example.bytes("event-0"), try example.bytes("event-1")])
        #expect(batch.events.allSatisfy { $0.isIncluded(in: batch.statement, using: SHA256.self) })
        #expect(UInt64(batch.receipts.count) == (try trustFile()).content.quorum.receiptsNeeded)
    }

    @Test("the hashes and the topic that the text names are those of the blocks")
    func words() throws {
        let statement = try Statement(parsing: example.bytes("statement"))
        var named = try ["event-0", "event-1"].map { MerkleTree<SHA256>.leafHash(of: try example.bytes($0)) }
        named += [statement.hash(using: SHA256.self), SHA256.hash(try example.bytes("trust-file"))]
        for digest in named { #expect(example.text.contains("`\(Hexadecimal.text(of: digest.bytes))`")) }
        #expect(example.text.contains("`\(Topic(statement.header.gateway.gatewayID, .batch, using: SHA256.self).text)`"))
    }

    private func trustFile() throws -> TrustFile {
        let unverified = try UnverifiedTrustFile(parsing: example.bytes("trust-file"))
        let root = try UnverifiedCertificate(der: unverified.content.rootCertificate)
        return try unverified.verified(rootKey: root.publicKey, verifier: P256Verifier.self, using: SHA256.self)
    }
}

// MARK: - Messages that are written from their parts

private func encodedAgain(_ view: EventView) throws -> [UInt8] {
    var event = Event(
        kind: view.kind, wallClockMilliseconds: view.wallClockMilliseconds, monotonicMilliseconds: view.monotonicMilliseconds)
    event.clock = view.clock
    event.what = view.what
    event.position = view.position
    event.readings = view.readings
    event.salt = view.salt
    return try event.encoded()
}

private func encodedAgain(_ message: BatchMessage) throws -> [UInt8] {
    let items = try #require(message.items)
    var writer = CBORWriter(reserving: 1_024)
    BatchMessage.begin(statement: message.statement.bytes, itemCount: items.count, in: &writer)
    for item in items {
        switch item {
        case .event(let event): BatchMessage.append(event: event.bytes[...], to: &writer)
        case .withheld(let leafHash): BatchMessage.append(leafHash: leafHash, to: &writer)
        }
    }
    return writer.bytes
}

private func encodedAgain(_ receipt: UnverifiedReceipt) -> [UInt8] {
    UnverifiedReceipt.encode(
        header: receipt.header, index: receipt.proof.index, path: receipt.proof.path, signature: receipt.signature)
}

private func encodedAgain(carried bytes: [UInt8]) throws -> [UInt8] {
    var reader = CarriedReader()
    reader.append(bytes)
    var again: [UInt8] = []
    while let message = try reader.next(isAtEnd: true) { message.append(to: &again) }
    return again
}

private func encodedAgain(trustFile bytes: [UInt8]) throws -> [UInt8] {
    let file = try UnverifiedTrustFile(parsing: bytes)
    return UnverifiedTrustFile.encode(
        content: file.content, keyID: file.keyID, issuedAtSeconds: file.issuedAtSeconds,
        signature: try Signature(validating: Array(bytes.suffix(Signature.byteCount))))
}
