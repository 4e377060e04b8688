/// Why there is no connection, in words that an operator can act on (the cause stands in `status`).
public struct LinkCause: Error, Equatable, Sendable {
    /// Stable codes to branch on.
    public enum Code: UInt8, Sendable {
        /// Nothing was tried yet.
        case notStarted
        /// The host name was not found.
        case nameNotFound
        /// TCP failed; `reason` is the errno.
        case networkError
        /// The connection was made, the broker did not answer in time.
        case noAnswer
        /// The broker closed the connection before its CONNACK.
        case closedBeforeAnswer
        /// The TLS handshake failed; `detail` has the library's words.
        case tlsFailed
        /// The CA, certificate or key file could not be used; `detail` has the library's words.
        case identityUnusable
        /// CONNACK with a refusal; `reason` is MQTT's code.
        case refusedByBroker
        /// The broker speaks another MQTT version; the other one is tried.
        case versionRefused
        /// Another client connected with the same client id.
        case takenOver
        /// An established connection broke; `reason` is the errno or 0.
        case connectionLost
        /// The broker closed an established connection; `reason` is MQTT's code.
        case closedByBroker
        /// Nothing came for two keep-alive times, also after a suspend.
        case silence
        /// The oldest message got no PUBACK in time, or its id would come round again.
        case noProgress
        /// What the broker sent is no MQTT.
        case protocolError
        /// The broker sent more bytes than the largest message may have without completing one.
        case oversizePacket
        /// Not enough memory for what the broker sent.
        case outOfMemory
        /// The owner stopped the link.
        case stopped
    }

    public let code: Code
    /// An errno, an MQTT reason code or 0; see `code`.
    public let reason: Int32
    /// What the TLS library said, UTF-8, at most 400 bytes.
    public let detail: [UInt8]
    /// The client was taken over again and again: somebody else uses this identity.
    public var isIdentityShared = false

    public init(_ code: Code, reason: Int32 = 0, detail: [UInt8] = []) {
        self.code = code
        self.reason = reason
        self.detail = detail
    }
}
