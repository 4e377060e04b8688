public import AttestationFormat
public import LogisticsEvents

/// The intake socket: newline-delimited JSON, one event a line, answered by line once it is durable.
public final class IntakeSource {
    public private(set) var nextDeadline: UInt64?

    /// Listens at `path`. Root and this process's own user are always allowed.
    ///
    /// Throws ``SourceError`` `.system` when the socket cannot be made.
    public init(
        path: UTF8Text, mode: UInt32 = 0o660, allowedUserIDs: [UInt32] = [], allowedGroupIDs: [UInt32] = []
    ) throws(SourceError) {
    }

    public func appendInterests(to interests: inout [PollInterest], isHeldBack: Bool) {
    }

    public func serve<Salts: SaltSource>(
        _ interests: [PollInterest], context: SourceContext, salts: inout Salts, into output: inout SourceOutput
    ) {
    }

    /// Tells the sender, once the event is durable: `{"epoch":"0011223344556677","sequence":12}`.
    public func answer(_ token: AnswerToken, epoch: UTF8Text, sequence: UInt64) {
    }

    /// Tells the sender that its line was not stored, for example because the journal is full.
    public func refuse(_ token: AnswerToken, error: UTF8Text, key: UTF8Text = "") {
    }
}
