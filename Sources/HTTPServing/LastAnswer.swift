internal import HTTPTypes
internal import NIOCore
internal import NIOHTTPTypes

/// Ends a connection behind an answer that says `Connection: close`, once the request that it answers has come whole: what is left of that is read, so that
/// its sender reads the answer (RFC 9112, section 9.6). The server itself looks at the request's header alone, and would take the next request.
final class LastAnswer: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// Requests that came whole, less answers that were written.
    private var openCount = 0
    private var isLast = false
    private var isWritten = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .end = unwrapInboundIn(data) {
            openCount += 1
            if isWritten { context.close(promise: nil) }
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head) where head.status.kind != .informational: isLast = head.headerFields[.connection] == "close"
        case .end where isLast:
            let written = promise ?? context.eventLoop.makePromise()
            written.futureResult.assumeIsolated().whenSuccess { [self] in
                isWritten = true
                if openCount >= 0 { context.close(promise: nil) }
            }
            openCount -= 1
            return context.write(data, promise: written)
        case .end: openCount -= 1
        default: break
        }
        context.write(data, promise: promise)
    }
}
