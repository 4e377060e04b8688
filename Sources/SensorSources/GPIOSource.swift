import AttestationFormat
import CPosixShims
public import LogisticsEvents

/// A contact at a line of the GPIO character device, ABI version 2 (linux/gpio.h): its edges become events.
///
/// The state found when the line is opened is state: a reading of the quantity `state` (1 active, 0 not), no event. The kernel keeps
/// 256 edges while the agent is busy or held back; one that it had to discard leaves a hole in the numbers, which a signed
/// `gap.declared` names. A chip that is missing or goes away is looked for again after 1 s, doubling to 1 min.
public final class GPIOSource {
    private static let edgeCapacity: UInt32 = 256
    private static let firstBackoffMilliseconds: UInt64 = 1_000
    private static let longestBackoffMilliseconds: UInt64 = 60_000
    /// Edges taken in one turn: each makes two events at most.
    private static let edgesPerTurn = 16
    /// Chips of one machine.
    private static let maximumChipCount = 32

    private let contact: GPIOContact
    private var descriptor: Int32 = -1
    private var line: GPIOLine?
    private var due: UInt64 = 0
    private var backoffMilliseconds = GPIOSource.firstBackoffMilliseconds
    private var hasToldFailure = false
    /// What the kernel handed over that is no edge, and edges out of order, since the start.
    public private(set) var malformedCount: UInt64 = 0

    public init(_ contact: GPIOContact) {
        self.contact = contact
    }

    deinit { closeLine() }

    /// When to look for the chip, in monotonic ms; nil while the line is open.
    public var nextDeadline: UInt64? { descriptor < 0 ? due : nil }

    /// Appends the line; while sources are held back the kernel keeps the edges.
    public func appendInterests(to interests: inout [PollInterest], isHeldBack: Bool) {
        guard descriptor >= 0, !isHeldBack else { return }
        interests.append(PollInterest(descriptor: descriptor, wantsRead: true, wantsWrite: false))
    }

    /// Opens the line, or takes its edges, without ever waiting.
    public func serve<Salts: SaltSource>(
        _ interests: [PollInterest], context: SourceContext, salts: inout Salts, into output: inout SourceOutput
    ) {
        guard context.eventRoom > 0 else { return }
        if descriptor < 0 {
            if context.moment.monotonicMilliseconds >= due { open(context, &output) }
        } else if interests.contains(where: { $0.descriptor == descriptor && $0.isReady }) {
            readEdges(context, salts: &salts, into: &output)
        }
    }

    // MARK: - Edges

    private func readEdges<Salts: SaltSource>(_ context: SourceContext, salts: inout Salts, into output: inout SourceOutput) {
        let size = GPIOEdge.byteCount
        let wanted = min(GPIOSource.edgesPerTurn, (context.eventRoom - output.events.count) / 2)
        guard wanted > 0 else { return }
        var bytes = [UInt8](repeating: 0, count: size * wanted)
        let count = posix_read(descriptor, &bytes, bytes.count)
        if count == -Int(POSIX_EAGAIN) { return }
        guard count > 0 else { return fail("the chip is gone: " + .systemWords(Int32(clamping: -count)), context, &output) }
        let now = UInt64(max(0, posix_monotonic_nanoseconds()))
        for start in stride(from: 0, through: count - size, by: size) {
            guard let edge = GPIOEdge(bytes.span.extracting(start..<start + size)) else {
                malformedCount += 1
                continue
            }
            do throws(EventError) {
                try take(edge, nowNanoseconds: now, context, salts: &salts, into: &output)
            } catch {
                tell(.warning, error.message, &output)
            }
        }
    }

    /// The kernel stamps edges with a clock that the wall clock's steps do not touch; the age by it is taken from both of the event's times.
    private func take<Salts: SaltSource>(
        _ edge: GPIOEdge, nowNanoseconds now: UInt64, _ context: SourceContext, salts: inout Salts, into output: inout SourceOutput
    ) throws(EventError) {
        let age = edge.nanoseconds <= now && edge.nanoseconds > 0 ? (now - edge.nanoseconds) / 1_000_000 : 0
        for finding in line?.take(edge) ?? [] {
            switch finding {
            case .stale: malformedCount += 1
            case .lost(let first, let count):
                output.events.append(
                    SourceEvent(bytes: try contact.gap(first: first, count: count, at: context.moment).encoded(), isPriority: false))
            case .changed(let isActive):
                guard let draft = try contact.draft(isActive: isActive, at: context.moment, ageMilliseconds: age) else {
                    report(isActive, GPIOContact.moment(context.moment, earlierBy: age), &output)
                    continue
                }
                output.events.append(SourceEvent(bytes: try draft.encoded(salts: &salts), isPriority: draft.isPriority))
            }
        }
    }

