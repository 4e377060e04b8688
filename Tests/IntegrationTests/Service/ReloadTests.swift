import AttestationFormat
import Foundation
import Testing

extension BrokersAndNodes {
    /// Configuration in pieces, and configuration that changes under a running agent.
    @Suite struct Reload {
        private static let alliance = Result { try Alliance(name: "gba-reload", nodes: ["hk-1"], quorum: 1) }

        private func agent(_ settings: [String] = ["journal.sync-interval=0"]) throws -> RunningAgent {
            try RunningAgent(try Self.alliance.get(), brokerPorts: [], settings: settings)
        }

        private func dropIn(_ agent: RunningAgent, _ name: String, _ text: String) throws {
            let folder = agent.configuration + ".d"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try text.write(toFile: "\(folder)/\(name)", atomically: false, encoding: .utf8)
        }

        /// Sends SIGHUP and returns what the agent says about it.
        private func reload(_ agent: RunningAgent) throws -> String {
            let before = agent.log.count
            agent.process?.signal(SIGHUP)
            return try wait(for: "the agent's word on its new configuration", seconds: 5) {
                let new = String(agent.log.dropFirst(before))
                return new.contains("configuration") ? new : nil
            }
        }

        @Test("drop-ins are read in the order of their names, over the file; check-config says where each value came from")
        func dropIns() throws {
            let agent = try agent()
            try dropIn(agent, "20-late.conf", "[batches]\nbatch-events = 20\n")
            try dropIn(agent, "10-early.conf", "# first\n\n[batches]\nbatch-events = 10\nbatch-interval = 7 s\n")
            try dropIn(agent, "30-no.conf~", "[batches]\nbatch-events = 30\n")
            try dropIn(agent, "99.txt", "nonsense\n")
            let text = try agent.command("check-config")
            #expect(text.code == 0, "\(text.output)")
            #expect(text.output.contains("# \(agent.configuration).d/20-late.conf:2\nbatch-events = 20\n"), "\(text.output)")
            #expect(text.output.contains("# \(agent.configuration).d/10-early.conf:5\nbatch-interval = 7 s\n"))
            #expect(text.output.contains("# \(agent.configuration):2\nalliance = gba-reload\n"))
            #expect(text.output.contains("# default\nbatch-bytes = 64 KiB\n"))
            let json = try agent.command("check-config", "--json", "--set", "batches.batch-bytes=8 KiB")
            // The rows are the last line; before it stands, on standard error, what is passed over.
            let last = try #require(json.output.split(separator: "\n").last { $0.hasPrefix("[") }, "\(json.output)")
            let rows = try #require(try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [[String: Any]])
            func row(_ key: String) -> [String: Any]? { rows.first { $0["section"] as? String == "batches" && $0["key"] as? String == key } }
            #expect(row("batch-events")?["value"] as? String == "20" && (row("batch-events")?["origin"] as? String)?.hasSuffix("20-late.conf:2") == true)
            #expect((row("batch-bytes")?["origin"] as? String)?.hasPrefix("flag") == true)
            #expect(row("share-exceptions")?["value"] is NSNull)
        }

        @Test("a wrong line of a drop-in is named with its file and line, by every command, with 78", arguments: ["run", "check-config", "status", "doctor"])
        func wrongDropIn(command: String) throws {
            let agent = try agent()
            try dropIn(agent, "10.conf", "[batches]\nbatch-events = many\n")
            let result = try agent.command(command)
            #expect(result.code == 78 && result.output.contains("agent.conf.d/10.conf:2"), "\(result.output)")
        }

        @Test("SIGHUP takes a new configuration: the next batch closes by it") func reloads() throws {
            let agent = try agent()
            try dropIn(agent, "10.conf", "[batches]\nbatch-interval = 1 h\nbatch-events = 1000\n")
            try agent.start()
            try Journey(agent).feed(5)
            #expect(try agent.report().number("batches", "signed") == 0)
            try dropIn(agent, "10.conf", "[batches]\nbatch-interval = 20 ms\n")
            #expect(try reload(agent).contains("configuration read again"))
            try Journey(agent).feed(1)
            try agent.waitForReport("a signed batch") { $0.number("batches", "signed") > 0 }
        }

