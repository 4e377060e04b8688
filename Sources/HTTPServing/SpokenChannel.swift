internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOHTTP1

/// What is said on a connection, in the clear: between TLS, where there is some, and HTTP.
struct SpokenChannel<Base: ServerChildChannel>: ServerChildChannel {
    typealias Value = Base.Value

    let base: Base
    let gate: ConnectionGate
    let hasTLS: Bool

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(SilenceLimit(gate, waitsForHandshake: hasTLS)) }
            .flatMap { base.setup(channel: channel, logger: logger) }
            .flatMapThrowing { value in
                let pipeline = channel.pipeline.syncOperations
                let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
                try pipeline.addHandler(ClosingWish(), position: .after(decoder))
                return value
            }
    }

    func handle(value: Value, logger: Logger) async { await base.handle(value: value, logger: logger) }
}

/// Says `close` for every request after which its connection ends (RFC 9112, section 9.3): HTTP/1.0 without `keep-alive`, and `Close` in whatever case and
/// company. Behind this the version is lost, and `close` is looked for to the letter.
private final class ClosingWish: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data), !head.isKeepAlive else { return context.fireChannelRead(data) }
        head.headers.replaceOrAdd(name: "connection", value: "close")
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }
}
