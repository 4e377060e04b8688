internal import NIOCore

/// Closes a connection whose reader takes nothing of an answer for a while: the answer would stay in memory, and the connection in its place.
final class StalledReader: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Never

    private let patienceSeconds: Int64
    private var cut: ScheduledCut

    init(_ gate: ConnectionGate) {
        patienceSeconds = gate.limits.stallSeconds
        cut = ScheduledCut(gate)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { cut.callOff() } else { cut.schedule(.stalled, inSeconds: patienceSeconds, context) }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        cut.callOff()
        context.fireChannelInactive()
    }
}
