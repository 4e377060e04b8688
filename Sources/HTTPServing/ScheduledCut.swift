internal import NIOCore

/// A connection's end that comes unless it is called off, and is counted then.
struct ScheduledCut {
    private let gate: ConnectionGate
    private var task: Scheduled<Void>?

    init(_ gate: ConnectionGate) { self.gate = gate }

    /// Whether one was scheduled that was not called off.
    var isScheduled: Bool { task != nil }

    /// Schedules one instead of the one before.
    mutating func schedule(_ why: ConnectionGate.Cut, inSeconds seconds: Int64, _ context: ChannelHandlerContext) {
        task?.cancel()
        let (channel, gate) = (context.channel, gate)
        task = context.eventLoop.scheduleTask(in: .seconds(seconds)) {
            gate.count(why)
            channel.close(promise: nil)
        }
    }

    mutating func callOff() {
        task?.cancel()
        task = nil
    }
}
