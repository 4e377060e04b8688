import AttestationFormat
import LogisticsEvents
@testable import SensorSources
import Testing

/// `struct gpio_v2_line_event` as the kernel writes it on a little-endian machine.
private func recorded(_ hex: String) -> [UInt8] {
    hex.split(separator: " ").compactMap { UInt8($0, radix: 16) }
}

/// Line 17 rises at 12345.678901234 s of the monotonic clock: its third edge, the seventh of the request.
private let rising = recorded(
    "f2 2f ce 73 3a 0b 00 00 01 00 00 00 11 00 00 00 07 00 00 00 03 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00")

private func parsed(_ bytes: [UInt8]) -> GPIOEdge? { GPIOEdge(bytes.span) }

private func edge(_ number: UInt32, _ rises: Bool) -> GPIOEdge { GPIOEdge(nanoseconds: 1, rises: rises, number: number) }

private let moment = EventMoment(wallMilliseconds: 1_795_327_388_000, monotonicMilliseconds: 50_000, clockSource: .ntp)

@Suite("GPIO edges") struct GPIOEdgeTests {
    @Test("the kernel's 48 bytes are read field by field")
    func reads() throws {
        let edge = try #require(parsed(rising))
        #expect(edge.nanoseconds == 12_345_678_901_234 && edge.rises && edge.number == 3)
        var falling = rising
        falling[8] = 2
        #expect(parsed(falling)?.rises == false)
    }

    @Test("other lengths and other kinds are no edges")
    func refuses() {
        for count in [0, 1, 47] { #expect(parsed(Array(rising[..<count])) == nil) }
        #expect(parsed(rising + [0]) == nil)
        for kind in [0, 3, 255] as [UInt8] {
            var other = rising
            other[8] = kind
            #expect(parsed(other) == nil)
        }
        var wide = rising
        wide[11] = 1
        #expect(parsed(wide) == nil)
    }
}

@Suite("GPIO lines") struct GPIOLineTests {
    @Test("edges in order change the state, each once")
    func order() {
        var line = GPIOLine(isActive: false)
        #expect(line.take(edge(1, true)) == [.changed(isActive: true)])
        #expect(line.take(edge(2, false)) == [.changed(isActive: false)])
        #expect(line.take(edge(3, true)) == [.changed(isActive: true)])
        #expect(line.isActive)
    }

    @Test("a hole in the numbers is lost edges, the first ones of a line included")
    func lost() {
        var line = GPIOLine(isActive: false)
        #expect(line.take(edge(5, true)) == [.lost(first: 1, count: 4), .changed(isActive: true)])
        #expect(line.take(edge(300, true)) == [.lost(first: 6, count: 294), .changed(isActive: true)])
        #expect(line.take(edge(301, false)) == [.changed(isActive: false)])
    }

    @Test("an edge to where the line was already means that one was too short to be seen")
    func unseen() {
        var line = GPIOLine(isActive: false)
        _ = line.take(edge(1, true))
        #expect(line.take(edge(2, true)) == [.lost(first: 2, count: 1), .changed(isActive: true)])
    }

    @Test("an edge between the request and the reading of the state is not lost, and not taken for one that was")
    func race() {
        var line = GPIOLine(isActive: true)
        #expect(line.take(edge(1, true)) == [.changed(isActive: true)])
        #expect(line.take(edge(2, true)) == [.lost(first: 2, count: 1), .changed(isActive: true)])
    }

    @Test("an older edge changes nothing")
    func stale() {
        var line = GPIOLine(isActive: false)
        _ = line.take(edge(9, true))
        #expect(line.take(edge(9, false)) == [.stale])
        #expect(line.take(edge(1, false)) == [.stale])
        #expect(line.take(edge(0, false)) == [.stale])
        #expect(line.isActive)
        #expect(line.take(edge(10, false)) == [.changed(isActive: false)])
    }

    @Test("the numbers may wrap")
    func wraps() {
        var line = GPIOLine(isActive: false)
        _ = line.take(edge(0x7FFF_FFFF, true))
        _ = line.take(edge(0xFFFF_FFFE, false))
        #expect(line.take(edge(0xFFFF_FFFF, true)) == [.changed(isActive: true)])
        #expect(line.take(edge(0, false)) == [.changed(isActive: false)])
        #expect(line.take(edge(2, true)) == [.lost(first: 1, count: 1), .changed(isActive: true)])
    }
}

@Suite("GPIO contacts") struct GPIOContactTests {
    private func contact(_ meaning: GPIOContact.Meaning) -> GPIOContact {
        GPIOContact(
            name: "rear-door", chip: "pinctrl", line: 17, meaning: meaning, seal: "SN-1", readPoint: "https://id.gs1.org/414/9521234000013")
    }

