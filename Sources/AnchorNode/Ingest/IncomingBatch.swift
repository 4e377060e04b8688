import AllianceTrust
import AttestationFormat
import MerkleTree

/// A batch-message on its way through the order of wire-format.md, section 6: the part that needs no store.
struct IncomingBatch: Sendable {
    let topic: Topic
    let broker: Int
    let statement: Statement
    /// nil: the bytes are lost.
    let events: EventList?
    /// SHA-256 of the statement's bytes.
    let hash: Digest
    private let message: BatchMessage

    var header: BatchHeader { statement.header }
    var heldCount: Int { events?.heldCount ?? 0 }
    var link: ChainLink {
        ChainLink(hash: hash, range: SequenceRange(start: header.first, end: header.next), previous: header.previous)
    }

    /// Parse and limits (7, 8); topic, shard and names agree (7).
    init(_ received: BrokerMessage, topic: Topic, alliance: Name) throws(BatchRefusal) {
        do {
            message = try BatchMessage(parsing: received.payload)
        } catch {
            let code: Refusal.Code = error.code == .limitExceeded ? .tooLarge : .malformed
            throw BatchRefusal(code: code, text: "\(error.code) at byte \(error.offset)")
        }
        statement = message.statement
        let header = message.statement.header
        guard topic.isShardRight(using: SHA256.self) else {
            throw BatchRefusal(code: .malformed, text: "the topic's shard is not the gateway's", first: header.first)
        }
        guard header.gateway == GatewayName(alliance: alliance, gatewayID: topic.gatewayID) else {
            throw BatchRefusal(
                code: .malformed, text: "the statement is \(header.gateway)'s, the topic \(topic.gatewayID)'s",
                first: header.first)
        }
        self.topic = topic
        broker = received.broker
        events = message.items.map(EventList.init)
        hash = message.statement.hash(using: SHA256.self)
    }

    /// The signature (4), then events and hashes against root and count (7).
    func check(_ verifier: CryptoVerifier) throws(BatchRefusal) {
        guard statement.isSignatureValid(using: verifier) else {
            throw BatchRefusal(code: .badSignature, text: "the signature is not that of the seal key", first: header.first)
        }
        try checkEvents()
    }

    /// Events and hashes against root and count (7). Where the bytes are lost there is nothing that could be wrong.
    func checkEvents() throws(BatchRefusal) {
        guard events == nil || message.isComplete(using: SHA256.self) else {
            throw BatchRefusal(
                code: .malformed, text: "the events do not give the statement's count and root", first: header.first)
        }
    }
}
