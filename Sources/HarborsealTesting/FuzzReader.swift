import AttestationFormat
import MerkleTree

/// Every reader of strangers' bytes, fed with anything: the fuzzers of Tests/Fuzz are compiled over this file, and the tests replay their
/// corpus through it.
///
/// A reader must not trap, must not take memory by a stranger's numbers, and what it takes it must write back to the same bytes.
public enum FuzzReader: String, CaseIterable, Sendable {
    case cbor, cose, event, statement, eventProof, batchMessage, receipt, reply, hello, trustFile, evidence, topic, carried, registration

    /// Feeds one input.
    ///
    /// - Returns: whether the reader took it.
    @discardableResult
    public func feed(_ bytes: [UInt8]) -> Bool {
        do throws(FormatError) {
            switch self {
            case .cbor: try readItem(bytes)
            case .cose: _ = try COSESign1(parsing: bytes, limit: Limits.trustFileByteCount).bytesToVerify()
            case .event: try readEvent(bytes)
            case .statement: try readStatement(bytes)
            case .eventProof: try readEventProof(bytes)
            case .batchMessage: _ = try BatchMessage(parsing: bytes).isComplete(using: ToyHash.self)
            case .receipt: try readReceipt(bytes)
            case .reply: demand(try Reply(parsing: try Reply(parsing: bytes).encoded()).encoded().count <= bytes.count)
            case .hello: demand(try Hello(parsing: bytes).encoded() == bytes)
            case .trustFile: try readTrustFile(bytes)
            case .evidence: demand(try Evidence(parsing: bytes).encoded() == bytes)
            case .topic: try readTopic(bytes)
            case .carried: try readCarried(bytes)
            case .registration: try readRegistration(bytes)
            }
            return true
        } catch {
            demand((0...bytes.count).contains(error.offset))
            return false
        }
    }

    /// Stops the fuzzer, or the test, at an answer that contradicts itself.
    private func demand(_ isSo: Bool) {
        precondition(isSo, "the reader \(rawValue) contradicts itself")
    }

    private func readCarried(_ bytes: [UInt8]) throws(FormatError) {
        var reader = CarriedReader()
        reader.append(bytes)
        var again: [UInt8] = []
        while let message = try reader.next(isAtEnd: true) { message.append(to: &again) }
        demand(again == bytes)
    }

    private func readItem(_ bytes: [UInt8]) throws(FormatError) {
        for keyOrder in [CBORReader.KeyOrder.any, .deterministic] {
            var reader = CBORReader(bytes, keyOrder: keyOrder)
            try reader.skipItem()
            try reader.finish()
        }
    }

    private func readEvent(_ bytes: [UInt8]) throws(FormatError) {
        let view = try EventView(parsing: bytes)
        _ = (view.clock, view.position, view.foreign, view.flags, view.salt, view.attachments)
        var event = Event(
            kind: view.kind, wallClockMilliseconds: view.wallClockMilliseconds, monotonicMilliseconds: view.monotonicMilliseconds)
        event.what = view.what
        event.readPoint = view.readPoint
        event.readings = view.readings
        event.documents = view.documents
        event.extensions = view.extensions
        demand(try event.encoded().count <= bytes.count)
    }

    private func readStatement(_ bytes: [UInt8]) throws(FormatError) {
        let statement = try Statement(parsing: bytes)
        _ = (statement.header.next, statement.bytesToVerify(), statement.leafHash(using: ToyHash.self))
        let again = Statement(header: statement.header, root: statement.root, signature: statement.signature)
        demand(try Statement(parsing: again.bytes).header == statement.header)
    }

    private func readRegistration(_ bytes: [UInt8]) throws(FormatError) {
        let statement = try RegistrationStatement(parsing: bytes)
        let again = try RegistrationStatement(header: statement.header, payload: statement.payload, signature: statement.signature)
        demand(again.header == statement.header && again.payload == statement.payload && !statement.isSignatureValid(using: NoVerifier()))
    }

    private func readEventProof(_ bytes: [UInt8]) throws(FormatError) {
        let proof = try EventProof(parsing: bytes)
        _ = proof.sequence
        try? proof.verify(eventBytes: bytes, verifier: NoVerifier(), using: ToyHash.self)
    }

    private func readReceipt(_ bytes: [UInt8]) throws(FormatError) {
        let receipt = try UnverifiedReceipt(parsing: bytes)
        _ = receipt.proof.root(leafHash: Digest(), using: ToyHash.self)
    }

    private func readTrustFile(_ bytes: [UInt8]) throws(FormatError) {
        let file = try UnverifiedTrustFile(parsing: bytes)
        try? file.content.checkRules(issuedAtSeconds: file.issuedAtSeconds)
        _ = file.content.encoded()
    }

    private func readTopic(_ bytes: [UInt8]) throws(FormatError) {
        guard let text = UTF8Text(validating: bytes) else { throw FormatError(.invalidUTF8, at: 0) }
        let topic = try Topic(parsing: text)
        demand(try Topic(parsing: topic.text) == topic)
    }
}

/// A hash that is quick and worthless.
private enum ToyHash: HashFunction {
    static func hash(_ bytes: Span<UInt8>) -> Digest { hash(prefix: 0, bytes) }

    static func hash(prefix: UInt8, _ bytes: Span<UInt8>) -> Digest {
        var state = UInt64(prefix) &+ 0xCBF2_9CE4_8422_2325
        for index in bytes.indices { state = (state ^ UInt64(bytes[index])) &* 0x100_0000_01B3 }
        return Digest(filledBy: { target in
            for index in target.indices { target[index] = UInt8(truncatingIfNeeded: state >> UInt64(8 * (index % 8))) }
        })
    }

    static func hash(prefix: UInt8, _ left: Digest, _ right: Digest) -> Digest { hash(prefix: prefix, (left.bytes + right.bytes).span) }
}

/// Believes nobody.
private struct NoVerifier: SignatureVerifier {
    init() {}
    init?(publicKey: PublicKey) {}
    func isValid(_ signature: Signature, for message: [UInt8]) -> Bool { false }
}