    private func view(_ meaning: GPIOContact.Meaning, isActive: Bool, age: UInt64 = 0) throws -> EventView? {
        guard let draft = try contact(meaning).draft(isActive: isActive, at: moment, ageMilliseconds: age) else { return nil }
        return try EventView(parsing: try draft.encoded())
    }

    @Test("a door opens and closes, and names its contact")
    func door() throws {
        let opened = try #require(try view(.door, isActive: true))
        #expect(opened.kind == .number(43) && opened.wallClockMilliseconds == moment.wallMilliseconds)
        #expect(try view(.door, isActive: false)?.kind == .number(44))
    }

    @Test("case, light and seal have an event when they become active, and a state when they do not")
    func others() throws {
        #expect(try view(.tamperCase, isActive: true)?.kind == .number(46))
        #expect(try view(.tamperLight, isActive: true)?.kind == .number(46))
        let broken = try #require(try view(.seal, isActive: true))
        #expect(broken.kind == .number(25) && broken.readPoint == "https://id.gs1.org/414/9521234000013")
        #expect(broken.extensionValue("seal") == .text("SN-1") && broken.extensionValue("contact") == .text("rear-door"))
        for meaning in [.tamperCase, .tamperLight, .seal] as [GPIOContact.Meaning] { #expect(try view(meaning, isActive: false) == nil) }
    }

    @Test("the event has the edge's time, not that of its reading")
    func age() throws {
        let view = try #require(try view(.door, isActive: true, age: 1_250))
        #expect(view.wallClockMilliseconds == moment.wallMilliseconds - 1_250)
        #expect(view.monotonicMilliseconds == moment.monotonicMilliseconds - 1_250)
        #expect(!view.flags.contains(.late))
    }

    @Test("an edge that was read late says so, and an age beyond the clocks does not trap")
    func late() throws {
        #expect(try view(.door, isActive: true, age: 10_001)?.flags.contains(.late) == true)
        let view = try #require(try view(.door, isActive: true, age: UInt64.max))
        #expect(view.wallClockMilliseconds == 0 && view.monotonicMilliseconds == 0)
    }

    @Test("lost edges are declared by their numbers")
    func gap() throws {
        let view = try EventView(parsing: try contact(.door).gap(first: 6, count: 294, at: moment).encoded())
        #expect(view.kind == .number(3))
        #expect(try contact(.door).gap(first: UInt32.max, count: 2, at: moment).encoded().count > 0)
    }

    @Test("a chip that is not there is an absent sensor, told once, and looked for again ever more rarely")
    func absent() {
        let source = GPIOSource(GPIOContact(name: "door", chip: "/nonexistent/gpiochip0", line: 1, meaning: .door))
        var salts = FixedSalts()
        var readings: [SensorReading] = []
        var notices: [String] = []
        var deadlines: [UInt64] = []
        var now: UInt64 = 1_000
        for _ in 0..<9 {
            var output = SourceOutput()
            source.serve(
                [], context: SourceContext(moment: EventMoment(wallMilliseconds: 1, monotonicMilliseconds: now), eventRoom: 10), salts: &salts,
                into: &output)
            readings += output.readings
            notices += output.notices.map(\.text.string)
            deadlines.append((source.nextDeadline ?? 0) - now)
            now = source.nextDeadline ?? now
        }
        #expect(readings.map(\.fault) == [.absent] && readings.first?.quantity == .state)
        #expect(notices == [
            "no GPIO chip /nonexistent/gpiochip0: No such file or directory; check its name, and that the service has examples/devices.conf; it is looked for again"
        ])
        #expect(deadlines == [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000])
    }

    @Test("a file that is no chip is refused, not opened as one")
    func noChip() {
        let source = GPIOSource(GPIOContact(name: "door", chip: "/dev/null", line: 1, meaning: .door))
        var salts = FixedSalts()
        var output = SourceOutput()
        source.serve(
            [], context: SourceContext(moment: EventMoment(wallMilliseconds: 1, monotonicMilliseconds: 1), eventRoom: 10), salts: &salts, into: &output)
        #expect(output.notices.first?.text.string.contains("cannot be had") == true)
        #expect(output.readings.first?.fault == .absent && output.events.isEmpty)
    }

    @Test("without room for events nothing is opened and nothing is read: the kernel keeps the edges")
    func heldBack() {
        let source = Source.gpio(GPIOSource(GPIOContact(name: "door", chip: "/dev/null", line: 1, meaning: .door)))
        var salts = FixedSalts()
        var output = SourceOutput()
        source.serve(
            [], context: SourceContext(moment: EventMoment(wallMilliseconds: 1, monotonicMilliseconds: 1), eventRoom: 0), salts: &salts, into: &output)
        #expect(output.notices.isEmpty && source.nextDeadline(isHeldBack: true) == nil && source.nextDeadline(isHeldBack: false) != nil)
    }
}
