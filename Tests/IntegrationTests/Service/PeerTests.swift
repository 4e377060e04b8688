import AttestationFormat
import Foundation
import Testing

extension BrokersAndNodes {
    /// Other users of the gateway at the sockets of the real agent.
    @Suite(.enabled(if: geteuid() == 0, "only root can ask as another user")) struct Peers {
        private static let alliance = Result { try Alliance(name: "gba-peers", nodes: ["hk-1"], quorum: 1) }
        private static let nobody = 65_534

        /// An agent whose sockets everybody reaches: nothing but its check of the peer may stop them.
        private func agent(intake: String = "", settings: [String] = []) throws -> RunningAgent {
            let agent = try RunningAgent(try Self.alliance.get(), brokerPorts: [], settings: RunningAgent.quick + settings)
            try agent.reconfigure("[control]", "[control]\nmode = 0666")
            try agent.reconfigure("type = intake", "type = intake\nmode = 0666\n\(intake)")
            try FileManager.default.setAttributes([.posixPermissions: 0o711], ofItemAtPath: agent.folder.path)
            try agent.start()
            return agent
        }

        /// Sends one line as a user and as its group, and returns what comes until a line or the connection ends.
        private func ask(_ line: String, _ socket: String, as user: Int, group: Int = Self.nobody) throws -> String {
            let script = """
                import os, socket, sys
                os.setgroups([]); os.setgid(int(sys.argv[4])); os.setuid(int(sys.argv[3]))
                asker = socket.socket(socket.AF_UNIX)
                asker.settimeout(10)
                asker.connect(sys.argv[1])
                try: asker.sendall(sys.argv[2].encode() + b"\\n")
                except OSError: pass  # turned away already: the reason waits to be read
                print(asker.makefile().readline(), end="")
                """
            return try ChildProcess.run([try Programs.python, "-c", script, socket, line, "\(user)", "\(group)"])
        }

        @Test("a user whom the configuration does not name may not record", arguments: ["", "allow-uid = 1000", "allow-gid = 1000"])
        func refused(intake: String) throws {
            let agent = try agent(intake: intake)
            let answer = try ask(IntakeClient.line(number: 1), agent.intakeSocket, as: Self.nobody)
            #expect(answer.contains("user 65534 may not record events"), "\(answer)")
            #expect(!(try agent.storedEvents().contains { $0.view.documents.contains { $0.value.string == "wms-1/1" } }))
            // Counted, where people and scripts look; a line of somebody who may is none of them.
            _ = try ask(IntakeClient.line(number: 2), agent.intakeSocket, as: Self.nobody)
            #expect(try agent.intake().send("no line").isRefused)
            #expect(try agent.report().number("dropped-or-refused", "stranger-senders") == 2)
            let shown = try agent.command("status").output.split(separator: "\n").first { $0.contains("stranger-senders") }
            #expect(shown?.split(separator: " ").last == "2", "\(shown ?? "nothing")")
        }

        @Test("a user and a group that the configuration names may record", arguments: ["allow-uid = 1000, 65534", "allow-gid = 4242"])
        func allowed(intake: String) throws {
            let agent = try agent(intake: intake)
            let answer = try ask(IntakeClient.line(number: 1), agent.intakeSocket, as: Self.nobody, group: 4_242)
            #expect(answer.contains("\"sequence\":"), "\(answer)")
            #expect(try agent.report().number("dropped-or-refused", "stranger-senders") == 0)
            #expect(try agent.storedEvents().contains { $0.view.documents.contains { $0.value.string == "wms-1/1" } })
        }

        @Test("that events are archived is believed of root, not of whoever else may ask for the status")
        func archived() throws {
            let agent = try agent(settings: ["batches.share=hashes"])
            try Journey(agent).feed(5)
            let report = try agent.waitForReport("every batch signed") { $0.number("journal", "signed") == $0.number("journal", "events") }
            let signed = report.number("journal", "signed")
            let question = "archived \(report.text("agent", "epoch")) \(signed)"
            #expect(try ask("status json", agent.controlSocket, as: Self.nobody).contains(report.text("agent", "epoch")))
            #expect(try ask(question, agent.controlSocket, as: Self.nobody).isEmpty)
            #expect(try agent.report().number("journal", "archived") == 0)
            #expect(agent.log.contains("only root and the agent's user may"), "\(agent.tail)")
            #expect(try ask(question, agent.controlSocket, as: 0).hasPrefix("\(signed) "))
            #expect(try agent.report().number("journal", "archived") == signed)
        }
    }
}
