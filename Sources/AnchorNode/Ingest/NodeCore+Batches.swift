import AllianceTrust
import AttestationFormat
import MerkleTree

/// How far a batch has come, and what it needs next.
private enum BatchStage: Sendable {
    case refused(BatchRefusal)
    /// Its statement is in the ledger: event bytes may still be new.
    case known(IncomingBatch, EntrySummary)
    case certified(IncomingBatch, CryptoVerifier)
}

extension NodeCore {
    /// Takes batch-messages in the order of wire-format.md, section 6.
    func take(_ batches: [(BrokerMessage, Topic)]) async throws -> [OutboundReply] {
        guard !batches.isEmpty else { return [] }
        let alliance = settings.name.alliance
        let parsed = await ParallelWork.map(batches) { message, topic in
            Result { () throws(BatchRefusal) in try IncomingBatch(message, topic: topic, alliance: alliance) }
        }
        let stages = try certify(parsed)
        let checked = await ParallelWork.map(stages) { $0.checked() }
        var replies: [OutboundReply] = []
        var checkedBatches: [CheckedBatch] = []
        for ((message, topic), result) in zip(batches, checked) {
            switch result {
            case .success(let batch):
                sessions.note(topic.gatewayID, broker: message.broker)
                checkedBatches.append(batch)
            case .failure(let refusal): replies.append(refuse(topic, message.broker, refusal))
            }
        }
        return replies + (try await place(checkedBatches))
    }

    /// Is the statement in the ledger, and if not: is there a certificate by (kid, iss)? (1, 3, 2)
    private func certify(_ parsed: [Result<IncomingBatch, BatchRefusal>]) throws -> [BatchStage] {
        let now = clock.nowSeconds
        return try store.read { transaction in
            try parsed.map { result in
                switch result {
                case .failure(let refusal): .refused(refusal)
                case .success(let batch):
                    if let entry = try transaction.entry(hash: batch.hash) { .known(batch, entry) } else { judge(batch, now) }
                }
            }
        }
    }

    private func judge(_ batch: IncomingBatch, _ nowSeconds: Int64) -> BatchStage {
        let header = batch.header
        func refused(_ code: Refusal.Code, _ text: String) -> BatchStage {
            .refused(BatchRefusal(code: code, text: text, first: header.first))
        }
        let judgement = trust.verifier.judge(
            keyID: header.keyID, issuer: header.gateway.issuer, atSeconds: nowSeconds)
        switch judgement {
        case .valid(let certificate): return .certified(batch, certificate.verifier)
        case .unknown:
            if let problem = sessions[header.gateway.gatewayID]?.certificateProblem {
                return refused(.certificateNotValid, problem)
            }
            return refused(.unknownGateway, "no seal certificate is known for this key and gateway; say hello with it")
        case .notValid(let certificate):
            return refused(
                .certificateNotValid,
                "the seal certificate is valid from \(certificate.validFromSeconds) to \(certificate.validUntilSeconds)")
        case .revoked(_, let since): return refused(.revoked, "the seal key is revoked since \(since)")
        }
    }
}

/// A batch whose signature, where it was new, and events are right.
struct CheckedBatch: Sendable {
    let batch: IncomingBatch
    /// Names of key 4 in its events.
    let subjects: [String]
}

extension BatchStage {
    /// The expensive part, without the store: signature (4), events or hashes against root and count (7).
    ///
    /// A statement that is known is not verified again; its events are, since they may be new.
    fileprivate func checked() -> Result<CheckedBatch, BatchRefusal> {
        Result { () throws(BatchRefusal) in
            switch self {
            case .refused(let refusal): throw refusal
            case .known(let batch, let entry):
                // Hashes as well: a broker may have put nil in place of the list, and then the first list is what stays.
                guard batch.events != nil && entry.heldCount < batch.header.count else {
                    return CheckedBatch(batch: batch, subjects: [])
                }
                try batch.checkEvents()
                return CheckedBatch(batch: batch, subjects: batch.events?.subjects ?? [])
            case .certified(let batch, let verifier):
                try batch.check(verifier)
                return CheckedBatch(batch: batch, subjects: batch.events?.subjects ?? [])
            }
        }
    }
}
