/// What one connection, and one address, may cost a server.
public struct ConnectionLimits: Sendable {
    /// Connections at once. For one more, one is closed that waits for its peer or has had an answer; when all are at their first request, the next ones
    /// wait in the kernel's queue.
    public var connections = 512
    /// Connections of one address at once. A site's gateways share one, and each needs its connection for a second: whoever finds no place comes
    /// again. One address cannot take the places of all the others.
    public var connectionsOfAddress = 32
    /// Seconds for the TLS handshake: two round trips, also over a satellite.
    public var handshakeSeconds: Int64 = 5
    /// Seconds from the handshake, or without TLS from the connection's beginning, to the first byte of a request: whoever connects has something to
    /// say. From the first byte on the server's idle time counts, however slowly the rest of a head comes.
    public var silentSeconds: Int64 = 5
    /// Seconds from a request's first line to the end of its body, however often a piece of it comes.
    public var requestSeconds: Int64 = 30
    /// Requests that wait for an answer on one connection: clients of ours ask one by one. What has been read of a connection is worked off before an event
    /// loop looks at the others again, so that a few dozen that ask thousands of requests at once would keep everybody else waiting for seconds.
    public var requestsAhead = 8
    /// Bytes of a body. Routes refuse earlier, with 413; what comes behind a refusal is read up to here, so that an honest client reads why.
    public var bodyByteLimit = 1 << 20
    /// Seconds in which a connection takes nothing of its answer.
    public var stallSeconds: Int64 = 20

    public init() {}
}
