internal import NIOCore
internal import NIOTLS

/// Closes a connection on which nobody says anything once it could be said. The first byte ends this: a head that comes slowly has the idle time.
final class SilenceLimit: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let seconds: Int64
    private let waitsForHandshake: Bool
    private var cut: ScheduledCut

    init(_ gate: ConnectionGate, waitsForHandshake: Bool) {
        seconds = gate.limits.silentSeconds
        self.waitsForHandshake = waitsForHandshake
        cut = ScheduledCut(gate)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if !waitsForHandshake { cut.schedule(.silent, inSeconds: seconds, context) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent { cut.schedule(.silent, inSeconds: seconds, context) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        cut.callOff()
        context.fireChannelRead(data)
    }

    func channelInactive(context: ChannelHandlerContext) {
        cut.callOff()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { cut.callOff() }
}
