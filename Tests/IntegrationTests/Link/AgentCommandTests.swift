import Foundation
import HarborsealTesting
import Testing

extension BrokersAndNodes {
    /// The real binary as a person or a script calls it: what it prints, and its exit codes.
    @Suite struct AgentCommands {
        private static let alliance = Result { try Alliance(name: "gba-commands", nodes: ["hk-1"], quorum: 1) }

        /// An agent without a broker: it records and signs.
        private func agent(_ settings: [String] = []) throws -> RunningAgent {
            try RunningAgent(try Self.alliance.get(), brokerPorts: [], settings: RunningAgent.quick + settings)
        }

        @Test("version and selftest say what they are asked") func versionAndSelfTest() throws {
            let version = try AgentCommand.run(["version"])
            #expect(version.code == 0 && version.output.hasPrefix("harborseal-agent "))
            #expect(try AgentCommand.run(["--version"]).output == version.output)
            let selftest = try AgentCommand.run(["selftest"])
            let lines = selftest.output.split(separator: "\n")
            #expect(selftest.code == 0 && lines.count >= 5 && lines.allSatisfy { $0.hasPrefix("ok ") })
        }

        @Test("wrong usage ends with 64 and a hint", arguments: [
            [], ["fly"], ["status", "--colour-me"], ["status", "--config"], ["record"], ["record", "door.opened", "contact"],
            ["journal"], ["journal", "burn"], ["journal", "tail", "ten"], ["journal", "tail", "1", "2"],
            ["selftest", "--json"], ["version", "--json"], ["--version", "--json"], ["run", "--json"],
        ])
        func usage(words: [String]) throws {
            let result = try AgentCommand.run(words)
            #expect(result.code == 64 && result.output.contains("--help"), "\(result.output)")
        }

        @Test("a command to an agent that does not run ends with 69 and says how to start it", arguments: [
            ["status"], ["status", "--json"], ["record", "door.opened", "contact=rear"],
        ])
        func notRunning(words: [String]) throws {
            let agent = try agent()
            let result = try AgentCommand.run(words + ["--config", agent.configuration])
            #expect(result.code == 69 && result.output.contains("harborseal-agent run"), "\(result.output)")
        }

        @Test("people who connect and ask nothing do not keep others from asking") func silentPeople() throws {
            let agent = try agent()
            try agent.start()
            let begun = ContinuousClock.now
            // As many as are served at once, three times over.
            let silent = (0..<24).map { _ in UnixStream(agent.controlSocket) }
            #expect(try agent.command("status").code <= 2)
            // They lose their places after half a second, not after the five that a question may take: fifteen for all three rounds.
            #expect(ContinuousClock.now - begun < .seconds(12), "\(ContinuousClock.now - begun)")
            withExtendedLifetime(silent) {}
        }

        @Test("a configuration that cannot work ends with 78 and names file and line", arguments: ["run", "check-config", "status", "record"])
        func badConfiguration(command: String) throws {
            let agent = try agent()
            try agent.reconfigure("[journal]", "[journal]\ncolour = blue")
            let result = try AgentCommand.run([command] + (command == "record" ? ["door.opened"] : []) + ["--config", agent.configuration])
            #expect(result.code == 78 && result.output.contains("agent.conf:7") && result.output.contains("colour"), "\(result.output)")
        }

        @Test("a configuration file that is not there ends with 66, as any other file", arguments: [
            ["run"], ["check-config"], ["status"], ["doctor"], ["record", "door.opened"], ["journal", "verify"], ["journal", "import", "x"],
        ])
        func missingConfiguration(words: [String]) throws {
            let result = try AgentCommand.run(words + ["--config", "/no/such/agent.conf"])
            #expect(result.code == 66 && result.output.contains("/no/such/agent.conf"), "\(result.output)")
        }

        @Test("an answer that cannot be written is an I/O error", arguments: [["status"], ["check-config"], ["journal", "verify"], ["version"]])
        func fullOutput(words: [String]) throws {
            let agent = try agent()
            try agent.start()
            let command = (["exec", try Programs.agent] + words + ["--config", agent.configuration, ">", "/dev/full"]).joined(separator: " ")
            let scratch = try ScratchFolder(named: "hs-full")
            let child = try ChildProcess(["/bin/sh", "-c", command], logFile: scratch.file("output"))
            #expect(child.waitUntilEnded(seconds: 120) == .exited(74))
            #expect(child.log.contains("No space left on device"), "\(child.log)")
        }

        @Test("what has nothing to say in JSON refuses --json instead of printing text", arguments: [["verify"], ["tail"], ["tail", "3"], ["export"], ["export", "1"]])
        func noJSON(words: [String]) throws {
            let agent = try agent()
            try agent.start()
            let result = try AgentCommand.run(["journal"] + words + ["--json", "--config", agent.configuration])
            #expect(result.code == 64 && result.output.contains("unknown option --json"), "\(result.output)")
        }

