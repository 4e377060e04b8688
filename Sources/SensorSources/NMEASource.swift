public import AttestationFormat
import CPosixShims
public import LogisticsEvents

/// Positions from a receiver on a serial device that speaks NMEA 0183.
///
/// | Trap | What is done |
/// |---|---|
/// | a line cut off or disturbed | its checksum refuses it; the next `$` begins anew |
/// | no fix, yet the last position goes on being printed | status, quality and mode are obeyed: no position |
/// | BeiDou is GB or BD | both are taken, beside GP, GL, GA and GN |
/// | a rolled-over 1024-week count | the position is flagged, and told (``FixPolicy``) |
/// | wrong baud rate, or a binary protocol | told in `status` with the rate that was tried |
/// | unplugged, or not there yet | opened again after 1 s, doubling to 1 min |
/// | gpsd reads the same device | each would get half of the bytes: the device is taken for one reader |
public final class NMEASource {
    private enum State {
        case waiting(until: UInt64)
        case open(Int32)
    }

    private static let firstBackoffMilliseconds: UInt64 = 1000
    private static let longestBackoffMilliseconds: UInt64 = 60_000
    /// Bytes read at once: a burst of sentences; the kernel keeps the rest.
    private static let readByteCount = 1024

    private let path: UTF8Text
    private let baud: UInt32
    private var state = State.waiting(until: 0)
    private var session = NMEASession(nowMilliseconds: 0)
    private var condition = NMEASession.Condition.starting
    private var policy: FixPolicy
    private var backoffMilliseconds = NMEASource.firstBackoffMilliseconds
    /// Why there is no device; told once until sentences have come.
    private var failure: UTF8Text?
    private var buffer = [UInt8](repeating: 0, count: NMEASource.readByteCount)

    /// Position events made since the start.
    public private(set) var eventCount: UInt64 = 0

    /// - Parameters:
    ///   - path: the serial device.
    ///   - baud: bits a second, one of those that `posix_serial_open` names.
    ///   - periodMilliseconds: at most one position event in this time; 0 for every fix.
    public init(path: UTF8Text, baud: UInt32, periodMilliseconds: UInt64) {
        self.path = path
        self.baud = baud
        policy = FixPolicy(periodMilliseconds: periodMilliseconds)
    }

    deinit { closeDevice() }

    /// For `status`.
    var sourceState: SourceState {
        if case .waiting = state { return SourceState(isWorking: false, failure ?? "the device was not opened yet") }
        switch condition {
        case .heard: return policy.state
        case .starting: return SourceState(isWorking: true, "the device is open; nothing was heard yet")
        case .silent, .garbled: return SourceState(isWorking: false, complaint)
        }
    }

    private var complaint: UTF8Text {
        condition == .silent
            ? path + " is silent for 10 s: check the receiver's power and wiring"
            : path + " sends bytes that are no NMEA at " + .decimal(Int64(baud))
                + " baud: set baud to the receiver's rate, or switch it from its binary protocol to NMEA"
    }

    /// When to serve even if the device is silent, in monotonic ms.
    public var nextDeadline: UInt64? {
        switch state {
        case .waiting(let until): until
        case .open: session.nextDeadline
        }
    }

    /// Appends the device, if it is open.
    public func appendInterests(to interests: inout [PollInterest]) {
        guard case .open(let descriptor) = state else { return }
        interests.append(PollInterest(descriptor: descriptor, wantsRead: true, wantsWrite: false))
    }

    /// Opens, reads, makes events. While the journal has no room the positions go by: the next one is newer.
    public func serve<Salts: SaltSource>(
        _ interests: [PollInterest], context: SourceContext, salts: inout Salts, into output: inout SourceOutput
    ) {
        let now = context.moment.monotonicMilliseconds
        if case .waiting(let until) = state, now >= until { open(now, into: &output) }
        guard case .open(let descriptor) = state else { return }
        if interests.contains(where: { $0.descriptor == descriptor && $0.isReady }) {
            read(descriptor, context: context, salts: &salts, into: &output)
        }
        guard case .open = state else { return }
        if let report = session.tick(nowMilliseconds: now) { take(report, context: context, salts: &salts, into: &output) }
        note(session.condition(nowMilliseconds: now), into: &output)
    }

    private func open(_ now: UInt64, into output: inout SourceOutput) {
        let descriptor = posix_serial_open(path.cString, baud)
        guard descriptor >= 0 else { return fail(NMEASource.words(ofErrno: -descriptor), now, into: &output) }
        state = .open(descriptor)
        session = NMEASession(nowMilliseconds: now)
        condition = .starting
    }

    private func read<Salts: SaltSource>(
        _ descriptor: Int32, context: SourceContext, salts: inout Salts, into output: inout SourceOutput
    ) {
        let now = context.moment.monotonicMilliseconds
        let count = buffer.withUnsafeMutableBufferPointer { posix_serial_read(descriptor, $0.baseAddress, $0.count) }
        if count == -Int(POSIX_EAGAIN) { return }
        guard count > 0 else { return fail("the device is gone", now, into: &output) }
        for report in session.receive(buffer.span.extracting(0..<count), nowMilliseconds: now) {
            take(report, context: context, salts: &salts, into: &output)
        }
    }

    private func take<Salts: SaltSource>(
        _ report: FixReport, context: SourceContext, salts: inout Salts, into output: inout SourceOutput
    ) {
        // The receiver speaks: the next loss of it is told again, and it is opened again after a short wait.
        backoffMilliseconds = NMEASource.firstBackoffMilliseconds
        if failure != nil { tell(.notice, path + " is there again", &output) }
        failure = nil
        if let text = policy.notice(report, at: context.moment) { tell(.notice, text, &output) }
        do throws(EventError) {
            if try policy.record(report, context: context, salts: &salts, into: &output) { eventCount += 1 }
        } catch {
            tell(.warning, error.message, &output)
        }
    }

    private func note(_ new: NMEASession.Condition, into output: inout SourceOutput) {
        guard new != condition else { return }
        let old = condition
        condition = new
        switch new {
        case .silent, .garbled: tell(.warning, complaint, &output)
        case .heard: if old != .starting { tell(.notice, path + " is understood again", &output) }
        case .starting: break
        }
    }

    /// Closes the device and waits before it is opened again; the first failure in a row is told.
    private func fail(_ reason: UTF8Text, _ now: UInt64, into output: inout SourceOutput) {
        closeDevice()
        state = .waiting(until: now + backoffMilliseconds)
        backoffMilliseconds = min(backoffMilliseconds * 2, NMEASource.longestBackoffMilliseconds)
        let isNew = failure == nil
        failure = path + ": " + reason + "; it is opened again when it comes"
        if isNew { tell(.warning, failure ?? reason, &output) }
    }

    private static func words(ofErrno error: Int32) -> UTF8Text {
        switch error {
        case POSIX_ENOTTY: "no serial device: name the receiver's, such as /dev/serial/by-id/..."
        case POSIX_EBUSY: "another program, such as gpsd, has the device: stop that one, or use a gpsd source"
        case POSIX_EINVAL: "the device does not take this baud rate"
        default: "opening failed: " + .systemWords(error) + "; check the path, the device's group, and that the service has examples/devices.conf"
        }
    }

    private func closeDevice() {
        if case .open(let descriptor) = state { _ = posix_serial_close(descriptor) }
    }

    private func tell(_ level: SourceNotice.Level, _ text: UTF8Text, _ output: inout SourceOutput) {
        output.notices.append(SourceNotice(level, source: "nmea", text))
    }
}
