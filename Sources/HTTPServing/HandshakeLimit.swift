internal import NIOCore
internal import NIOTLS

/// Closes a connection whose TLS handshake takes too long: until it is done nobody has said anything, and it costs as much as one that has.
final class HandshakeLimit: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Never

    private let seconds: Int64
    private var cut: ScheduledCut

    init(_ gate: ConnectionGate) {
        seconds = gate.limits.handshakeSeconds
        cut = ScheduledCut(gate)
    }

    func handlerAdded(context: ChannelHandlerContext) { cut.schedule(.handshake, inSeconds: seconds, context) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent { cut.callOff() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        cut.callOff()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { cut.callOff() }
}
