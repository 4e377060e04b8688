public import AttestationFormat
public import LogisticsEvents

/// Positions from gpsd over its TCP JSON protocol.
public final class GPSDSource {
    public private(set) var nextDeadline: UInt64?

    /// - Parameters:
    ///   - host: numeric address or name of the machine where gpsd listens.
    ///   - periodMilliseconds: at most one position event in this time.
    public init(host: UTF8Text = "127.0.0.1", port: UInt16 = 2947, periodMilliseconds: UInt64) {
    }

    public func appendInterests(to interests: inout [PollInterest]) {
    }

    public func serve<Salts: SaltSource>(
        _ interests: [PollInterest], context: SourceContext, salts: inout Salts, into output: inout SourceOutput
    ) {
    }
}