    /// A state that no event tells of.
    private func report(_ isActive: Bool, _ moment: EventMoment, _ output: inout SourceOutput) {
        output.readings.append(SensorReading(sensor: contact.name, quantity: .state, value: isActive ? 1 : 0, at: moment))
    }

    // MARK: - The line

    private func open(_ context: SourceContext, _ output: inout SourceOutput) {
        let chip = openChip()
        guard chip >= 0 else {
            // A service with PrivateDevices=yes sees none.
            let advice: UTF8Text = "; check its name, and that the service has examples/devices.conf"
            return fail("no GPIO chip " + contact.chip + ": " + .systemWords(-chip) + advice, context, &output)
        }
        defer { _ = posix_file_close(chip) }
        let requested = posix_gpio_request(
            chip, contact.line, contact.isActiveLow, contact.bias.rawValue, contact.debounceMilliseconds &* 1_000, GPIOSource.edgeCapacity)
        guard requested >= 0 else {
            return fail(
                "line " + .decimal(Int64(contact.line)) + " of " + contact.chip + " cannot be had: " + .systemWords(-requested)
                    + "; another program or driver may use it", context, &output)
        }
        descriptor = requested
        let state = posix_gpio_value(requested)
        guard state >= 0 else { return fail("the line's state cannot be read: " + .systemWords(-state), context, &output) }
        found(isActive: state == 1, context, &output)
    }

    /// Where the line was watched before, a state that differs means an edge that nobody saw.
    private func found(isActive: Bool, _ context: SourceContext, _ output: inout SourceOutput) {
        if let before = line, before.isActive != isActive, let draft = try? contact.gap(first: 0, count: 1, at: context.moment),
            let bytes = try? draft.encoded()
        {
            output.events.append(SourceEvent(bytes: bytes, isPriority: false))
        }
        line = GPIOLine(isActive: isActive)
        backoffMilliseconds = GPIOSource.firstBackoffMilliseconds
        hasToldFailure = false
        report(isActive, context.moment, &output)
        tell(.notice, isActive ? "watched; it is active now" : "watched; it is not active now", &output)
    }

    /// The chip of the configuration: by path, or the one whose label fits.
    private func openChip() -> Int32 {
        if contact.chip.hasPrefix("/") { return posix_gpio_open(contact.chip.cString) }
        var label = [CChar](repeating: 0, count: 40)
        for number in 0..<GPIOSource.maximumChipCount {
            let chip = posix_gpio_open(("/dev/gpiochip" + UTF8Text.decimal(Int64(number))).cString)
            guard chip >= 0 else { continue }
            if posix_gpio_label(chip, &label, label.count) >= 0,
                label.prefix(while: { $0 != 0 }).elementsEqual(contact.chip.bytes.map { CChar(bitPattern: $0) })
            {
                return chip
            }
            _ = posix_file_close(chip)
        }
        return -hs_error_not_found
    }

    /// Gives the line up for a while; the first failure in a row is told and recorded.
    private func fail(_ reason: UTF8Text, _ context: SourceContext, _ output: inout SourceOutput) {
        closeLine()
        due = context.moment.monotonicMilliseconds + backoffMilliseconds
        backoffMilliseconds = min(backoffMilliseconds * 2, GPIOSource.longestBackoffMilliseconds)
        guard !hasToldFailure else { return }
        hasToldFailure = true
        output.readings.append(SensorReading(sensor: contact.name, quantity: .state, fault: .absent, at: context.moment))
        tell(.warning, reason + "; it is looked for again", &output)
    }

    private func closeLine() {
        if descriptor >= 0 { _ = posix_file_close(descriptor) }
        descriptor = -1
    }

    private func tell(_ level: SourceNotice.Level, _ text: UTF8Text, _ output: inout SourceOutput) {
        output.notices.append(SourceNotice(level, source: contact.name, text))
    }
}
