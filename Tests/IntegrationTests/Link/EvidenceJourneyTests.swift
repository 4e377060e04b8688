import Foundation
import Testing

extension BrokersAndNodes {
    /// From a source's line to a verdict that needs no network.
    @Suite struct EvidenceJourneys {
        private static let subject = "https://id.gs1.org/00/395212340000000175"

        @Test("evidence from three nodes of which one is stopped: said so, and it verifies; damaged or with too few receipts it does not")
        func oneNodeStopped() throws {
            let alliance = try Alliance(name: "gba-evidence", nodes: ["hk-1", "gz-1", "mo-1"], quorum: 2)
            let broker = try RunningBroker(alliance)
            let nodes = try alliance.nodes.map { try RunningNode(alliance, $0, brokerPorts: [broker.port]) }
            let agent = try RunningAgent(alliance, brokerPorts: [broker.port])
            try agent.start()
            try Journey(agent).feed(6)
            try agent.waitUntilReceipted()
            nodes[2].stop()
            // Two of three are the quorum.
            let everyNode = nodes.flatMap { ["--node", $0.url] }
            let trusting = ["--trust", "alliance/alliance.hstrust"]

            let made = try harborseal(alliance, ["evidence", "--subject", Self.subject] + everyNode + trusting + ["-o", "journey.hsev"], acceptable: [2])
            #expect(made.contains("\(nodes[2].url): NOT included") && made.contains("\(nodes[0].url): answered"), "\(made)")
            #expect(made.contains("6 events") && !made.contains("LEFT OUT"), "\(made)")
            let verdict = try harborseal(alliance, ["verify", "journey.hsev"] + trusting, acceptable: [0, 2])
            #expect(verdict.contains("hk-1") && verdict.contains("gz-1") && !verdict.contains("✗"), "\(verdict)")
            let inspected = try harborseal(alliance, ["inspect", "journey.hsev"])
            #expect(inspected.contains(agent.gateway) && inspected.contains(alliance.name), "\(inspected)")

            // One node alone is no quorum, and one changed bit is no evidence.
            let oneNode = ["evidence", "--subject", Self.subject, "--node", nodes[0].url, "-o", "alone.hsev"]
            let nothing = try harborseal(alliance, oneNode + trusting, acceptable: [1])
            #expect(nothing.contains("events with 1 of the 2 receipts that they need"), "\(nothing)")
            _ = try harborseal(alliance, oneNode)
            let alone = try harborseal(alliance, ["verify", "alone.hsev"] + trusting, acceptable: [1])
            #expect(alone.contains("1 receipt where the trust file asks for 2"), "\(alone)")
            let file = URL(fileURLWithPath: alliance.folder.file("journey.hsev"))
            var bytes = try Data(contentsOf: file)
            bytes[bytes.count / 2] ^= 1
            try bytes.write(to: file)
            _ = try harborseal(alliance, ["verify", "journey.hsev"] + trusting, acceptable: [1, 65])
        }

        @Test("no node that answers, or nothing about the subject, is an error that says what to do")
        func nothingToShow() throws {
            let alliance = try Alliance(name: "gba-nothing", nodes: ["hk-1"], quorum: 1)
            let broker = try RunningBroker(alliance)
            let node = try RunningNode(alliance, "hk-1", brokerPorts: [broker.port])
            let words = ["evidence", "--subject", "bic:CSQU3054383", "--node", node.url, "-o", "nothing.hsev"]
            let unknown = try harborseal(alliance, words, acceptable: [1])
            #expect(unknown.contains("holds nothing about this"), "\(unknown)")
            node.stop()
            let unreachable = try harborseal(alliance, words, acceptable: [1])
            #expect(unreachable.contains("NOT included") && unreachable.contains("Connection refused"), "\(unreachable)")
            #expect(!FileManager.default.fileExists(atPath: alliance.folder.file("nothing.hsev")))
        }

        private func harborseal(_ alliance: Alliance, _ words: [String], acceptable: Set<Int32> = [0]) throws -> String {
            try ChildProcess.run([try Programs.harborseal] + words, in: alliance.folder.path, acceptable: acceptable)
        }
    }
}
