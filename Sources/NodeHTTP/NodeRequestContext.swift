import Hummingbird
import NIOCore

/// A request with the connection that it came over.
struct NodeRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    private let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }

    /// Waits until the connection has what was written before. Only then does it know whether its reader keeps up: a writer that never waits
    /// for it hands over a whole page before it is told to stop.
    func takesWrites() async throws { try await channel.eventLoop.submit {}.get() }
}
