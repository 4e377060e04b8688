import AttestationFormat
import DeviceCrypto
import Foundation
import HarborsealTesting
import MerkleTree
import Testing

extension BrokersAndNodes {
    /// The gateway's copy of the trust file, by the real agent: from a node's reply onto the medium, out of date, and forged.
    @Suite struct TrustFiles {
        /// An agent whose trust file is version 1, with a receipt for its first event, while broker and node go on with a later version.
        private struct Stage {
            let alliance: Alliance
            let broker: RunningBroker
            let node: RunningNode
            let agent: RunningAgent
            let journey: Journey
            let first: Data

            init(_ name: String) throws {
                alliance = try Alliance(name: name, nodes: ["hk-1"], quorum: 1)
                broker = try RunningBroker(alliance)
                node = try RunningNode(alliance, "hk-1", brokerPorts: [broker.port])
                agent = try RunningAgent(alliance, brokerPorts: [broker.port])
                first = try Data(contentsOf: URL(fileURLWithPath: alliance.trustFile))
                try agent.start()
                journey = try Journey(agent)
                try journey.feed(1)
                try agent.waitUntilReceipted()
            }

            var trustFile: String { agent.folder.file("alliance.hstrust") }
            var held: Data? { FileManager.default.contents(atPath: trustFile) }

            /// Signs version 2, which names a second node, and waits until the node has taken it.
            func signSecond() throws -> Data {
                try alliance.harborseal("alliance", "add-node", "gz-1", "--url", "http://127.0.0.1:8481")
                try alliance.harborseal("alliance", "sign", "--quorum", "2")
                node.reload()
                try wait(until: "the node's new trust file", everyMilliseconds: 50, instead: { node.log }) { node.metric("harborseal_trust_file_version") == 2 }
                return try Data(contentsOf: URL(fileURLWithPath: alliance.trustFile))
            }
        }

        @Test("a gateway takes a newer trust file from a node's answer when it connects again: on the medium, in force, in doctor, and after a start")
        func newer() throws {
            let stage = try Stage("gba-newer")
            let agent = stage.agent
            let second = try stage.signSecond()
            #expect(stage.held == stage.first && second != stage.first)
            // The node first: a hello that no node hears brings no answer.
            agent.process?.signal(SIGSTOP)
            stage.broker.kill()
            try stage.broker.start()
            try wait(until: "the node is back", instead: { stage.node.log }) { stage.node.log.components(separatedBy: "broker connected").count == 3 }
            agent.process?.signal(SIGCONT)
            try wait(until: "version 2", seconds: 40, everyMilliseconds: 50, instead: { agent.tail }) { stage.held == second }
            try agent.waitForReport("the new node") { $0.number(ofNode: "gz-1", "receipts") == 0 }
            let words = "version 2, 2 nodes, 2 receipts needed"
            #expect(try agent.command("doctor").output.contains(words))
            #expect(!FileManager.default.fileExists(atPath: stage.trustFile + ".update"))
            agent.kill()
            try agent.start()
            try agent.waitForReport("the new node") { $0.number(ofNode: "gz-1", "receipts") == 0 && $0.number(ofNode: "hk-1", "receipts") == 0 }
            #expect(try agent.command("doctor").output.contains(words) && stage.held == second)
        }

        @Test("killed at each call on its trust file while it takes a newer one, a gateway has the old or the new one, whole, and the next start takes it", .timeLimit(.minutes(3)))
        func killed() throws {
            let stage = try Stage("gba-trust-kill")
            stage.agent.kill()
            let second = try stage.signSecond()
            let log = stage.agent.folder.file("strace")
            try stage.agent.launch(under: wrapper(stage, log: log))
            try wait(until: "version 2", instead: { stage.agent.tail }) { stage.held == second }
            stage.agent.terminate()
            let steps = try DurableSteps(log)
            #expect(steps.faults.isEmpty && steps.placed == [stage.trustFile + ".update", stage.trustFile], "\(steps)")

            var outcomes: Set<[Data?]> = []
            for point in KillPoint.spread(.max, over: steps.calls) {
                stage.agent.kill()
                try stage.first.write(to: URL(fileURLWithPath: stage.trustFile))
                try stage.agent.launch(under: wrapper(stage, log: log, killingAt: point))
                #expect(stage.agent.process?.waitUntilEnded(seconds: 60) == .signalled(SIGKILL), "\(point) did not strike: \(stage.agent.tail)")
                let held = stage.held
                #expect(held == stage.first || held == second, "\(point): neither the old nor the new file")
                // Whatever a cut leaves, the next start takes the new one; once for each thing that it can leave.
                let left = [".update", ".update.new"].map { FileManager.default.contents(atPath: stage.trustFile + $0) }
                guard outcomes.insert([held] + left).inserted else { continue }
                try stage.agent.launch()
                try wait(until: "version 2 after \(point)", instead: { stage.agent.tail }) { stage.held == second }
            }
            #expect(Set(outcomes.map { $0[0] }).count == 2 && outcomes.count >= 4, "\(outcomes)")
        }

