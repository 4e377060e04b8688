internal import AttestationFormat
internal import DeviceCrypto
internal import EventJournal
internal import GatewayAgent

extension AgentLoop {
    /// Bytes of batches in one answer to `carry`: what a worn SD card reads in a tenth of a second.
    private static var carryByteCount: Int { 262_144 }

    /// Answers whoever asks at the control socket.
    func serveControl() {
        guard let control else { return }
        control.serve(nowMilliseconds: now.monotonicMilliseconds) { line, body, isOwner in
            switch ControlRequest(line) {
            case .statusJSON: statusDocument().json
            case .statusText: statusDocument().text(withColours: false)
            case .statusColour: statusDocument().text(withColours: true)
            case .doctor: doctorFindings().lines
            case .carry: beginCarrying()
            case .carryFrom(let first): carry(from: first)
            case .take: take(body)
            case .archived(let epoch, let sequence): noteArchived(epoch, upTo: sequence, byOwner: isOwner)
            case nil: ControlRequest.refusal
            }
        }
    }

    /// `journal export` begins: where the batches without a quorum start, and the hello.
    private func beginCarrying() -> [UInt8] {
        var items: [UInt8] = []
        gateway.carryHello(into: &items)
        return head(journal.quorumEnd) + items
    }

    /// A piece of `journal export`: the same messages as over a broker.
    private func carry(from first: UInt64) -> [UInt8] {
        var items: [UInt8] = []
        let next = gateway.carry(from: max(first, journal.oldestHeld), byteCount: Self.carryByteCount, into: &items)
        return head(next) + items
    }

    /// A piece of `journal import`: whole carried messages of nodes to this gateway. Others are passed over. What counted is on the
    /// medium when the answer leaves, since the stick may be wiped then; no answer says that it is not.
    private func take(_ items: ArraySlice<UInt8>) -> [UInt8] {
        var reader = CarriedReader()
        reader.append(Array(items))
        while let message = try? reader.next(isAtEnd: true) {
            guard let topic = try? Topic(parsing: message.topic), topic.gatewayID == gateway.identity.name.gatewayID,
                case .reply(let node) = topic.channel
            else { continue }
            gateway.receive(carried: message.payload, from: node.text, at: now)
        }
        do throws(JournalProblem) {
            try journal.sync()
        } catch {
            log(.error, "receipts that came in a file could not be stored: \(error.words); take the file again")
            return []
        }
        return head(journal.quorumEnd)
    }

    /// The owner's copy is durable, so segments need not wait for it any more. Answered when that is durable too; a sequence of another
    /// epoch changes nothing, and the answer's epoch says so.
    private func noteArchived(_ epoch: Epoch, upTo sequence: UInt64, byOwner isOwner: Bool) -> [UInt8] {
        guard isOwner else {
            log(.warning, "a member of the control socket's group said that events are archived: only root and the agent's user may")
            return []
        }
        do throws(JournalProblem) {
            if epoch == journal.epoch {
                try journal.append(archived: sequence)
                try journal.sync()
                log(.notice, "the owner archived every event below sequence \(sequence)")
            }
        } catch {
            log(.error, "that events were archived could not be noted: \(error.words); archive them again")
            return []
        }
        return head(sequence)
    }

    /// A line of numbers: where to go on, up to where durable statements are signed, the next event's sequence; and the epoch.
    private func head(_ next: UInt64) -> [UInt8] {
        Array("\(next) \(journal.journal.publishableUpTo) \(journal.nextSequence) \(journal.epoch.text.string)\n".utf8)
    }
}
