/// An epoch that a journal holds segments of.
public struct HeldEpoch: Sendable {
    /// The epoch, eight bytes big-endian.
    public let epoch: UInt64
    /// The sequence after its last event.
    let nextSequence: UInt64
    /// Statements beyond this sequence are not on the medium.
    let signedUpTo: UInt64
}

/// The owner's own copy, where nodes get hashes only (design: gateway.md, Batches).
extension EventJournal {
    /// Whether segments stay until their events are archived; as `JournalOptions` say it, and changed with the agent's configuration.
    public var keepsUntilArchived: Bool {
        get { options.keepsUntilArchived }
        set { options.keepsUntilArchived = newValue }
    }

    /// Where archiving goes on: every former epoch's events and this one's below the sequence are archived. Nil: none are.
    public var archivedUpTo: EventPlace? {
        guard durable.archivedEpoch != JournalState.unknownEpoch else { return nil }
        return EventPlace(epoch: durable.archivedEpoch, sequence: durable.archivedUpTo)
    }

    /// Notes that the owner has a durable copy of every event of this epoch below `sequence`, and of all former epochs; durable after `sync()`.
    ///
    /// Throws `.outOfOrder` when no durable statement covers that, `.suspended`. A note that goes back changes nothing.
    public func appendArchived(upTo sequence: UInt64) throws(JournalError) {
        guard sequence <= durable.signedUpTo else { throw .outOfOrder(expected: durable.signedUpTo) }
        guard live.archivedEpoch != live.epoch || live.archivedUpTo < sequence else { return }
        // Alone of all records it may pass the cap: in a full journal it is what lets segments go.
        try prepare(forBytes: 16, limit: .max)
        pending.begin(RecordKind.archived.rawValue, payloadCount: Varint.byteCount(sequence))
        pending.put(varint: sequence)
        _ = pending.end(salt: salt)
        live.noteArchived(upTo: sequence)
    }

    /// The epochs whose segments are held, the oldest first, the current one last; ask before `turn(to:)`. Those that damage left
    /// without a name are missing.
    public var heldEpochs: [HeldEpoch] {
        var held: [HeldEpoch] = []
        for segment in segments where segment.epoch != JournalState.unknownEpoch && segment.epoch != live.epoch {
            if held.last?.epoch == segment.epoch { held.removeLast() }
            // Its statements were all durable when the next epoch began.
            let end = segment.endSequence ?? UInt64(Int64.max)
            held.append(HeldEpoch(epoch: segment.epoch, nextSequence: end, signedUpTo: end))
        }
        return held + [HeldEpoch(epoch: live.epoch, nextSequence: durable.nextSequence, signedUpTo: durable.signedUpTo)]
    }

    /// Turns a journal that was opened for reading to one of its epochs: events and statements are that one's from now on, with the events
    /// that it took over from the epoch before, as far as they are held.
    ///
    /// Throws `.outOfOrder` for a journal that is written to, `.system`.
    public func turn(to held: HeldEpoch) throws(JournalError) {
        guard active == nil else { throw .outOfOrder(expected: live.nextSequence) }
        forgetPlaces()
        live.epoch = held.epoch
        live.nextSequence = held.nextSequence
        live.signedUpTo = held.signedUpTo
        durable = live
        carried = []
        do {
            // Later headers leave out what was released meanwhile.
            for segment in segments where segment.epoch == held.epoch {
                guard let header = try header(of: segment.number) else { continue }
                carried = header.carriedExtents
                return
            }
        } catch {
            throw .system(error)
        }
    }
}
