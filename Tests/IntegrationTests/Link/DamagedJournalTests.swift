import Foundation
import Testing

extension BrokersAndNodes {
    /// What the medium spoils while the agent is off: the alliance learns of it from a signed event.
    @Suite struct DamagedJournals {
        private static let alliance = Result { try Alliance(name: "gba-damage", nodes: ["hk-1"], quorum: 1) }
        private static let gapDeclared = "3"

        @Test("an event that damage took, signed or not, is named by one signed gap.declared, and by no second one after another start",
            arguments: [false, true])
        func declared(isSigned: Bool) throws {
            let alliance = try Self.alliance.get()
            let broker = try RunningBroker(alliance)
            // Without a broker nothing is signed in the first 10 s.
            broker.kill()
            let agent = try RunningAgent(alliance, brokerPorts: [broker.port], settings: RunningAgent.quick + ["batches.batch-events=4"])
            try agent.start()
            let lost = try feed(agent, 1...20)[7]
            if isSigned {
                try agent.waitForReport("signatures", seconds: 30) { $0.number("journal", "signed") == $0.number("journal", "events") }
            }
            #expect((try agent.report().number("journal", "signed") > 0) == isSigned)
            #expect(agent.terminate().ending == .exited(0))
            try spoil("wms-1/7", in: agent.journal)

            try broker.start()
            let node = try RunningNode(alliance, "hk-1", brokerPorts: [broker.port])
            var gaps: [LedgerReader.Event] = []
            for start in 1...2 {
                try agent.start()
                _ = try feed(agent, (100 + start)...(100 + start))
                try agent.waitUntilReceipted(seconds: 40)
                #expect(agent.terminate().ending == .exited(0))
                gaps = try node.ledger().events(of: agent.gateway).map(\.event).filter { $0.kind == Self.gapDeclared }
                #expect(gaps.count == 1, "after start \(start): \(gaps)")
            }
            let gap = try #require(gaps.first)
            let place = try #require(lost)
            #expect(gap.fields?["missing"] == "events" && gap.fields?["cause"] == "damage-epoch-\(place.epoch)", "\(gap)")
            let sequence = Int64(place.sequence)
            #expect(gap.numbers?["count"] == 1 && gap.numbers?["from-seq"] == sequence && gap.numbers?["to-seq"] == sequence, "\(gap)")
            // A hole in a chain that nobody has signed ends the epoch; under a statement it does not.
            let ledger = try node.ledger()
            #expect((ledger.epochs(of: agent.gateway).last == place.epoch) == isSigned && ledger.leaves(of: agent.gateway)["wms-1/7"] == nil)
        }

        /// The places of the lines, by number.
        private func feed(_ agent: RunningAgent, _ numbers: ClosedRange<Int>) throws -> [Int: LedgerReader.Place] {
            let client = try agent.intake()
            var places: [Int: LedgerReader.Place] = [:]
            for number in numbers {
                guard case .stored(let place) = try client.send(IntakeClient.line(number: number)) else {
                    throw IntegrationFailure("line \(number) was refused: \(agent.tail)")
                }
                places[number] = place
            }
            return places
        }

        /// Flips one bit of the event that holds this text.
        private func spoil(_ text: String, in folder: String) throws {
            for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name.hasSuffix(".hsj") {
                let url = URL(fileURLWithPath: "\(folder)/\(name)")
                var bytes = try Data(contentsOf: url)
                guard let place = bytes.range(of: Data(text.utf8)) else { continue }
                bytes[place.lowerBound] ^= 0x10
                try bytes.write(to: url)
                return
            }
            throw IntegrationFailure("no segment in \(folder) holds \(text)")
        }
    }
}
