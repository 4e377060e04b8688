public import HummingbirdCore
public import HummingbirdTLS
public import Logging
internal import NIOCore

/// A connection that takes a place of its address before anything else of it is made, the TLS session above all.
struct GuardedChannel<Base: ServerChildChannel>: ServerChildChannel {
    typealias Value = Base.Value

    /// Ends the setup of a connection that found no place.
    private struct NoPlace: Error {}

    let base: Base
    let gate: ConnectionGate

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let address = PeerAddress.text(of: channel.remoteAddress)
        let connection = ObjectIdentifier(channel)
        guard gate.enter(connection, from: address, end: { FrontDoor.slam(channel) }) else {
            // Nobody else closes a connection whose setup fails.
            channel.close(promise: nil)
            return channel.eventLoop.makeFailedFuture(NoPlace())
        }
        channel.closeFuture.whenComplete { [gate] _ in gate.leave(connection) }
        return channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(FrontDoor()) }
            .flatMap { base.setup(channel: channel, logger: logger) }
    }

    func handle(value: Value, logger: Logger) async { await base.handle(value: value, logger: logger) }
}

/// The first handler of a connection, nearest to its socket.
private final class FrontDoor: ChannelInboundHandler {
    typealias InboundIn = Never

    /// Closes the socket from here: TLS would wait a second for the goodbye of a peer that has been silent all along.
    static func slam(_ channel: any Channel) {
        channel.eventLoop.execute {
            guard let context = try? channel.pipeline.syncOperations.context(handlerType: FrontDoor.self) else { return channel.close(promise: nil) }
            context.close(promise: nil)
        }
    }
}

extension HTTPServerBuilder {
    /// Bytes of a header list: names, a code, a question about evidence, and a certificate nowhere.
    private static var headerByteLimit: Int { 16_384 }

    /// HTTP/1.1 within the limits of a gate, over TLS or, on loopback, without.
    ///
    /// - Parameter idleSeconds: a connection that says nothing for so long is closed.
    public static func guarded(by gate: ConnectionGate, tls: TLSChannelConfiguration?, idleSeconds: Int64) -> HTTPServerBuilder {
        var http = HTTP1Channel.Configuration(
            additionalChannelHandlers: handlers(of: gate, hasTLS: tls != nil), idleTimeout: .seconds(idleSeconds))
        http.httpDecoder.maxHeaderListSize = headerByteLimit
        http.httpDecoder.maxHeaderFieldSize = headerByteLimit
        let configuration = http
        return HTTPServerBuilder { responder in
            let plain = HTTP1Channel(responder: responder, configuration: configuration)
            let spoken = SpokenChannel(base: plain, gate: gate, hasTLS: tls != nil)
            guard let tls else { return GuardedChannel(base: spoken, gate: gate) }
            return GuardedChannel(base: try TLSChannel(spoken, configuration: tls), gate: gate)
        }
    }

    private static func handlers(of gate: ConnectionGate, hasTLS: Bool) -> [any RemovableChannelHandler] {
        [AnswerWatch(gate), RequestLimit(gate), StalledReader(gate), LastAnswer()] + (hasTLS ? [HandshakeLimit(gate)] : [])
    }
}

extension AvailableConnectionsDelegate where Self == MaximumAvailableConnections {
    /// One more than the gate's limit is let in, for which it closes another.
    public static func guarded(by gate: ConnectionGate, logger: Logger) -> Self { .maximum(gate.limits.connections + 1, logger: logger) }
}
