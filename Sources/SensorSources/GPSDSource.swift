public import AttestationFormat
import CPosixShims
public import LogisticsEvents

/// Positions from gpsd over its TCP JSON protocol (gpsd_json(5)).
///
/// The daemon absent at start, or gone for a while, is normal: it is called again after 1 s, doubling to 1 min.
public final class GPSDSource {
    private enum State {
        case waiting(until: UInt64)
        case connecting(Int32, since: UInt64)
        case connected(Int32)
    }

    /// Longest wait for a connection, in ms.
    private static let connectMilliseconds: UInt64 = 10_000
    private static let firstBackoffMilliseconds: UInt64 = 1000
    private static let longestBackoffMilliseconds: UInt64 = 60_000
    /// Bytes read at once; the kernel keeps the rest.
    private static let readByteCount = 16 * 1024

    private let host: UTF8Text
    private let port: UInt16
    private var state = State.waiting(until: 0)
    private var session = GPSDSession(nowMilliseconds: 0)
    private var policy: FixPolicy
    private var backoffMilliseconds = GPSDSource.firstBackoffMilliseconds
    private var hasToldFailure = false
    /// Why the last attempt or connection ended.
    private var lastFailure: UTF8Text = "not asked yet"
    private var buffer = [UInt8](repeating: 0, count: GPSDSource.readByteCount)

    /// Position events made since the start.
    public private(set) var eventCount: UInt64 = 0
    /// Lines that were not gpsd's.
    public private(set) var malformedCount: UInt64 = 0
    /// Satellites that the latest report uses and sees; nil before the first.
    public private(set) var satellites: (used: Int64?, seen: Int64?)?

    /// - Parameters:
    ///   - host: where gpsd listens; a numeric address, since looking a name up would hold up the loop.
    ///   - port: its TCP port.
    ///   - periodMilliseconds: at most one position event in this time; 0 for every fix.
    public init(host: UTF8Text = "127.0.0.1", port: UInt16 = 2947, periodMilliseconds: UInt64) {
        self.host = host
        self.port = port
        policy = FixPolicy(periodMilliseconds: periodMilliseconds)
    }

    deinit { closeSocket() }

    /// Whether the daemon can be reached.
    public var isConnected: Bool {
        if case .connected = state { return true }
        return false
    }

    /// For `status`.
    var sourceState: SourceState {
        isConnected ? policy.state : SourceState(isWorking: false, lastFailure)
    }

    /// When to serve even if the socket is silent, in monotonic ms.
    public var nextDeadline: UInt64? {
        switch state {
        case .waiting(let until): until
        case .connecting(_, let since): since + GPSDSource.connectMilliseconds
        case .connected: session.nextDeadline
        }
    }

    /// Appends the socket, if there is one.
    public func appendInterests(to interests: inout [PollInterest]) {
        switch state {
        case .waiting: break
        case .connecting(let descriptor, _):
            interests.append(PollInterest(descriptor: descriptor, wantsRead: false, wantsWrite: true))
        case .connected(let descriptor):
            interests.append(PollInterest(descriptor: descriptor, wantsRead: true, wantsWrite: false))
        }
    }

    /// Connects, reads reports, makes events. While the journal has no room the positions go by: the next one is newer.
    public func serve<Salts: SaltSource>(
        _ interests: [PollInterest], context: SourceContext, salts: inout Salts, into output: inout SourceOutput
    ) {
        let now = context.moment.monotonicMilliseconds
        switch state {
        case .waiting(let until):
            if now >= until { connect(now, into: &output) }
        case .connecting(let descriptor, let since):
            if isReady(descriptor, interests) {
                finishConnecting(descriptor, now, into: &output)
            } else if now >= since + GPSDSource.connectMilliseconds {
                fail("no answer within 10 s", now, into: &output)
            }
        case .connected(let descriptor):
            if isReady(descriptor, interests) { read(descriptor, context: context, salts: &salts, into: &output) }
            if case .connected = state, let action = session.tick(nowMilliseconds: now) {
                perform(action, context: context, salts: &salts, into: &output)
            }
        }
    }

    private func isReady(_ descriptor: Int32, _ interests: [PollInterest]) -> Bool {
        interests.contains { $0.descriptor == descriptor && $0.isReady }
    }

    private func connect(_ now: UInt64, into output: inout SourceOutput) {
        let descriptor = posix_tcp_connect(host.cString, port)
        guard descriptor >= 0 else {
            return fail("connecting failed: " + .systemWords(-descriptor), now, into: &output)
        }
        state = .connecting(descriptor, since: now)
    }