        @Test("a folder without replies ends with 66 and says who writes them; so does a folder that is not there") func importNothing() throws {
            let agent = try agent()
            let stick = try Stick()
            let empty = try agent.command("journal", "import", stick.path)
            #expect(empty.code == 66 && empty.output.contains("\(stick.path) has no .hsreply: run harborseal node import"), "\(empty.output)")
            let gone = try agent.command("journal", "import", stick.path + "/gone")
            #expect(gone.code == 66 && gone.output.contains("No such file") && !gone.output.contains("has no .hsreply"), "\(gone.output)")
        }

        @Test("check-config warns of a sensor that no source feeds and of a drop-in that does not count, and is content") func slips() throws {
            let agent = try agent()
            try agent.reconfigure("[source.intake]", "[source.box]\ntype = hwmon\ndevice = sht4x\nchannel = temp1\n\n[sensor.bxo]\nquantity = temperature\n\n[source.intake]")
            try FileManager.default.createDirectory(atPath: agent.configuration + ".d", withIntermediateDirectories: true)
            try "[log]\nlevel = debug\n".write(toFile: agent.configuration + ".d/30-c.cnf", atomically: false, encoding: .utf8)
            let result = try agent.command("check-config")
            #expect(result.code == 0 && result.output.contains("no source or mapping is named bxo, and box has no [sensor.box]"), "\(result.output.suffix(900))")
            #expect(result.output.contains(".d/30-c.cnf: passed over"))
        }