        private func wrapper(_ stage: Stage, log: String, killingAt point: KillPoint? = nil) throws -> [String] {
            try? FileManager.default.removeItem(atPath: log)
            let names = ["", ".update", ".update.new"].map { stage.trustFile + $0 }
            return try DurableSteps.wrapper(files: names, folders: [stage.agent.folder.path], log: log, killingAt: point)
        }

        @Test("past its not-after the trust file is used: receipts count, status and doctor warn")
        func outOfDate() throws {
            let alliance = try Alliance(name: "gba-old", nodes: ["hk-1"], quorum: 1)
            try alliance.harborseal("alliance", "sign", "--valid-days", "1")
            let broker = try RunningBroker(alliance)
            let node = try RunningNode(alliance, "hk-1", brokerPorts: [broker.port])
            let agent = try RunningAgent(alliance, brokerPorts: [broker.port])
            try agent.start()
            let journey = try Journey(agent)
            try journey.feed(1)
            try agent.waitUntilReceipted()
            #expect(try agent.report().concerns("trust-file-old").isEmpty)
            #expect(try !agent.command("doctor").output.contains("out of date"))
            agent.kill()

            let folder = try ScratchFolder(named: "hs-clock")
            agent.program = try ClockShift(seconds: 3 * 86_400).agent(in: folder)
            try agent.start()
            try journey.feed(2)
            try agent.waitUntilReceipted(seconds: 40)
            try journey.expectEverything(once: 3, in: node)
            let concern = try #require(try agent.report().concerns("trust-file-old").first)
            #expect(concern.contains("out of date and goes on being used") && concern.contains("ask the alliance for a newer one"))
            let doctor = try ChildProcess.run((agent.program ?? []) + ["doctor", "--config", agent.configuration], acceptable: [0, 1, 2])
            let lines = doctor.split(separator: "\n").filter { $0.contains("out of date") }
            #expect(lines.count == 1 && lines[0].contains("warning  trust") && lines[0].contains("version 2, 1 nodes, 1 receipts needed; out of date"), "\(doctor)")
        }

        @Test("trust files that are forged in a node's name are not taken: the one in force stays, and status and doctor say why, until an honest one comes")
        func forged() throws {
            let alliance = try Alliance(name: "gba-forged-trust", nodes: ["hk-1"], quorum: 1)
            // The same names under a root of its own, and two versions ahead.
            let other = try Alliance(name: "gba-forged-trust", nodes: ["hk-1"], quorum: 1)
            for _ in 1...2 { try other.harborseal("alliance", "sign", "--valid-days", "300") }
            let broker = try OpenBroker(alliance)
            let anybody = try PlainClient(broker.plainPort)
            let agent = try RunningAgent(alliance, brokerPorts: [broker.plainPort])
            try agent.connectPlainly()
            try agent.start()
            let held = try Data(contentsOf: URL(fileURLWithPath: alliance.trustFile))
            func inPlace() throws -> Data { try Data(contentsOf: URL(fileURLWithPath: agent.folder.file("alliance.hstrust"))) }
            try agent.waitForReport("the connection") { $0.text("link", "state") == "connected" }
            try alliance.harborseal("alliance", "sign", "--valid-days", "300")
            let second = try Data(contentsOf: URL(fileURLWithPath: alliance.trustFile))
            var changed = second
            changed[changed.count - 1] ^= 1
            let foreign = try Data(contentsOf: URL(fileURLWithPath: other.trustFile))
            for (bytes, words) in [(foreign, "under another root"), (changed, "its signature is not the alliance's")] {
                try send(bytes, to: agent, anybody)
                let report = try agent.waitForReport(words) { $0.concerns("trust-file-refused").contains { $0.contains(words) } }
                #expect(report.concerns("trust-file-refused").count == 1)
                let doctor = try agent.command("doctor")
                #expect(doctor.code == 1 && doctor.output.contains("a node sent a trust file that is not taken") && doctor.output.contains(words), "\(doctor)")
                #expect(try inPlace() == held)
            }
            try send(second, to: agent, anybody)
            try agent.waitForReport("the honest one") { $0.concerns("trust-file-refused").isEmpty }
            #expect(try inPlace() == second)
            // A node that has not got the newer one yet is no problem of this gateway's.
            try send(held, to: agent, anybody)
            let refused = try agent.waitForReport("the older one") { $0.number("dropped-or-refused", "rejected-trust-files") == 3 }
            let finding = try Diagnosis(agent).findings.first { $0.check == "trust-file-refused" }
            #expect(finding?.level == "ok" && finding?.value == "a node sent a trust file that is not taken: it is older than the one in force", "\(String(describing: finding))")
            #expect(refused.concerns("trust-file-refused").isEmpty)
            #expect(try inPlace() == second)
        }

        /// In the node's name, as a broker's operator could.
        private func send(_ trustFile: Data, to agent: RunningAgent, _ anybody: PlainClient) throws {
            let gateway = try #require(GatewayID(UTF8Text(agent.gateway)))
            let topic = Topic(gateway, .reply(node: try #require(Name("hk-1"))), using: SHA256.self)
            try anybody.publish(Reply.trustFile(try UnverifiedTrustFile(parsing: Array(trustFile))).encoded(), to: topic)
        }
    }
}
