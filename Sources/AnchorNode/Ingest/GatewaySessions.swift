import AttestationFormat

/// What a node remembers of gateways between their messages: hints for answering, nothing that a decision about
/// evidence rests on but the hole that `oldest-held` may open.
struct GatewaySessions {
    /// About 150 bytes each. Who is pushed out says hello again after its next receipt-timeout.
    static let maximumCount = 65_536

    struct Session: Equatable {
        /// Where the gateway was heard last.
        var broker: Int
        var epoch: Epoch?
        var oldestHeld: UInt64?
        /// Why the certificates of its latest hello were refused.
        var certificateProblem: String?
        /// When it was heard, counted in messages.
        var heard: UInt64
    }

    private var sessions: [GatewayID: Session] = [:]
    private var messageCount: UInt64 = 0

    subscript(_ gateway: GatewayID) -> Session? { sessions[gateway] }

    mutating func note(_ gateway: GatewayID, broker: Int, change: (inout Session) -> Void = { _ in }) {
        messageCount &+= 1
        if sessions[gateway] == nil && sessions.count >= Self.maximumCount { forgetOlderHalf() }
        var session = sessions[gateway] ?? Session(broker: broker, heard: messageCount)
        session.broker = broker
        session.heard = messageCount
        change(&session)
        sessions[gateway] = session
    }

    /// `oldest-held` of the latest hello, if that was about this epoch.
    func oldestHeld(_ gateway: GatewayID, in epoch: Epoch) -> UInt64? {
        guard let session = sessions[gateway], session.epoch == epoch else { return nil }
        return session.oldestHeld
    }

    private mutating func forgetOlderHalf() {
        let ages = sessions.values.map(\.heard).sorted()
        let middle = ages[ages.count / 2]
        sessions = sessions.filter { $0.value.heard > middle }
    }
}
