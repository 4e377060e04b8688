import AttestationFormat
import DeviceCrypto
import MerkleTree
import Testing

@Suite("Receipts, replies and hellos")
struct ReceiptTests {
    let fixture: Fixture
    let statement: Statement
    let trustFile: TrustFile

    init() throws {
        fixture = try Fixture()
        statement = try fixture.statement(over: try Fixture.events(3))
        trustFile = try fixture.trustFile()
    }

    @Test("a node's receipt for this statement is accepted, with its root and what the node holds")
    func accepted() throws {
        let receipt = try verify(try fixture.receipt(for: statement))
        #expect(receipt.node == fixture.nodes[0].name)
        #expect(receipt.held == 3 && receipt.index == 2)
        #expect(receipt.root == Fixture.ledger(with: statement).root)
    }

    @Test("a receipt by a key that is not in the trust file is refused")
    func stranger() throws {
        #expect(throws: VerificationError.unknownKey) {
            try verify(try fixture.receipt(for: statement, .init(signer: fixture.gatewayKey)))
        }
    }

    @Test("a receipt that names another node's key, or that nobody of the alliance signed, is refused")
    func signature() throws {
        let other = fixture.nodes[1].key.publicKey.keyID(using: SHA256.self)
        #expect(throws: VerificationError.issuer) { try verify(try fixture.receipt(for: statement, .init(keyID: other))) }
        let first = fixture.nodes[0].key.publicKey.keyID(using: SHA256.self)
        #expect(throws: VerificationError.signature) {
            try verify(try fixture.receipt(for: statement, .init(signer: fixture.gatewayKey, keyID: first)))
        }
    }

    @Test("a receipt from before or after its key was in force is refused")
    func force() throws {
        #expect(throws: VerificationError.keyNotInForce) {
            try verify(try fixture.receipt(for: statement, .init(issuedAtSeconds: 1_699_999_999)))
        }
        var content = try fixture.trustContent()
        content.nodes[0].keys[0].untilSeconds = 1_795_000_070
        let trustFile = try fixture.trustFile(content)
        #expect(throws: VerificationError.keyNotInForce) {
            try verify(try fixture.receipt(for: statement), trustFile: trustFile)
        }
        _ = try verify(try fixture.receipt(for: statement, .init(issuedAtSeconds: 1_795_000_069)), trustFile: trustFile)
    }

    @Test("a receipt that names another issuer, subject, leaf, size or index is refused by that name")
    func labels() throws {
        #expect(throws: VerificationError.issuer) {
            try verify(try fixture.receipt(for: statement, .init(node: fixture.nodes[1].name)))
        }
        let subject = fixture.gateway.subject(in: Epoch(1))
        #expect(throws: VerificationError.subject) { try verify(try fixture.receipt(for: statement, .init(subject: subject))) }
        let next = try fixture.statement(over: try Fixture.events(2), first: 3)
        #expect(throws: VerificationError.signature) { try verify(try fixture.receipt(for: next)) }
        #expect(throws: VerificationError.index) { try verify(try fixture.receipt(for: statement, .init(index: 5))) }
        #expect(throws: VerificationError.path) { try verify(try fixture.receipt(for: statement, .init(index: 4))) }
        #expect(throws: VerificationError.signature) { try verify(try fixture.receipt(for: statement, .init(index: 3))) }
    }

    @Test("a signed tree size that is not the proof's is refused")
    func treeSize() throws {
        // 5 stands once in the signed header behind -70005, and once in the proof.
        var bytes = try fixture.receipt(for: statement)
        let label: [UInt8] = [0x3A, 0x00, 0x01, 0x11, 0x74]
        let place = try #require(bytes.indices.first { bytes[$0...].starts(with: label) })
        #expect(bytes[place + 5] == 5)
        bytes[place + 5] = 6
        #expect(throws: VerificationError.treeSize) { try verify(bytes) }
    }

    @Test("a receipt with any bit changed is malformed or refused")
    func changedBits() throws {
        let bytes = try fixture.receipt(for: statement)
        for place in bytes.indices {
            var changed = bytes
            changed[place] ^= 1 << UInt8(place % 8)
            guard let receipt = try? UnverifiedReceipt(parsing: changed) else { continue }
            #expect(throws: VerificationError.self, "byte \(place)") {
                try receipt.verified(for: statement, trustFile: trustFile, verifier: P256Verifier.self, using: SHA256.self)
            }
        }
    }

    @Test("every reply comes back from its bytes")
    func replies() throws {
        let receipt = try fixture.receipt(for: statement)
        let encoded: [[UInt8]] = [
            Reply.encode(first: 0, receipt: receipt), Reply.position(statement).encoded(), Reply.position(nil).encoded(),
            Reply.refusal(Refusal(first: 7, code: .malformed, text: "no")).encoded(),
            Reply.refusal(Refusal(first: 7, code: .conflict, text: "other bytes", conflicting: statement)).encoded(),
            Reply.refusal(Refusal(first: 7, code: .init(rawValue: 99), text: "")).encoded(),
            Reply.trustFile(try UnverifiedTrustFile(parsing: trustFile.bytes)).encoded(),
        ]
        for bytes in encoded {
            #expect(try Reply(parsing: bytes).encoded() == bytes)
            #expect(throws: FormatError.self) { try Reply(parsing: bytes + [0]) }
            for count in bytes.indices { #expect(throws: FormatError.self) { try Reply(parsing: Array(bytes[..<count])) } }
        }
    }

    @Test(
        "a reply of another version, kind or length is refused",
        arguments: ["820201", "83020100", "83010400", "830100f6", "830102f6", "8401020701", "840101f6f6", "8301031841", "83010101", "a0", "f6"])
    func badReplies(hex: String) throws {
        let bytes = try #require(Hexadecimal.bytes(of: UTF8Text(hex)))
        #expect(throws: FormatError.self) { try Reply(parsing: bytes) }
    }

    @Test("a hello comes back from its bytes")
    func hello() throws {
        for last in [statement, nil] {
            let hello = Hello(
                epoch: fixture.epoch, next: 3, oldestHeld: 0, lastStatement: last, trustVersion: 3, sealCertificates: [[1], [2, 3]])
            let parsed = try Hello(parsing: hello.encoded())
            #expect(parsed.encoded() == hello.encoded())
            #expect(parsed.epoch == fixture.epoch && parsed.next == 3 && parsed.lastStatement?.bytes == last?.bytes)
            #expect(throws: FormatError.self) { try Hello(parsing: hello.encoded().dropLast()) }
            #expect(throws: FormatError.self) { try Hello(parsing: hello.encoded() + [0]) }
        }
    }

    @Test("a hello without a certificate, with another epoch or beyond 2^63 - 1 is refused")
    func badHellos() throws {
        let empty = Hello(epoch: fixture.epoch, next: 0, oldestHeld: 0, lastStatement: nil, trustVersion: 0, sealCertificates: [])
        #expect(throws: FormatError.self) { try Hello(parsing: empty.encoded()) }
        let far = Hello(epoch: fixture.epoch, next: 1 << 63, oldestHeld: 0, lastStatement: nil, trustVersion: 0, sealCertificates: [[1]])
        #expect(throws: FormatError(.sequenceOverflow, at: 19)) { try Hello(parsing: far.encoded()) }
        var upper = Hello(epoch: Epoch(10), next: 0, oldestHeld: 0, lastStatement: nil, trustVersion: 0, sealCertificates: [[1]]).encoded()
        upper[18] = UInt8(ascii: "A")
        #expect(throws: FormatError(.name, at: 2)) { try Hello(parsing: upper) }
    }

    @discardableResult
    private func verify(_ bytes: [UInt8], trustFile: TrustFile? = nil) throws -> Receipt {
        try UnverifiedReceipt(parsing: bytes).verified(
            for: statement, trustFile: trustFile ?? self.trustFile, verifier: P256Verifier.self, using: SHA256.self)
    }
}