    private func finishConnecting(_ descriptor: Int32, _ now: UInt64, into output: inout SourceOutput) {
        let error = posix_socket_error(descriptor)
        guard error == 0 else {
            return fail("connecting failed: " + .systemWords(-error), now, into: &output)
        }
        state = .connected(descriptor)
        session = GPSDSession(nowMilliseconds: now)
        send(GPSDSession.watch, now, into: &output)
    }

    private func send(_ bytes: [UInt8], _ now: UInt64, into output: inout SourceOutput) {
        guard case .connected(let descriptor) = state else { return }
        // Forty bytes to an idle socket: if they do not fit, the connection is of no use.
        let count = bytes.withUnsafeBufferPointer { posix_socket_write(descriptor, $0.baseAddress, $0.count) }
        if count != bytes.count { fail("the daemon takes no request", now, into: &output) }
    }

    private func read<Salts: SaltSource>(
        _ descriptor: Int32, context: SourceContext, salts: inout Salts, into output: inout SourceOutput
    ) {
        let now = context.moment.monotonicMilliseconds
        let count = buffer.withUnsafeMutableBufferPointer { posix_socket_read(descriptor, $0.baseAddress, $0.count) }
        if count == -Int(POSIX_EAGAIN) { return }
        guard count > 0 else { return fail("the daemon closed the connection", now, into: &output) }
        for action in session.receive(buffer.span.extracting(0..<count), nowMilliseconds: now) {
            perform(action, context: context, salts: &salts, into: &output)
        }
    }

    private func perform<Salts: SaltSource>(
        _ action: GPSDSession.Action, context: SourceContext, salts: inout Salts, into output: inout SourceOutput
    ) {
        switch action {
        case .send(let bytes): send(bytes, context.moment.monotonicMilliseconds, into: &output)
        case .giveUp: fail("silent for 70 s", context.moment.monotonicMilliseconds, into: &output)
        case .malformed(let reason):
            malformedCount += 1
            // One notice for each power of two: a broken daemon is told, and does not fill the log.
            if malformedCount & (malformedCount - 1) == 0 { tell(.warning, "a line is not gpsd's: " + reason, &output) }
        case .report(let report): take(report, context: context, salts: &salts, into: &output)
        }
    }

    private func take<Salts: SaltSource>(
        _ report: GPSDReport, context: SourceContext, salts: inout Salts, into output: inout SourceOutput
    ) {
        // The daemon speaks: the next loss of it is told again, and called after a short wait.
        backoffMilliseconds = GPSDSource.firstBackoffMilliseconds
        hasToldFailure = false
        switch report {
        case .version(let release): tell(.notice, "connected to gpsd " + release, &output)
        case .failure(let message): tell(.warning, "gpsd refuses: " + message, &output)
        case .sky(let used, let seen): satellites = (used, seen)
        case .place(let place): take(place, context: context, salts: &salts, into: &output)
        case .other: break
        }
    }

    private func take<Salts: SaltSource>(
        _ place: FixReport, context: SourceContext, salts: inout Salts, into output: inout SourceOutput
    ) {
        if let text = policy.notice(place, at: context.moment) { tell(.notice, text, &output) }
        do throws(EventError) {
            if try policy.record(place, context: context, salts: &salts, into: &output) { eventCount += 1 }
        } catch {
            tell(.warning, error.message, &output)
        }
    }

    /// Ends the connection and waits before the next; the first failure in a row is told.
    private func fail(_ reason: UTF8Text, _ now: UInt64, into output: inout SourceOutput) {
        closeSocket()
        state = .waiting(until: now + backoffMilliseconds)
        backoffMilliseconds = min(backoffMilliseconds * 2, GPSDSource.longestBackoffMilliseconds)
        lastFailure = reason + " (" + host + " port " + .decimal(Int64(port)) + "): start gpsd, or name its address; it is called again"
        guard !hasToldFailure else { return }
        hasToldFailure = true
        tell(.warning, lastFailure, &output)
    }

    private func closeSocket() {
        switch state {
        case .waiting: break
        case .connecting(let descriptor, _), .connected(let descriptor): _ = posix_socket_close(descriptor)
        }
    }

    private func tell(_ level: SourceNotice.Level, _ text: UTF8Text, _ output: inout SourceOutput) {
        output.notices.append(SourceNotice(level, source: "gpsd", text))
    }
}
