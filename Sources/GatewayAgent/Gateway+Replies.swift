public import AttestationFormat
import MerkleTree

extension Gateway {
    /// A message on a reply topic. The node's name in the topic is the broker's word: it is good for back-off and `status` only.
    public func receive(_ payload: [UInt8], from nodeName: UTF8Text, at now: Moment) {
        guard let node = nodes.index(of: nodeName) else {
            counters.strangerReplyCount += 1
            return
        }
        guard payload.count <= Limits.nodeMessageByteCount, let reply = try? Reply(parsing: payload) else {
            counters.malformedReplyCount += 1
            return
        }
        nodes[node].heardAtMilliseconds = now.monotonicMilliseconds
        // At once when a node answers, but not twice within the receipt-timeout. A refusal is no reason to say the same again soon.
        if case .refusal = reply {} else { oldestResend.hurry() }
        switch reply {
        case .receipt(let first, let receipt):
            receive(receipt, first: first, at: now)
        case .position(let statement):
            receive(position: statement, from: node, at: now)
        case .refusal(let refusal):
            receive(refusal, from: node, at: now)
        case .trustFile(let file):
            receive(trustFile: file, at: now)
        }
    }

    // MARK: - Positions

    /// The newest statement of this gateway that the node says it has; `nil` means from the oldest held, never a new epoch.
    private func receive(position statement: Statement?, from node: NodeIndex, at now: Moment) {
        nodes[node].answeredHello = true
        defer { gate.answered(by: node) }
        guard let statement else {
            follow(from: journal.oldestHeld, for: node, at: now)
            return
        }
        guard claimsToBeOwn(statement) else { return }
        if statement.header.epoch == journal.epoch {
            receive(ownEpoch: statement, from: node, at: now)
        } else if journal.isFormer(statement.header.epoch) {
            receive(formerEpoch: statement, from: node, at: now)
        } else if believes(statement, from: node, at: now) {
            let hash = statement.hash(using: Hash.self)
            if !epochs.adopt(previous: hash, issuedAtSeconds: statement.header.issuedAtSeconds) {
                requestEpoch(previous: hash, statement: statement, why: .rollback)
            }
        }
    }

    /// The node has nothing of this epoch, or refuses its opening: wire-format.md has it answer with its newest statement when the
    /// opening names an older one, as after another clone went on in the former epoch.
    ///
    /// One answer does not tell which. A node that merely lacked the opening takes it; one that still answers so a receipt-timeout
    /// after the opening went out again refuses it, and the next epoch must name what it shows.
    private func receive(formerEpoch statement: Statement, from node: NodeIndex, at now: Moment) {
        follow(from: journal.oldestHeld, for: node, at: now)
        let isOut = publishCursor > 0 && journal.quorumEnd == 0
        guard isOut, let named = openingPrevious(), named != statement.hash(using: Hash.self) else {
            nodes[node].refusedOpeningAtMilliseconds = nil
            return
        }
        guard let since = nodes[node].refusedOpeningAtMilliseconds else {
            nodes[node].refusedOpeningAtMilliseconds = now.monotonicMilliseconds
            return
        }
        guard now.milliseconds(since: since) >= policy.receiptTimeoutMilliseconds, believes(statement, from: node, at: now) else { return }
        requestEpoch(previous: statement.hash(using: Hash.self), statement: statement, why: .rollback)
    }

    /// What the open epoch's first statement names as its predecessor.
    private func openingPrevious() -> Digest? {
        guard let stored = try? journal.statement(atOrAfter: 0), stored.first == 0 else { return nil }
        return (try? Statement(parsing: stored.bytes))?.header.previous
    }

    private func receive(ownEpoch statement: Statement, from node: NodeIndex, at now: Moment) {
        let header = statement.header
        if header.first < journal.signedEnd {
            if let held = try? journal.statement(atOrAfter: header.first), held.first == header.first,
                held.bytes == statement.bytes
            {
                follow(from: held.end, for: node, at: now)
                return
            }
            // Deleted long ago: it cannot be compared, and it is older than what is held.
            if header.first < journal.oldestHeld {
                follow(from: journal.oldestHeld, for: node, at: now)
                return
            }
        } else if let pending = sealing?.statement, pending.bytes == statement.bytes {
            return
        }
        guard believes(statement, from: node, at: now) else { return }
        requestEpoch(
            previous: statement.hash(using: Hash.self), statement: statement,
            why: header.first < journal.signedEnd ? .conflict : .rollback)
    }

    /// What the node lacks of what was published already is repeated, on the node's own schedule.
    private func follow(from sequence: UInt64, for node: NodeIndex, at now: Moment) {
        guard sequence < publishCursor else { return }
        if nodes[node].mayCatchUp(from: sequence, at: now) { catchUp.request(from: sequence) }
    }

    // MARK: - Refusals

