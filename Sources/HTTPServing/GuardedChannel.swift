public import HummingbirdCore
public import HummingbirdTLS
internal import Logging
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
        guard gate.enter(address) else {
            // Nobody else closes a connection whose setup fails.
            channel.close(promise: nil)
            return channel.eventLoop.makeFailedFuture(NoPlace())
        }
        channel.closeFuture.whenComplete { [gate] _ in gate.leave(address) }
        return base.setup(channel: channel, logger: logger)
    }

    func handle(value: Value, logger: Logger) async { await base.handle(value: value, logger: logger) }
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
            guard let tls else { return GuardedChannel(base: plain, gate: gate) }
            return GuardedChannel(base: try TLSChannel(plain, configuration: tls), gate: gate)
        }
    }

    private static func handlers(of gate: ConnectionGate, hasTLS: Bool) -> [any RemovableChannelHandler] {
        [RequestLimit(gate), StalledReader(gate)] + (hasTLS ? [HandshakeLimit(gate)] : [])
    }
}
