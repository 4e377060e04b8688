import AttestationFormat
import CPosixShims
import LogisticsEvents
import SensorSources

/// The agent's loop in small: polls what a source waits for, and serves it.
final class SourceDriver {
    let source: Source
    private(set) var events: [SourceEvent] = []
    private(set) var readings: [SensorReading] = []
    private(set) var notices: [String] = []
    /// Served but not polled turns, to see loops that spin.
    private(set) var turnCount = 0
    var eventRoom = 1000
    var sensors: [SensorSettings] = []
    /// How much later it is than the clock says, for what takes long.
    var laterMilliseconds: UInt64 = 0
    private var salts = FixedSalts()

    init(_ source: Source) {
        self.source = source
    }

    static func now() -> UInt64 { UInt64(max(0, posix_boottime_milliseconds())) }

    /// One turn: waits at most so long.
    func turn(milliseconds: UInt64 = 20) {
        turnCount += 1
        var interests: [PollInterest] = []
        source.appendInterests(to: &interests, isHeldBack: eventRoom == 0)
        var entries = interests.map {
            posix_poll_entry(
                descriptor: $0.descriptor,
                events: Int16(($0.wantsRead ? POSIX_POLL_IN : 0) | ($0.wantsWrite ? POSIX_POLL_OUT : 0)), revents: 0)
        }
        let now = SourceDriver.now()
        let due = source.nextDeadline(isHeldBack: eventRoom == 0) ?? UInt64.max
        let wait = min(due > now ? due - now : 0, milliseconds)
        _ = posix_poll(&entries, entries.count, Int32(wait))
        for index in interests.indices {
            let happened = Int32(entries[index].revents)
            interests[index].isReadable = happened & POSIX_POLL_IN != 0
            interests[index].isWritable = happened & POSIX_POLL_OUT != 0
            interests[index].hasFailed = happened & (POSIX_POLL_ERROR | POSIX_POLL_HANGUP) != 0
        }
        var output = SourceOutput()
        source.serve(interests, context: context(), salts: &salts, into: &output)
        events += output.events
        readings += output.readings
        notices += output.notices.map { $0.source.string + ": " + $0.text.string }
    }

    /// Turns until something holds, for a minute at most; whether it holds.
    func turn(until condition: () -> Bool) -> Bool {
        let end = SourceDriver.now() + 60_000
        while !condition() {
            guard SourceDriver.now() < end else { return false }
            turn()
        }
        return true
    }

    private func context() -> SourceContext {
        SourceContext(
            moment: EventMoment(
                wallMilliseconds: UInt64(max(0, posix_realtime_milliseconds())),
                monotonicMilliseconds: SourceDriver.now() + laterMilliseconds, clockSource: .ntp),
            eventRoom: eventRoom, unreceiptedCount: 7, sensors: sensors)
    }
}

/// A sender at the intake socket, or any other peer of a test.
final class TestClient {
    let descriptor: Int32
    private(set) var received: [UInt8] = []
    private(set) var hasEnded = false

    init(unixPath: String) { descriptor = posix_unix_connect(unixPath) }
    init(owning descriptor: Int32) { self.descriptor = descriptor }
    deinit { if descriptor >= 0 { _ = posix_socket_close(descriptor) } }

    /// Sends what fits; how much that was.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Int { posix_socket_write(descriptor, bytes, bytes.count) }
    @discardableResult
    func send(_ text: String) -> Int { send(Array(text.utf8)) }

    /// The lines that have come so far.
    var lines: [String] {
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = posix_socket_read(descriptor, &buffer, buffer.count)
            if count == 0 { hasEnded = true }
            guard count > 0 else { break }
            received += buffer[..<count]
        }
        return String(decoding: received, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
