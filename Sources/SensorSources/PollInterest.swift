/// A descriptor that a source waits for, and after the poll what became of it.
public struct PollInterest: Sendable {
    public let descriptor: Int32
    public let wantsRead: Bool
    public let wantsWrite: Bool
    /// Set by the agent's loop after poll: POLLIN.
    public var isReadable = false
    /// Set by the agent's loop after poll: POLLOUT.
    public var isWritable = false
    /// Set by the agent's loop after poll: POLLERR, POLLHUP or POLLNVAL.
    public var hasFailed = false

    public init(descriptor: Int32, wantsRead: Bool, wantsWrite: Bool) {
        self.descriptor = descriptor
        self.wantsRead = wantsRead
        self.wantsWrite = wantsWrite
    }

    /// Whether the loop should call the source for this descriptor.
    public var isReady: Bool { isReadable || isWritable || hasFailed }
}
