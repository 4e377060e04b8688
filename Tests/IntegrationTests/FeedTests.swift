import AttestationFormat
import Foundation
import HarborsealTesting
import Testing

/// Sources that hear other devices, with the Embedded Swift build: a receiver on a serial line, a local broker, a driver of its own.
@Suite(.serialized, .timeLimit(.minutes(4)))
struct FeedTests {
    /// The events in the journal of an agent that has ended.
    private func events(_ agent: RunningAgent) throws -> [EventView] {
        agent.terminate()
        return try agent.storedEvents().map(\.view)
    }

    private func sentence(_ body: String) -> String {
        let sum = body.utf8.reduce(UInt8(0)) { $0 ^ $1 }
        return "$" + body + "*" + (sum < 16 ? "0" : "") + String(sum, radix: 16, uppercase: true) + "\r\n"
    }

    @Test("a receiver on a serial line: positions in the journal; pulled out: said in status within seconds; plugged in: gone again")
    func receiver() throws {
        let folder = try ScratchFolder(named: "hs-serial")
        let link = folder.file("receiver")
        let line = try PseudoTerminal()
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: line.path)
        let agent = try RunningAgent(
            try Alliance.ofOneNode(), brokerPorts: [],
            settings: RunningAgent.quick + ["source.gps.type=nmea", "source.gps.device=\(link)", "source.gps.period=0"])
        try agent.start()
        let before = try #require(agent.status).journal.events
        func burst(_ second: Int) -> String {
            sentence("GNRMC,0912\(second).00,A,4813.0535,N,00824.8697,E,0.00,0.00,101026,,,A")
                + sentence("GNGGA,0912\(second).00,4813.0535,N,00824.8697,E,1,12,0.7,765.8,M,47.4,M,,")
        }
        line.send(burst(32))
        try wait(until: "a position in the journal", instead: { agent.tail }) { agent.status.map { $0.journal.events > before } ?? false }
        line.unplug()
        try wait(until: "the loss in status", instead: { agent.tail }) { self.complains(agent) }
        let again = try PseudoTerminal()
        try FileManager.default.removeItem(atPath: link)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: again.path)
        let known = try #require(agent.status).journal.events
        var second = 33
        try wait(until: "the receiver is heard again", everyMilliseconds: 100, instead: { agent.tail }) {
            again.send(burst(10 + second % 50))
            second += 1
            return !self.complains(agent) && agent.status.map { $0.journal.events > known } ?? false
        }
        let positions = try events(agent).filter { $0.kind == .number(31) }
        #expect(positions.count >= 2)
        #expect(
            positions.first?.position
                == EventPosition(latitude: 482_175_583, longitude: 84_144_950, accuracyMillimetres: 13_300, altitudeMillimetres: 813_200))
    }

    private func complains(_ agent: RunningAgent) -> Bool {
        agent.status?.concerns?.contains { $0.text.hasPrefix("[source.gps]") } ?? false
    }

    @Test("a door behind a local broker: opened and closed are priority events, what the broker kept is none")
    func door() throws {
        let broker = try TestBroker()
        try broker.start()
        func publish(_ isClosed: Bool, _ options: String...) throws {
            try ChildProcess.run(
                ["mosquitto_pub", "-p", "\(broker.port)", "-q", "1", "-t", "zigbee2mqtt/door", "-m", "{\"contact\":\(isClosed),\"battery\":100}"] + options, in: "/tmp")
        }
        try publish(true, "-r")
        let agent = try RunningAgent(
            try Alliance.ofOneNode(), brokerPorts: [],
            settings: RunningAgent.quick + [
                "source.zigbee.type=mqtt", "source.zigbee.port=\(broker.port)", "mapping.rear-door.source=zigbee", "mapping.rear-door.topic=zigbee2mqtt/door",
                "mapping.rear-door.pointer=/contact", "mapping.rear-door.value=contact",
            ])
        try agent.start()
        try wait(until: "the retained message is sent", instead: { broker.logText }) { broker.logText.contains("Sending PUBLISH to \(agent.gateway).zigbee") }
        let before = try #require(agent.status).journal.events
        for isClosed in [true, false, true] { try publish(isClosed) }
        try wait(until: "two events", instead: { agent.tail }) { agent.status.map { $0.journal.events >= before + 2 } ?? false }
        let doors = try events(agent).filter { $0.kind == .number(43) || $0.kind == .number(44) }
        #expect(doors.map(\.kind) == [.number(43), .number(44)])
        #expect(doors.allSatisfy { $0.extensionValue("contact") == .text("rear-door") })
    }

    @Test("the driver that CONTRIBUTING.md shows: each reading is an event, also when agent and driver are killed in between")
    func example() throws {
        let text = try String(contentsOfFile: Programs.packageRoot + "/CONTRIBUTING.md", encoding: .utf8)
        let parts = text.components(separatedBy: "```python\n")
        let program = try #require(parts.count == 2 ? parts[1].components(separatedBy: "```")[0] : nil)
        #expect(program.split(separator: "\n").count <= 36)
        let agent = try RunningAgent(try Alliance.ofOneNode(), brokerPorts: [])
        try program.write(toFile: agent.folder.file("driver.py"), atomically: false, encoding: .utf8)
        try "4250\n".write(toFile: agent.folder.file("sensor"), atomically: false, encoding: .utf8)
        let words = [try Programs.python, agent.folder.file("driver.py"), agent.intakeSocket, agent.folder.file("sensor"), agent.folder.file("numbers"), "0.02"]
        var driver = try ChildProcess(words, logFile: agent.folder.file("driver.log"))
        try agent.start()
        func waitForEvents(_ count: UInt64) throws {
            try wait(until: "\(count) events", instead: { driver.log + agent.tail }) { agent.status.map { $0.journal.events >= count } ?? false }
        }
        try waitForEvents(20)
        driver.kill()
        driver = try ChildProcess(words, logFile: agent.folder.file("driver.log"))
        try waitForEvents(40)
        agent.kill()
        try "broken\n".write(toFile: agent.folder.file("sensor"), atomically: false, encoding: .utf8)
        try agent.start()
        try waitForEvents(60)
        driver.kill()
        let readings = try events(agent).filter { $0.kind == .number(40) }
        #expect(readings.count >= 50)
        #expect(readings.first?.readings.first?.value == CBORInteger(4250))
        #expect(readings.last?.readings.first?.value == nil && readings.last?.flags.contains(.sensorFault) == true)
        #expect(driver.log.isEmpty, "\(driver.log)")
    }
}