    private func receive(_ refusal: Refusal, from node: NodeIndex, at now: Moment) {
        nodes[node].refusalCode = refusal.code.rawValue
        nodes[node].refusedAtMilliseconds = now.monotonicMilliseconds
        switch refusal.code {
        case .unknownGateway:
            hello.request()
        case .conflict:
            guard let shown = refusal.conflicting, claimsToBeOwn(shown) else {
                counters.unbelievedHintCount += 1
                return
            }
            if shown.header.epoch == journal.epoch {
                receive(ownEpoch: shown, from: node, at: now)
            } else {
                // A rival opening: what follows it is not shown here, and the next epoch must name the newest.
                hello.request()
            }
        case .badSignature, .badChain, .malformed, .tooLarge:
            guard nodes[node].mayCheck(at: now) else { return }
            if confirms(refusal) {
                requestEpoch(previous: nil, statement: nil, why: .refusal)
            } else {
                counters.unconfirmedRefusalCount += 1
            }
        case .rateLimited:
            backlogAllowedMilliseconds = now.monotonicMilliseconds &+ 1_000
        default:
            break
        }
    }

    /// Whether the own check of the same bytes finds what the node says.
    private func confirms(_ refusal: Refusal) -> Bool {
        guard let loaded = load(atOrAfter: refusal.first), loaded.batch.first == refusal.first else { return false }
        if refusal.code == .tooLarge { return loaded.bytes.count > Limits.batchMessageByteCount }
        guard let message = try? BatchMessage(parsing: loaded.bytes) else { return true }
        switch refusal.code {
        case .badSignature: return !isOwn(message.statement)
        case .badChain: return !continuesChain(message.statement)
        default: return false
        }
    }

    /// Whether the statement names the one before it, as the journal holds it.
    private func continuesChain(_ statement: Statement) -> Bool {
        var before: StoredStatement?
        var cursor = journal.oldestHeld
        // Bounded: batches have at least one event, and a run of 1,024 sequences holds the predecessor.
        if statement.header.first > cursor &+ UInt64(GatewayPolicy.largestEventCount) {
            cursor = statement.header.first &- UInt64(GatewayPolicy.largestEventCount)
        }
        while let stored = try? journal.statement(atOrAfter: cursor), stored.first < statement.header.first {
            before = stored
            cursor = stored.end
        }
        guard let before else { return true }
        return Hash.hash(before.bytes) == statement.header.previous
    }

    // MARK: - Belief

    /// Whether a statement names this gateway and its key; what it says is believed only when it also verifies.
    private func claimsToBeOwn(_ statement: Statement) -> Bool {
        if statement.header.keyID == identity.keyID, statement.header.gateway == identity.name { return true }
        counters.unbelievedHintCount += 1
        return false
    }

    /// Whether its signature is this gateway's; at most one check a second for each node.
    private func believes(_ statement: Statement, from node: NodeIndex, at now: Moment) -> Bool {
        guard nodes[node].mayCheck(at: now) else { return false }
        if isOwn(statement) { return true }
        counters.unbelievedHintCount += 1
        return false
    }

    private func isOwn(_ statement: Statement) -> Bool {
        guard let ownVerifier else { return false }
        return statement.isSignatureValid(using: ownVerifier)
    }

    // MARK: - Trust file

    /// A newer trust file: it must verify under the root key of the one in force, name the same alliance and be newer
    /// (wire-format.md, section 9). It is swapped whole, on the medium first.
    private func receive(trustFile file: UnverifiedTrustFile, at now: Moment) {
        guard let held = trust, file.bytes != held.bytes else { return }
        let newer: TrustFile
        do throws(VerificationError) {
            guard let rootKey = trustStore.rootKey(ofCertificate: file.content.rootCertificate) else { throw .rootKey }
            newer = try file.verified(asUpdateOf: held, rootKey: rootKey, verifier: Verifier.self, using: Hash.self)
        } catch {
            counters.rejectedTrustFileCount += 1
            let refusal = error == .version && file.content.version == held.content.version ? twinFault(of: file, held) : error
            // A node that lags says nothing against what another one sent.
            if refusal != .version || concerns.trustFileRefusal == nil { concerns.trustFileRefusal = refusal }
            return
        }
        concerns.trustFileRefusal = nil
        guard trustStore.replaceTrustFile(with: file.bytes) else {
            concerns.trustFileNotStored = true
            return
        }
        concerns.trustFileNotStored = false
        trust = newer
        nodes.adopt(names: newer.nodeNames)
    }

    /// What is wrong with another file of the version in force. Where the alliance signed it as well, no rule of section 9 tells which of the two
    /// counts: it is not the file that this gateway was given, `pinnedHash`.
    private func twinFault(of file: UnverifiedTrustFile, _ held: TrustFile) -> VerificationError {
        do throws(VerificationError) {
            _ = try file.verified(rootKey: held.rootKey, verifier: Verifier.self, using: Hash.self)
            return .pinnedHash
        } catch {
            return error
        }
    }
}
