internal import NIOCore
internal import NIOHTTPTypes

/// Tells the gate whether a connection is being answered: a request came whole, its answer is not written to the end, and the peer takes what is written.
/// A peer that asks too far ahead of its answers is shown out. At any other time the connection waits for its peer: before a request, within one, or until some of the answer is taken. From its first answer on it may be ended at any time.
final class AnswerWatch: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let gate: ConnectionGate
    /// Whole requests without a whole answer; -1 while a request that is refused early still comes.
    private var openCount = 0
    private var wasAnswering = false
    private var hasAnswered = false
    private var isAhead = false

    init(_ gate: ConnectionGate) { self.gate = gate }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // What was read together with the request too many comes after it.
        guard !isAhead else { return }
        if case .end = unwrapInboundIn(data) {
            change(by: 1, context)
            isAhead = openCount > gate.limits.requestsAhead
            if isAhead { return gate.end(ObjectIdentifier(context.channel), .ahead) }
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part = unwrapOutboundIn(data)
        context.write(data, promise: promise)
        guard case .end = part else { return }
        change(by: -1, context)
        guard !hasAnswered else { return }
        hasAnswered = true
        gate.mayEnd(ObjectIdentifier(context.channel))
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
