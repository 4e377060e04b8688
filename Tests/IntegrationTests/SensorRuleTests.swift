import AttestationFormat
import Foundation
import Testing

/// Readings through the intake socket, rules in the configuration, excursions in the journal: with the Embedded release build.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct SensorRuleTests {
    private static let settings = [
        "sensor.reefer-air.quantity=temperature", "sensor.reefer-air.period=1 s", "sensor.reefer-air.expected=-30 .. 40",
        "rule.warm.sensor=reefer-air", "rule.warm.limit=above 8", "rule.warm.for=1 s", "rule.warm.hysteresis=0.5",
    ]

    private static func line(_ number: Int, _ celsius: String) -> String {
        """
        {"source":"probe","number":\(number),"kind":"condition.summary",\
        "readings":[{"sensor":"reefer-air","quantity":"temperature","value":\(celsius)}]}
        """
    }

    @Test("lines that stay above 8 °C for the rule's time open one excursion, a kill in between does not open a second, and coming back closes it")
    func excursion() throws {
        let agent = try RunningAgent(try Alliance.ofOneNode(), brokerPorts: [], settings: RunningAgent.quick + Self.settings)
        try agent.start()
        var number = 0
        func isOpen() throws -> Bool { (try #require(agent.status).concerns ?? []).contains { $0.name == "excursion" && $0.text.contains("warm") } }
        /// A line at least; and until `isDone`, or for a minute.
        func send(_ celsius: String, until isDone: () throws -> Bool = { true }) throws {
            let client = try agent.intake()
            let end = ContinuousClock.now.advanced(by: .seconds(60))
            repeat {
                number += 1
                let answer = try client.send(Self.line(number, celsius))
                guard case .stored = answer else { throw IntegrationFailure("\(answer)") }
                // The same line again is the same reading: it must not count twice.
                #expect(try client.send(Self.line(number, celsius)) == answer)
                usleep(200_000)
            } while try !isDone() && ContinuousClock.now < end
        }
        try send("4.25")
        let begun = ContinuousClock.now
        try send("8.5", until: isOpen)
        #expect(try isOpen())
        let mostMilliseconds = Int64(begun.duration(to: .now) / .milliseconds(1))
        agent.kill()
        try agent.start()
        #expect(try isOpen())
        let again = ContinuousClock.now
        try send("9.75", until: { again.duration(to: .now) > .milliseconds(700) })
        try send("7.25")
        agent.terminate()

        let events = try agent.storedEvents()
        let opened = events.filter { $0.kind == 41 }
        let closed = events.filter { $0.kind == 42 }
        #expect(opened.count == 1 && closed.count == 1)
        #expect(opened.first?.text("rule") == "warm")
        #expect(opened.first?.number("threshold") == 8_000)
        #expect((1_000...max(mostMilliseconds, 1_000)).contains(opened.first?.number("duration-ms") ?? 0))
        #expect(closed.first?.number("worst") == 9_750)
        #expect((closed.first?.number("duration-ms") ?? 0) > (opened.first?.number("duration-ms") ?? 0))
        #expect(closed.first?.view.readings.first?.value?.int64 == 7_250)
        // Each line is one event: what the agent adds are summaries that say what the rule has counted.
        let lines = events.filter { $0.kind == 40 && $0.number("breach-ms.warm") == nil }
        #expect(lines.count == number)
        let first = try #require(events.firstIndex { $0.kind == 1 })
        #expect(events.prefix(first).isEmpty, "agent.started names the boot of everything behind it")
    }

    @Test("a line with an implausible value is stored with the flag, and three silent periods are a flagged event")
    func flaggedAndSilent() throws {
        let agent = try RunningAgent(try Alliance.ofOneNode(), brokerPorts: [], settings: RunningAgent.quick + Self.settings)
        try agent.start()
        let client = try agent.intake()
        guard case .stored = try client.send(Self.line(1, "41")) else { throw IntegrationFailure("a flagged line was refused") }
        try wait(until: "the silent sensor is a concern", seconds: 10, everyMilliseconds: 100) {
            (agent.status?.concerns ?? []).contains { $0.name == "sensor" && $0.text.contains("reefer-air is silent") }
        }
        agent.terminate()
        let events = try agent.storedEvents()
        let flagged = try #require(events.first { $0.kind == 40 })
        #expect(flagged.view.flags.contains(.suspectValue))
        let silent = events.filter { $0.text("reason") == "silent" }
        #expect(silent.count == 1)
        #expect(silent.first?.view.flags.contains(.sensorFault) == true)
        #expect(silent.first?.view.readings.first?.value == nil)
    }
}