        @Test("check-config names each file that is missing or damaged with 66, and each key open to others with 77, as run ends with", arguments: [
            ("seal.key", "missing"), ("seal.certificate", "missing"), ("link.ca", "missing"), ("link.certificate", "missing"), ("link.key", "missing"),
            ("trust.file", "missing"), ("seal.key", "open"), ("link.key", "open"), ("seal.certificate", "damaged"), ("trust.file", "damaged"),
        ])
        func files(key: String, how: String) throws {
            let agent = try RunningAgent(try Self.alliance.get(), brokerPorts: [1])
            #expect(try agent.command("check-config").code == 0)
            let scratch = try ScratchFolder(named: "hs-file")
            let path = scratch.file("file")
            let keys = agent.keys + (key == "seal.key" ? "/seal.key" : "/link.key")
            switch how {
            case "open":
                try FileManager.default.copyItem(atPath: keys, toPath: path)
                try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
            case "damaged": try Data("garbage".utf8).write(to: URL(fileURLWithPath: path))
            default: break
            }
            let result = try agent.command("check-config", "--set", "\(key)=\(path)")
            #expect(result.code == (how == "open" ? 77 : 66) && result.output.contains("harborseal-agent: \(path): "), "\(result.output.suffix(600))")
            if how == "open" { #expect(try agent.command("run", "--set", "\(key)=\(path)").code == 77) }
            #expect(how != "open" || result.output.contains("chmod 600 \(path)"))
        }

        @Test("check-config prints every value with where it came from") func checkConfig() throws {
            let agent = try agent()
            let result = try agent.command("check-config", "--set", "journal.keep-for=3 d")
            #expect(result.code == 0, "\(result.output)")
            for part in [agent.device, agent.journal, "3 d", "keep-for", "receipt-timeout"] { #expect(result.output.contains(part), "\(part)") }
        }

        @Test("record returns when its event is durable, with its place; a repeated number gets the same place") func record() throws {
            // Syncs are grouped, so that an answer before the sync would show.
            let agent = try agent(["journal.sync-interval=300 ms"])
            try agent.start()
            var answers: [String] = []
            for number in [7, 8, 7] {
                let result = try agent.command("record", "unit.packed", "what=parent:https://id.gs1.org/00/395212340000000175", "what=bic:CSQU3054383", "source=shell", "number=\(number)")
                #expect(result.code == 0 && result.output.contains("nothing new is stored") == (answers.count == 2), "\(result.output)")
                let answer = result.output.split(separator: "\n").first { $0.hasPrefix("{") } ?? ""
                let sequence = try AgentReport(#"{"answer":\#(answer)}"#).number("answer", "sequence")
                #expect(try agent.report().number("journal", "durable") > sequence)
                answers.append(String(answer))
            }
            // The same place, and the word that nothing new is stored: what the number stood for the first time counts.
            #expect(answers[2] == answers[0].dropLast() + ",\"known\":true}" && answers[0] != answers[1] && !answers[1].contains("known"))
            let other = try agent.command("record", "door.opened", "contact=rear", "source=shell", "number=7")
            #expect(other.code == 0 && other.output.contains(",\"known\":true}") && other.output.contains("nothing new is stored"), "\(other.output)")
            let refused = try agent.command("record", "unit.packed", "what=parent:https://id.gs1.org/00/395212340000000176", "what=bic:CSQU3054383")
            #expect(refused.code == 65 && refused.output.contains("check digit 5 expected"), "\(refused.output)")
            // Killed at once: what was answered is in the journal.
            agent.kill()
            let tail = try agent.command("journal", "tail", "20", "--hex")
            let texts = tail.output.split(separator: "\n").map { Self.text(ofHex: $0.split(separator: " ").last ?? "") }
            #expect(tail.code == 0 && texts.count { $0.contains("395212340000000175") } == 2, "\(tail.output)")
        }

        @Test("a slip in a kind's name is refused with the name that was meant; a firm's own kind is taken; the help lists the kinds") func kinds() throws {
            let agent = try agent()
            try agent.start()
            let slip = try agent.command("record", "sael.applied", "seal=A-1")
            #expect(slip.code == 65 && slip.output.contains("was seal.applied meant?"), "\(slip.output)")
            #expect(try agent.command("record", "acme.forklift.weighed", "mass-g=1200").code == 0)
            #expect(try AgentCommand.run(["record", "--help"]).output.contains("door.opened contact=TEXT"))
        }

        @Test("status is JSON for scripts and lines for people") func status() throws {
            let agent = try agent()
            try agent.start()
            try Journey(agent).feed(3)
            let report = try agent.report()
            #expect(report.number("journal", "events") >= 3 && report.text("link", "state") == "none")
            let text = try agent.command("status")
            #expect(text.code == 0 && text.output.contains("\njournal\n") && !text.output.contains("\u{1B}"))
        }

        @Test("journal verify, export and tail read the journal of a running and of a stopped agent, and change nothing") func journal() throws {
            let agent = try agent()
            try agent.start()
            try Journey(agent).feed(5)
            for action in ["verify", "export", "tail"] {
                let beside = try agent.command("journal", action)
                #expect(beside.code == 0 && !beside.output.isEmpty, "\(beside.output)")
            }
            #expect(agent.terminate().ending == .exited(0))
            let files = try Self.files(in: agent.journal)
            let verified = try agent.command("journal", "verify")
            #expect(verified.code == 0 && verified.output.contains("nothing is damaged"), "\(verified.output)")
            let exported = try agent.command("journal", "export").output.split(separator: "\n")
            let sequences = exported.compactMap { $0.split(separator: " ").first.flatMap { Int($0) } }
            #expect(sequences == Array(0..<exported.count) && exported.count >= 5)
            #expect(try agent.command("journal", "export", "3").output.split(separator: "\n").count == exported.count - 3)
            let tail = try agent.command("journal", "tail", "2", "--hex").output.split(separator: "\n")
            #expect(tail.elementsEqual(exported.suffix(2)))
            let lines = try agent.command("journal", "tail", "100").output.split(separator: "\n")
            #expect(lines.count == exported.count && zip(lines, exported).allSatisfy { $0.split(separator: " ")[0] == $1.split(separator: " ")[0] })
            #expect(lines.count { $0.contains("Z unit.packed parent:https://id.gs1.org/00/395212340000000175 bic:CSQU3054383") } == 5, "\(lines)")
            #expect(lines[0].contains("Z agent.started ") && lines[0].contains(" why=boot"))
            #expect(try Self.files(in: agent.journal) == files)
        }

        @Test("journal verify of a damaged journal ends with 1 and says where") func damagedJournal() throws {
            let agent = try agent()
            try agent.start()
            try Journey(agent).feed(20)
            #expect(agent.terminate().ending == .exited(0))
            let segment = try #require(FileManager.default.contentsOfDirectory(atPath: agent.journal).sorted().first { $0.hasSuffix(".hsj") })
            let url = URL(fileURLWithPath: agent.journal + "/" + segment)
            var bytes = try Data(contentsOf: url)
            bytes[bytes.count / 2] ^= 0x10
            try bytes.write(to: url)
            let result = try agent.command("journal", "verify")
            #expect(result.code == 1 && result.output.contains("DAMAGED segment"), "\(result.output)")
        }

        private static func files(in folder: String) throws -> [String: Data] {
            var files: [String: Data] = [:]
            for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
                files[name] = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"))
            }
            return files
        }

        private static func text(ofHex hex: Substring) -> String {
            let digits = Array(hex.utf8)
            let bytes = stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(String(decoding: digits[$0...($0 + 1)], as: UTF8.self), radix: 16) ?? 0 }
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
