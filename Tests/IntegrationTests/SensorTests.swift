import AttestationFormat
import Foundation
import Testing

/// The release build of the agent with sensors that look like the kernel's.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct SensorTests {
    /// The stored events in the journal of a stopped agent, in order.
    private func events(_ agent: RunningAgent) throws -> [EventView] {
        let lines = try ChildProcess.run([try Programs.agent, "journal", "export", "--config", agent.configuration])
        return try lines.split(separator: "\n").map { line in
            let hex = Array(line.split(separator: " ")[1].utf8)
            return try EventView(parsing: stride(from: 0, to: hex.count, by: 2).compactMap { UInt8(String(decoding: hex[$0..<$0 + 2], as: UTF8.self), radix: 16) })
        }
    }

    private func text(_ view: EventView, _ field: UTF8Text) -> String? {
        guard case .text(let text) = view.extensionValue(field) else { return nil }
        return text.string
    }

    private func number(_ view: EventView, _ field: UTF8Text) -> Int64? {
        guard case .integer(let number) = view.extensionValue(field) else { return nil }
        return number.int64
    }

    @Test("a door's edges become events at the edges' own time; lost ones are declared; the state at the start is none")
    func door() throws {
        let chip = try GPIOChip()
        let agent = try RunningAgent(try Alliance.ofOneNode(), brokerPorts: [], settings: RunningAgent.quick + [
            "source.rear-door.type=gpio", "source.rear-door.chip=pinctrl-test", "source.rear-door.line=17", "source.rear-door.active-low=true",
            "source.rear-door.bias=pull-up", "source.rear-door.debounce=50 ms",
        ])
        try agent.start(under: chip.wrapper)
        try wait(until: "the line's request", instead: { agent.tail }) { chip.requests.count == 1 }
        // Input, both edges, active-low, pull-up (linux/gpio.h); edges are stamped by the monotonic clock.
        #expect(chip.requests == ["lines 1 offset 17 consumer harborseal-agent flags 136 buffer 256 debounce 50000"])
        func nowMilliseconds() -> UInt64 { UInt64(Date().timeIntervalSince1970 * 1_000) }
        let earliest = nowMilliseconds() - 3_000
        try chip.edge(1, rises: true, millisecondsAgo: 3_000)
        let latest = nowMilliseconds() - 3_000
        try chip.edge(2, rises: false)
        try chip.edge(300, rises: true, millisecondsAgo: 20_000)
        try wait(until: "the edges' events", instead: { agent.tail }) { agent.status.map { $0.journal.events >= 5 } ?? false }
        try chip.unplug()
        try wait(until: "the loss of the chip", instead: { agent.tail }) { agent.log.contains("it is looked for again") }
        try chip.plug(isActive: false)
        try wait(until: "the chip's return", instead: { agent.tail }) { chip.requests.count == 2 }
        try wait(until: "the state's event", instead: { agent.tail }) { agent.status.map { $0.journal.events >= 6 } ?? false }
        // As Hardware/acceptance.md has it: states that no event tells of are readings.
        let said = try agent.command("doctor").output
        #expect(said.contains("ok       source rear-door: 5 events and 2 readings, the last "), "\(said)")
        #expect(agent.terminate().ending == .exited(0))

        let told = try events(agent).filter { [.number(43), .number(44), .number(3)].contains($0.kind) }
        #expect(told.map(\.kind) == [.number(43), .number(44), .number(3), .number(43), .number(3)])
        guard told.count == 5 else { return }
        #expect(told.filter { $0.kind != .number(3) }.allSatisfy { text($0, "contact") == "rear-door" })
        #expect((earliest - 1_000...latest + 1_000).contains(told[0].wallClockMilliseconds))
        #expect(told[0].monotonicMilliseconds + 2_000 < told[1].monotonicMilliseconds)
        #expect(text(told[2], "missing") == "edges of rear-door")
        #expect(number(told[2], "count") == 297 && number(told[2], "from-seq") == 3 && number(told[2], "to-seq") == 299)
        #expect(told[3].flags.contains(.late) && !told[0].flags.contains(.late))
        // Closed while nobody watched.
        #expect(number(told[4], "count") == 1)
    }

    @Test("while a thermometer measures for 750 ms the agent answers its other sources at once")
    func thermometer() throws {
        let folder = try ScratchFolder(named: "hs-sysfs")
        let device = folder.file("bus/w1/devices/28-0316a2795bff")
        try FileManager.default.createDirectory(atPath: device, withIntermediateDirectories: true)
        try "28-0316a2795bff\n".write(toFile: device + "/name", atomically: false, encoding: .utf8)
        guard mkfifo(device + "/w1_slave", 0o600) == 0 else { throw IntegrationFailure("mkfifo: errno \(errno)") }
        let agent = try RunningAgent(try Alliance.ofOneNode(), brokerPorts: [], settings: RunningAgent.quick + [
            "source.probe.type=w1", "source.probe.device=28-0316a2795bff", "source.probe.period=1 s", "source.probe.sysfs=" + folder.path,
        ])
        // Whoever reads the pipe waits until somebody has written and closed, as whoever reads w1_slave waits for the conversion.
        var writer = open(device + "/w1_slave", O_RDWR | O_CLOEXEC)
        try agent.start()
        let client = try agent.intake()
        // The longest answer of each conversion. Syncs on a busy machine take their time, too, but not in each.
        var longest: [Duration] = []
        var count = 0
        while longest.count < 3 || longest.count < 20 && longest.min() ?? .zero >= .milliseconds(700) {
            var slowest = Duration.zero
            let end = ContinuousClock.now.advanced(by: .milliseconds(750))
            while ContinuousClock.now < end {
                count += 1
                let begun = ContinuousClock.now
                guard case .stored = try client.send(IntakeClient.line(source: "wms", number: count)) else { throw IntegrationFailure("refused") }
                slowest = max(slowest, begun.duration(to: .now))
                usleep(2_000)
            }
            longest.append(slowest)
            let text = "72 01 4b 46 7f ff 0e 10 57 : crc=57 YES\n72 01 4b 46 7f ff 0e 10 57 t=23125\n"
            _ = text.withCString { write(writer, $0, strlen($0)) }
            close(writer)
            usleep(200_000)
            writer = open(device + "/w1_slave", O_RDWR | O_CLOEXEC)
        }
        close(writer)
        print("longest answers of the intake during conversions of 750 ms: \(longest.map { $0 / .milliseconds(1) }) ms, \(count) lines")
        try wait(until: "a value", instead: { agent.tail }) { agent.log.contains("probe: gives values") }
        #expect(longest.contains { $0 < .milliseconds(700) }, "an agent that waited would take 750 ms in each: \(longest)")
        #expect(agent.terminate().ending == .exited(0))
    }
}