        @Test("SIGHUP takes changed sensors and rules: status shows them, what did not change goes on, and agent.started says the new hash")
        func sensorsAndRules() throws {
            let agent = try agent(RunningAgent.quick)
            let sensor = "[sensor.air]\nquantity = temperature\nperiod = 1 h\n"
            func rule(_ name: String, _ limit: String) -> String { "[rule.\(name)]\nsensor = air\nlimit = \(limit)\n" }
            try dropIn(agent, "10.conf", sensor + rule("warm", "above 8") + rule("hot", "above 30"))
            try agent.start()
            let line = #"{"source":"probe","number":1,"kind":"condition.summary","readings":[{"sensor":"air","quantity":"temperature","value":41}]}"#
            guard case .stored = try agent.intake().send(line) else { throw IntegrationFailure("the line was refused: \(agent.tail)") }
            #expect(try rules(agent) == ["warm open", "hot open"])
            try dropIn(agent, "10.conf", sensor + "[sensor.door]\nquantity = state\n" + rule("warm", "above 8") + rule("cold", "below 2"))
            let said = try reload(agent)
            #expect(said.contains("configuration read again") && !said.contains("next start"), "\(said)")
            #expect(try rules(agent) == ["warm open", "cold clear"])
            #expect(try rows(agent, "sensors").compactMap { $0["name"] as? String } == ["air", "door"])
            agent.process?.signal(SIGHUP)
            #expect(try rules(agent) == ["warm open", "cold clear"], "the same again is no change")
            agent.terminate()
            let events = try agent.storedEvents()
            #expect(events.filter { $0.kind == 1 }.map { $0.text("why") } == ["boot", "reload"])
            let closed = events.filter { $0.kind == 42 }
            #expect(closed.map { $0.text("rule") } == ["hot"] && closed.first?.text("reason") == "rule-removed")
            #expect(events.filter { $0.kind == 41 }.count == 2)
        }

        private func rows(_ agent: RunningAgent, _ name: String) throws -> [[String: Any]] {
            let status = try agent.command("status", "--json")
            let all = try #require(try JSONSerialization.jsonObject(with: Data(status.output.utf8)) as? [String: Any], "\(status.output)")
            return all[name] as? [[String: Any]] ?? []
        }

        private func rules(_ agent: RunningAgent) throws -> [String] {
            try rows(agent, "rules").map { "\($0["name"] ?? "") \($0["state"] ?? "")" }
        }

        @Test("garbage at the control socket is answered with an error, never with the status", arguments: ["nonsense", "", "status", "{}"])
        func garbage(line: String) throws {
            let agent = try agent()
            try agent.start()
            try wait(until: "the control socket") { agent.status != nil }
            let stream = try #require(UnixStream(agent.controlSocket))
            #expect(stream.write(line + "\n"))
            let answer = stream.readAll(seconds: 5)
            #expect(answer.hasPrefix(#"{"error":"#) && answer.hasSuffix("}\n"), "\(answer)")
        }

        /// What is wrong with a configuration, as a drop-in.
        static let wrong = [
            "[batches]\nbatch-events = 0\n", "[batches]\ncolour = blue\n", "[nonsense]\nkey = 1\n", "batch-events = 5\n",
            "[batches]\nbatch-events = 5\nbatch-events = 6\n", "[link]\ninsecure = maybe\n", "[journal]\nkeep-for = fast\n",
            "[batches]\n  batch-events = 5\n\tmore\n", "\u{FEFF}\u{0}",
        ]

        @Test("a wrong configuration changes nothing, is named in the log, and the agent goes on", arguments: wrong) func keepsOld(text: String) throws {
            let agent = try agent()
            try dropIn(agent, "10.conf", "[batches]\nbatch-interval = 20 ms\n")
            try agent.start()
            try dropIn(agent, "20.conf", "[batches]\nbatch-interval = 1 h\n")
            try dropIn(agent, "30.conf", text)
            let said = try reload(agent)
            #expect(said.contains("<3>") && said.contains("the old one stays in force") && said.contains("30.conf"), "\(said)")
            // Not through the program, which reads the wrong configuration too and says so.
            let signed = try #require(agent.status).journal.signed
            try Journey(agent).feed(1)
            // By the hour of 20.conf nothing would be signed.
            try wait(until: "a batch by the old configuration") { agent.status.map { $0.journal.signed > signed } ?? false }
            #expect(agent.terminate().ending == .exited(0))
        }

        @Test("what needs a restart is said, and stays as it was until then") func needsRestart() throws {
            let agent = try agent()
            try agent.start()
            try dropIn(agent, "10.conf", "[journal]\ndirectory = \(agent.journal)-other\n")
            #expect(try reload(agent).contains("takes effect at the next start"))
            try Journey(agent).feed(1)
            #expect(!FileManager.default.fileExists(atPath: agent.journal + "-other"))
        }

        @Test("SIGHUP after SIGHUP, also while events come, loses nothing") func storm() throws {
            let agent = try agent(RunningAgent.quick)
            try agent.start()
            for number in 1...200 {
                agent.process?.signal(SIGHUP)
                guard case .stored = try agent.intake().send(IntakeClient.line(number: number)) else {
                    throw IntegrationFailure("line \(number) was refused: \(agent.tail)")
                }
            }
            #expect(try agent.report().number("journal", "durable") >= 200)
        }
    }
}
