import AttestationFormat
import Foundation
import HarborsealTesting
import LogisticsEvents
@testable import SensorSources
import Testing

private func context(_ monotonic: UInt64, room: Int = 10) -> SourceContext {
    SourceContext(
        moment: EventMoment(wallMilliseconds: 1_795_327_388_000, monotonicMilliseconds: monotonic, clockSource: .rtc),
        eventRoom: room, unreceiptedCount: 77)
}

private func served(_ health: HealthSource, _ context: SourceContext) -> SourceOutput {
    var output = SourceOutput()
    var salts = FixedSalts()
    health.serve(context: context, salts: &salts, into: &output)
    return output
}

@Suite("Health") struct HealthSourceTests {
    /// A small machine: two thermal zones, one interface beside the loopback.
    private func machine() throws -> TemporaryDirectory {
        let root = try TemporaryDirectory(named: "health")
        for folder in ["proc/net", "sys/class/thermal/thermal_zone0", "sys/class/thermal/thermal_zone1"] {
            try FileManager.default.createDirectory(atPath: root.file(folder), withIntermediateDirectories: true)
        }
        try root.write("12345.99 23456.00\n", to: "proc/uptime")
        try root.write("0.42 0.30 0.20 1/123 4567\n", to: "proc/loadavg")
        try root.write("MemTotal:  500000 kB\nMemFree: 1 kB\nMemAvailable:  123456 kB\n", to: "proc/meminfo")
        try root.write(
            """
            Inter-|   Receive                                                |  Transmit
             face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop
                lo: 999 1 0 0 0 0 0 0 999 1 0 0 0 0 0 0
              eth0:123456789 10 0 0 0 0 0 0  987654 20 0 0 0 0 0 0

            """, to: "proc/net/dev")
        try root.write("41500\n", to: "sys/class/thermal/thermal_zone0/temp")
        try root.write("-3000\n", to: "sys/class/thermal/thermal_zone1/temp")
        return root
    }

    @Test("the files of a small machine become one event")
    func reads() throws {
        let root = try machine()
        let health = HealthSource(root: UTF8Text(root.path), diskPath: UTF8Text(root.path), periodMilliseconds: 60_000)
        let output = served(health, context(1000))
        let view = try EventView(parsing: try #require(output.events.first).bytes)
        #expect(view.kind == .number(2))
        #expect(
            view.readings == [
                EventReading(sensor: "thermal-zone0", quantity: 1, value: 41500),
                EventReading(sensor: "thermal-zone1", quantity: 1, value: -3000),
                EventReading(sensor: "eth0.received", quantity: 15, value: 123_456_789),
                EventReading(sensor: "eth0.sent", quantity: 15, value: 987_654),
            ])
        let (facts, missing) = HealthReader(root: UTF8Text(root.path), diskPath: UTF8Text(root.path)).read(unreceiptedCount: 77)
        #expect(facts.uptimeSeconds == 12345 && facts.loadMilli == 420 && facts.memoryFreeKiB == 123_456)
        #expect(facts.unreceiptedCount == 77 && facts.diskFreeKiB > 0 && missing == nil)
        #expect(output.notices.isEmpty)
    }

    @Test("an event a period, the first at once; without room it waits")
    func period() throws {
        let root = try machine()
        let health = HealthSource(root: UTF8Text(root.path), diskPath: "/", periodMilliseconds: 60_000)
        #expect(served(health, context(5000, room: 0)).events.isEmpty)
        #expect(served(health, context(5000)).events.count == 1)
        #expect(health.nextDeadline == 65_000 && health.state == nil)
        #expect(served(health, context(64_999)).events.isEmpty)
        #expect(served(health, context(65_000)).events.count == 1)
    }

    @Test("what cannot be read is 0, and told once")
    func missing() throws {
        let root = try TemporaryDirectory(named: "health")
        let health = HealthSource(root: UTF8Text(root.path), diskPath: "/nonexistent", periodMilliseconds: 1000)
        let first = served(health, context(0))
        #expect(first.events.count == 1)
        #expect(first.notices.first?.text.string.contains("proc/uptime") == true)
        // The log has it once; status and doctor as long as it is so.
        #expect(served(health, context(1000)).notices.isEmpty)
        #expect(health.state == SourceState(isWorking: false, "\(root.path)/proc/uptime cannot be read: 0 is reported in its place"))
    }

    @Test("nonsense in a file is not understood, and does not trap", arguments: ["", "\n", "x", "-1", "99999999999999999999", ":::", "eth0:", "1.2.3"])
    func nonsense(_ text: String) throws {
        let root = try machine()
        for file in ["proc/uptime", "proc/loadavg", "proc/meminfo", "proc/net/dev", "sys/class/thermal/thermal_zone0/temp"] {
            try root.write(text, to: file)
        }
        let health = HealthSource(root: UTF8Text(root.path), diskPath: "/", periodMilliseconds: 1000)
        #expect(served(health, context(0)).events.count == 1)
    }

    @Test("this very machine has an uptime, memory and disk")
    func real() {
        let (facts, missing) = HealthReader(root: "", diskPath: "/").read(unreceiptedCount: 0)
        #expect(missing == nil)
        #expect(facts.uptimeSeconds > 0 && facts.memoryFreeKiB > 0 && facts.diskFreeKiB > 0)
    }
}
