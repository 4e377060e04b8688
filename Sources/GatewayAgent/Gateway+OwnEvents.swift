public import AttestationFormat
public import LogisticsEvents
import MerkleTree

extension Gateway {
    /// Records what the agent has to say itself. What the journal cannot take now is said on a later turn.
    func recordOwnEvents(at now: Moment) {
        guard now.monotonicMilliseconds >= control.retryAtMilliseconds else { return }
        if let before = control.step(at: now) {
            _ = recordOwn(
                .clockStepped,
                [
                    (.before, .integer(Int64(clamping: before))), (.after, .integer(Int64(clamping: now.wallMilliseconds))),
                    (.clockSource, .text(now.clockSource.word)),
                ], at: now)
        }
        if let why = control.startToRecord { recordStarted(why: why, cause: control.startCause, at: now) }
        declareGaps(at: now)
        if control.isHeartbeatDue(at: now), journal.nextSequence > 0 {
            _ = recordOwn(.heartbeat, [(.lastSequence, .integer(Int64(clamping: journal.nextSequence &- 1)))], at: now)
        }
        if let checkpoint = control.checkpointDue(at: now, batchIsOpen: !builder.isEmpty) {
            _ = recordOwn(
                .checkpointSeen,
                [
                    (.node, .text(checkpoint.node)), (.treeSize, .integer(Int64(clamping: checkpoint.treeSize))),
                    (.root, .bytes(checkpoint.root.bytes)),
                ], at: now)
        }
    }

    /// `agent.started`: what runs here, on which boot, and why.
    func recordStarted(why: StartReason, cause: EpochReason?, at now: Moment) {
        var fields: [(ExtensionField, OwnValue)] = [
            (.bootID, .text(control.facts.bootID)), (.agentVersion, .text(control.facts.version)),
            (.configurationSHA256, .bytes(control.facts.configurationHash)),
            (.keyClass, .text(control.facts.keyClass)), (.why, .text(why.text)),
        ]
        if let cause { fields.append((.cause, .text(cause.word))) }
        let isRecorded = recordOwn(.agentStarted, fields, at: now)
        control.startToRecord = isRecorded ? nil : why
        control.startCause = isRecorded ? nil : cause
    }

    /// Another configuration is in force: `agent.started` says its SHA-256, unless it is the same one.
    public func adopt(configurationHash: [UInt8], at now: Moment) {
        guard configurationHash != control.facts.configurationHash else { return }
        control.facts.configurationHash = configurationHash
        // A start that the journal could not take yet will say it.
        if control.startToRecord == nil { recordStarted(why: .reload, cause: nil, at: now) }
    }

    private func declareGaps(at now: Moment) {
        while let gap = control.gaps.first {
            guard
                recordOwn(
                    .gapDeclared,
                    [
                        (.missing, .text(gap.missing)), (.count, .integer(Int64(clamping: gap.count))),
                        (.fromSequence, .integer(Int64(clamping: gap.fromSequence))),
                        (.toSequence, .integer(Int64(clamping: gap.toSequence))), (.cause, .text(gap.cause)),
                    ], at: now)
            else { return }
            control.gaps.removeFirst()
            if control.gaps.isEmpty { journal.gapsDeclared() }
        }
        guard control.undeclaredDropCount > 0 else { return }
        // The dropped events never had a sequence: both ends name the place in the stream where they are missing.
        let place = Int64(clamping: journal.nextSequence)
        let isDeclared = recordOwn(
            .gapDeclared,
            [
                (.missing, .text("events")), (.count, .integer(Int64(clamping: control.undeclaredDropCount))),
                (.fromSequence, .integer(place)), (.toSequence, .integer(place)), (.cause, .text("journal-full")),
            ], at: now)
        if isDeclared { control.dropsDeclared() }
    }

    /// Encodes and records one event of the agent's own; `false` when the journal could not take it.
    private func recordOwn(_ kind: KnownKind, _ fields: [(ExtensionField, OwnValue)], at now: Moment) -> Bool {
        let byteCount = SaltRule.byteCount(for: kind, sharedAsHashes: policy.sharing.sharesHashOnly(kind: kind.rawValue))
        let salt = byteCount == 0 ? [] : salts.salt(byteCount: byteCount)
        guard let bytes = OwnEvent.encode(kind, fields, moment: eventMoment(at: now), salt: salt) else { return true }
        do throws(JournalProblem) {
            _ = try record(bytes, EventTraits(kind: kind.rawValue, importance: .control), at: now)
            return true
        } catch {
            control.postpone(at: now)
            return false
        }
    }

    /// The time as events carry it, with what is known about the wall clock.
    public func eventMoment(at now: Moment) -> EventMoment {
        EventMoment(
            wallMilliseconds: now.wallMilliseconds, monotonicMilliseconds: now.monotonicMilliseconds,
            clockSource: now.clockSource, errorMilliseconds: now.errorMilliseconds,
            isUnsynchronised: !now.isSynchronised, isStepped: control.hasSteppedSinceLastEvent)
    }
}

extension EpochReason {
    /// The word in `cause` and in `status`.
    public var word: UTF8Text {
        switch self {
        case .journalNew: "journal-new"
        case .damage: "damage"
        case .rollback: "rollback"
        case .conflict: "conflict"
        case .refusal: "refusal"
        case .newKey: "new-key"
        }
    }
}

extension EventMoment.ClockSource {
    /// The word in `clock-source`.
    public var word: UTF8Text {
        switch self {
        case .none: "none"
        case .rtc: "rtc"
        case .ntp: "ntp"
        case .gnss: "gnss"
        case .ptp: "ptp"
        }
    }
}
