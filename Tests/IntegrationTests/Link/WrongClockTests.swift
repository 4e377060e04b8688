import AttestationFormat
import Foundation
import Testing

extension BrokersAndNodes {
    /// A board without a battery for its clock.
    @Suite struct WrongClocks {
        @Test("with the clock in 1970 events are stored and signed, status says that the clock is wrong, and the right time is enough to mend it")
        func in1970() throws {
            let alliance = try Alliance(name: "gba-1970", nodes: ["hk-1"], quorum: 1)
            let broker = try RunningBroker(alliance)
            let node = try RunningNode(alliance, "hk-1", brokerPorts: [broker.port])
            let agent = try RunningAgent(alliance, brokerPorts: [broker.port])
            let folder = try ScratchFolder(named: "hs-clock")
            agent.program = try ClockShift(seconds: 20 - Int64(Date().timeIntervalSince1970)).agent(in: folder)
            try agent.start()
            let journey = try Journey(agent)
            try journey.feed(3)
            try agent.waitForReport("the cause") { $0.text("link", "cause").contains("this machine's clock is probably wrong") }
            try agent.waitForReport("signatures", seconds: 30) { $0.number("journal", "signed") == $0.number("journal", "events") }
            #expect(agent.terminate().ending == .exited(0))
            let events = try agent.storedEvents()
            #expect(events.count >= 4 && events.allSatisfy { (20_000..<600_000).contains($0.view.wallClockMilliseconds) })

            agent.program = nil
            try agent.start()
            try agent.waitUntilReceipted(seconds: 40)
            try journey.expectEverything(once: 3, in: node)
            let ledger = try node.ledger()
            #expect(ledger.epochs(of: agent.gateway).count == 1 && ledger.brokenLinks(of: agent.gateway).isEmpty)
        }

        @Test("receipts come to a clock in 1970 too, where the link needs no certificate")
        func receiptsIn1970() throws {
            let alliance = try Alliance(name: "gba-1970-plain", nodes: ["hk-1"], quorum: 1)
            let broker = try OpenBroker(alliance)
            let node = try RunningNode(alliance, "hk-1", brokerPorts: [broker.securePort])
            let agent = try RunningAgent(alliance, brokerPorts: [broker.plainPort])
            try agent.connectPlainly()
            let folder = try ScratchFolder(named: "hs-clock")
            agent.program = try ClockShift(seconds: 20 - Int64(Date().timeIntervalSince1970)).agent(in: folder)
            try agent.start()
            let journey = try Journey(agent)
            try journey.feed(3)
            try agent.waitUntilReceipted(seconds: 40)
            try journey.expectEverything(once: 3, in: node)
        }
    }
}
