/// Everything that was done, dropped or refused since the start. `status` shows all of it: no loss is silent.
public struct GatewayCounters: Sendable, Equatable {
    /// Events appended to the journal, the agent's own included.
    public var eventCount: UInt64 = 0
    /// Bytes of these events.
    public var eventByteCount: UInt64 = 0
    /// Events that a source offered and the journal could not take; each is declared in a signed event.
    public var droppedEventCount: UInt64 = 0
    /// Statements signed.
    public var statementCount: UInt64 = 0
    /// Attempts to sign that failed.
    public var signingFailureCount: UInt64 = 0
    /// Batch-messages given to the link, repetitions included.
    public var publishCount: UInt64 = 0
    /// Bytes of these messages.
    public var publishByteCount: UInt64 = 0
    /// Batch-messages given to the link again.
    public var resendCount: UInt64 = 0
    /// Batches that reached the quorum.
    public var quorumBatchCount: UInt64 = 0
    /// Events in them.
    public var quorumEventCount: UInt64 = 0
    /// Receipts that came after the quorum, or for batches that are not outstanding: not verified.
    public var surplusReceiptCount: UInt64 = 0
    /// Replies that were malformed or too long.
    public var malformedReplyCount: UInt64 = 0
    /// Replies on the topic of a node that the trust file does not name.
    public var strangerReplyCount: UInt64 = 0
    /// Positions and conflicts that did not verify under the own seal key.
    public var unbelievedHintCount: UInt64 = 0
    /// Refusals 4, 5, 7 or 8 that the own check did not confirm.
    public var unconfirmedRefusalCount: UInt64 = 0
    /// Trust files that did not verify.
    public var rejectedTrustFileCount: UInt64 = 0
    /// Epochs begun since the start.
    public var epochCount: UInt64 = 0
    /// Calls of the journal that failed.
    public var journalFailureCount: UInt64 = 0

    public init() {}
}
