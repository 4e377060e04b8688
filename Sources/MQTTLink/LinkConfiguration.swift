/// Where a broker listens.
public struct BrokerAddress: Sendable {
    /// A host name or a numeric address; TLS checks the server's certificate against it.
    public let host: String
    /// The TCP port, 8883 with TLS and 1883 without by custom.
    public let port: UInt16

    /// - Throws: `LinkError.badAddress`
    public init(host: String, port: UInt16) throws(LinkError) {
        // 253: the longest name that DNS can carry.
        guard host.utf8.count >= 1, host.utf8.count <= 253, port != 0, !host.utf8.contains(0) else {
            throw LinkError(.badAddress)
        }
        self.host = host
        self.port = port
    }
}

/// How the connection is protected: TLS with both sides' certificates, or something weaker that was asked for by name.
public struct LinkSecurity: Sendable {
    /// PEM file with the only anchor for the broker's certificate (the alliance's link CA).
    public let authorityFile: String?
    /// PEM files of this side's link certificate and key.
    public let certificateFile: String?
    public let keyFile: String?
    /// True when the configuration says `insecure = true`: what is missing above is then left out.
    public let isInsecure: Bool

    /// - Throws: `LinkError.securityMissing` when something is missing and `insecure` is not named: libmosquitto itself would
    ///   silently connect without any TLS; `LinkError.incompleteIdentity` for half an identity, in either case.
    public init(authorityFile: String?, certificateFile: String?, keyFile: String?, isInsecure: Bool = false) throws(LinkError) {
        guard (certificateFile == nil) == (keyFile == nil) else { throw LinkError(.incompleteIdentity) }
        guard isInsecure || (authorityFile != nil && certificateFile != nil) else { throw LinkError(.securityMissing) }
        // Without a CA file the library would send no certificate either: that is not what was asked for.
        guard authorityFile != nil || certificateFile == nil else { throw LinkError(.securityMissing) }
        self.authorityFile = authorityFile
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.isInsecure = isInsecure
    }

    /// Whether the connection is encrypted at all.
    public var usesTLS: Bool { authorityFile != nil }

    /// For `status`, the log and `check-config`: says what is weak, or "TLS with client certificate".
    public var text: String {
        guard usesTLS else { return "INSECURE: no TLS, anybody on the way can read and change everything" }
        return certificateFile == nil ? "INSECURE: TLS without client certificate" : "TLS with client certificate"
    }
}

/// A message that the broker publishes when this client vanishes without a good-bye.
public struct LastWill: Sendable {
    public var topic: [UInt8]
    public var payload: [UInt8]
    public var qualityOfService: QualityOfService
    public var isRetained: Bool

    public init(topic: [UInt8], payload: [UInt8], qualityOfService: QualityOfService = .atLeastOnce, isRetained: Bool = true) {
        self.topic = topic
        self.payload = payload
        self.qualityOfService = qualityOfService
        self.isRetained = isRetained
    }
}

/// MQTT's delivery levels that this project uses (MQTT 5, 4.3); level 2 is not used.
public enum QualityOfService: UInt8, Sendable {
    case atMostOnce = 0
    case atLeastOnce = 1
}

/// A topic filter that is subscribed to again at every connect.
public struct Subscription: Sendable {
    public let filter: [UInt8]
    public let qualityOfService: QualityOfService

    public init(filter: [UInt8], qualityOfService: QualityOfService = .atLeastOnce) {
        self.filter = filter
        self.qualityOfService = qualityOfService
    }
}

/// Everything that a ``BrokerLink`` needs to know; times in milliseconds, sizes in bytes.
public struct LinkConfiguration: Sendable {
    /// Tried in turn, from the first.
    public var brokers: [BrokerAddress]
    /// The client id: the link certificate's common name, which is the user name at the broker (wire-format.md, section 7).
    public var clientID: String
    public var security: LinkSecurity
    /// What a broker without client certificates asks for; the client id stands in for a user name that is nil.
    public var userName: String?
    /// Sent with the user name, in clear text unless the connection is TLS.
    public var password: String?
    public var lastWill: LastWill?
    public var subscriptions: [Subscription] = []
    /// Whether MQTT 5 is tried before 3.1.1.
    public var prefersVersion5 = true
    /// MQTT's keep-alive, at least 5 s (the library's own least).
    public var keepAliveSeconds: UInt16 = 60
    /// Messages in the library's hands without PUBACK: the gateway's window of unreceipted batches is another.
    public var publishWindow = 10
    /// The oldest message unacknowledged for this long means no progress: the client is made anew.
    public var acknowledgementTimeoutMilliseconds: Int64 = 60_000
    public var timing = LinkTiming()
    /// The largest inbound payload kept: a batch message has at most 262,144 bytes (wire-format.md, section 1).
    public var maximumPayloadByteCount: UInt32 = 262_144
    /// Inbound bytes held for the owner before reading stops (back-pressure through TCP).
    public var inboundQueueByteCount: UInt32 = 1 << 20
    /// QoS 1 messages that the broker may have under way towards this side (MQTT 5 only).
    public var receiveMaximum: UInt16 = 20

    public init(brokers: [BrokerAddress], clientID: String, security: LinkSecurity) {
        self.brokers = brokers
        self.clientID = clientID
        self.security = security
    }
}

/// The supervisor's times.
public struct LinkTiming: Sendable {
    /// From the start of an attempt to CONNACK.
    public var connackTimeoutMilliseconds: Int64 = 10_000
    /// Back-off's first and last ceiling; each wait is drawn between a tenth of the ceiling and the ceiling.
    public var firstBackoffMilliseconds: Int64 = 1_000
    public var lastBackoffMilliseconds: Int64 = 300_000
    /// A connection that lasted this long was good: back-off starts again.
    public var stableMilliseconds: Int64 = 30_000

    public init() {}
}
