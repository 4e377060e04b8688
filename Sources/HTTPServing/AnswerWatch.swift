internal import NIOCore
internal import NIOHTTPTypes

/// Tells the gate whether a connection is being answered: a request came whole, its answer is not written to the end, and the peer takes what is written.
/// At any other time the connection waits for its peer: before a request, within one, or until some of the answer is taken.
final class AnswerWatch: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let gate: ConnectionGate
    /// Whole requests without a whole answer; -1 while a request that is refused early still comes.
    private var openCount = 0
    private var wasAnswering = false

    init(_ gate: ConnectionGate) { self.gate = gate }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .end = unwrapInboundIn(data) { change(by: 1, context) }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part = unwrapOutboundIn(data)
        context.write(data, promise: promise)
        if case .end = part { change(by: -1, context) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        change(by: 0, context)
        context.fireChannelWritabilityChanged()
    }

    private func change(by difference: Int, _ context: ChannelHandlerContext) {
        openCount += difference
        let isAnswering = openCount > 0 && context.channel.isWritable
        guard isAnswering != wasAnswering else { return }
        wasAnswering = isAnswering
        gate.note(ObjectIdentifier(context.channel), isAnswering: isAnswering)
    }
}
