internal import AttestationFormat
internal import CPosixShims
internal import SmallFiles

/// One thread: reads what is due, and between the reads hands lines over. A device that does not answer costs its time-out.
final class ModbusLoop {
    private let configuration: ModbusConfiguration
    private let signals: Int32
    private let polls: [DevicePoll]
    private var numbers: NumberFile
    private var sender = LineSender()
    private var intake: Int32 = -1
    private var hasToldAbsence = false
    private var isLeaving = false

    /// Nil when a device's address cannot be, or signals cannot be taken; said on standard error.
    init?(_ configuration: ModbusConfiguration, numbers: NumberFile) {
        signals = posix_signals_open()
        self.configuration = configuration
        self.numbers = numbers
        polls = ModbusLoop.polls(configuration)
        guard signals >= 0, polls.count == configuration.devices.count else { return nil }
    }

    deinit { hangUp() }

    private static var now: UInt64 { UInt64(max(0, posix_boottime_milliseconds())) }

    private static func polls(_ configuration: ModbusConfiguration) -> [DevicePoll] {
        configuration.devices.compactMap { device in
            let poll = DevicePoll(device, nowMilliseconds: now)
            if poll == nil { ModbusProgram.tell("\(device.name.string): its address cannot be used; check [device.\(device.name.string)]") }
            return poll
        }
    }

    /// Reads each device once and prints the lines, for whoever sets it up. 0 when every value came, 69 otherwise.
    static func readOnce(_ configuration: ModbusConfiguration) -> Int32 {
        var isWhole = true
        for poll in polls(configuration) {
            let (readings, notice) = poll.read(nowMilliseconds: now)
            if let notice { ModbusProgram.tell(notice) }
            if readings.contains(where: { $0.value == nil }) { isWhole = false }
            let line = IntakeLineText.line(source: configuration.source, number: 0, readings)
            _ = posix_write_standard_output(line, line.count)
        }
        return isWhole ? 0 : 69
    }

    func run() {
        while !isLeaving {
            for poll in polls where ModbusLoop.now >= poll.dueMilliseconds { read(poll) }
            send()
            wait()
        }
        if !sender.isIdle { ModbusProgram.tell("stopped; \(sender.waitingCount) lines were not answered and are lost") }
    }

    private func read(_ poll: DevicePoll) {
        let (readings, notice) = poll.read(nowMilliseconds: ModbusLoop.now)
        if let notice { ModbusProgram.tell(notice) }
        do throws(FileError) {
            let line = IntakeLineText.line(source: configuration.source, number: try numbers.take(), readings)
            guard !sender.add(line) else { return }
            ModbusProgram.tell("the agent takes nothing and \(LineSender.capacity) lines wait: \(sender.droppedCount) were dropped")
        } catch {
            ModbusProgram.tell("a reading is lost: the numbers of lines cannot be kept: \(error.message)")
        }
    }

    private func send() {
        let now = ModbusLoop.now
        if sender.isAwaitingAnswer, let due = sender.nextDeadline, now >= due { lose("no answer within 30 s") }
        guard let line = sender.next(nowMilliseconds: now) else { return }
        if intake < 0 { intake = configuration.socketPath.string.withCString { posix_unix_connect($0) } }
        guard intake >= 0 else { return lose("it does not listen: \(String(cString: hs_error_text(-intake)))") }
        // A line is far smaller than a socket's buffer, and one alone is under way.
        let count = line.withUnsafeBufferPointer { posix_socket_write(intake, $0.baseAddress, $0.count) }
        if count != line.count { lose("it takes nothing") }
    }

    private func lose(_ reason: String) {
        hangUp()
        sender.disconnected(nowMilliseconds: ModbusLoop.now)
        if !hasToldAbsence { ModbusProgram.tell("the agent at \(configuration.socketPath.string) is away: \(reason); lines wait") }
        hasToldAbsence = true
    }

    private func hangUp() {
        if intake >= 0 { _ = posix_socket_close(intake) }
        intake = -1
    }

    /// Until the next read, the next attempt, an answer, or a signal.
    private func wait() {
        var due = sender.nextDeadline ?? UInt64.max
        for poll in polls { due = min(due, poll.dueMilliseconds) }
        let now = ModbusLoop.now
        var entries = [
            posix_poll_entry(descriptor: signals, events: Int16(POSIX_POLL_IN), revents: 0),
            posix_poll_entry(descriptor: intake, events: Int16(POSIX_POLL_IN), revents: 0),
        ]
        let timeout = Int32(clamping: due > now ? due - now : 0)
        _ = entries.withUnsafeMutableBufferPointer { posix_poll($0.baseAddress, $0.count, timeout) }
        if entries[0].revents != 0 { takeSignals() }
        if entries[1].revents != 0 { hear() }
    }

    private func takeSignals() {
        while true {
            switch posix_signals_next(signals) {
            case POSIX_SIGNAL_TERMINATE, POSIX_SIGNAL_INTERRUPT: isLeaving = true
            case ...0: return
            default: break
            }
        }
    }

    private func hear() {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = bytes.withUnsafeMutableBufferPointer { posix_socket_read(intake, $0.baseAddress, $0.count) }
        if count == -Int(POSIX_EAGAIN) { return }
        guard count > 0 else { return lose("it closed the connection") }
        switch sender.receive(Array(bytes[..<count]), nowMilliseconds: ModbusLoop.now) {
        case .stored:
            if hasToldAbsence { ModbusProgram.tell("the agent is there again") }
            hasToldAbsence = false
        case .refused(let answer): ModbusProgram.tell("the agent refuses a line: \(answer)")
        case nil: break
        }
    }
}
