/// Why the link refused to do what its owner asked. What happens to the connection itself is a ``LinkCause``.
public struct LinkError: Error, Equatable, Sendable {
    /// Stable codes to branch on.
    public enum Code: UInt8, Sendable {
        /// No broker is configured.
        case noBroker
        /// A host name that is empty, longer than 253 bytes, or holds a zero byte; or port 0.
        case badAddress
        /// Neither a CA file with client certificate and key, nor `insecure = true`.
        case securityMissing
        /// A certificate without its key, or a key without its certificate.
        case incompleteIdentity
        /// The client id is empty, longer than 256 bytes, or holds a zero byte.
        case badClientID
        /// A topic or filter that MQTT forbids here: empty, over 65,535 bytes, with a zero byte, or a wildcard when publishing.
        case badTopic
        /// Not connected: nothing is queued, publish again after `.connected`.
        case offline
        /// As many messages as the window allows are in the library's hands; wait for `.published`.
        case windowFull
        /// The payload is longer than this side, the broker, or MQTT (268,435,455 bytes) allows.
        case payloadTooLarge
        /// The library refused; `detail` is its error number.
        case refusedByLibrary
    }

    public let code: Code
    /// The library's error number for `.refusedByLibrary`, otherwise 0.
    public let detail: Int32

    public init(_ code: Code, detail: Int32 = 0) {
        self.code = code
        self.detail = detail
    }

    /// What, and one clear next step.
    public var text: String {
        switch code {
        case .noBroker: "no broker is configured: name at least one as HOST or HOST:PORT"
        case .badAddress: "this is no broker address: give HOST or HOST:PORT, port 1 to 65535"
        case .securityMissing:
            "no CA file and client certificate are configured: set all three files, or name insecure = true"
        case .incompleteIdentity: "a client certificate needs its key and a key its certificate: set both"
        case .badClientID: "the client id must have 1 to 256 bytes and no zero byte: use the certificate's common name"
        case .badTopic: "this topic cannot be published or subscribed to: check it for wildcards, zero bytes and length"
        case .offline: "the link is down: publish again when it is connected"
        case .windowFull: "the publish window is full: wait for an acknowledgement"
        case .payloadTooLarge: "the message is larger than the broker takes: send less at once"
        case .refusedByLibrary: "the MQTT library refused with error " + String(detail)
        }
    }
}
