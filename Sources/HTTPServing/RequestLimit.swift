internal import NIOCore
internal import NIOHTTPTypes

/// Closes a connection whose request does not come to its end: too slowly, however often a byte of it comes, or with more bytes than any is read of.
///
/// It holds for every route, also for those that ask for no body, since the rest of a request is read before the next one.
final class RequestLimit: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart

    private let gate: ConnectionGate
    private var cut: ScheduledCut
    private var bodyByteCount = 0

    init(_ gate: ConnectionGate) {
        self.gate = gate
        cut = ScheduledCut(gate)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            bodyByteCount = 0
            cut.schedule(.request, inSeconds: gate.limits.requestSeconds, context)
        case .body(let piece):
            bodyByteCount += piece.readableBytes
            guard bodyByteCount <= gate.limits.bodyByteLimit else { return end(context) }
        case .end: cut.callOff()
        }
        context.fireChannelRead(data)
    }

    /// Once: what was read together with the piece too many comes after it.
    private func end(_ context: ChannelHandlerContext) {
        guard cut.isScheduled else { return }
        cut.callOff()
        gate.count(.body)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        cut.callOff()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { cut.callOff() }
}
