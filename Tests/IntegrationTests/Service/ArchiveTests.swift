import AttestationFormat
import DeviceCrypto
import Foundation
import Testing

extension BrokersAndNodes {
    /// `share = hashes`: nobody but the owner has the events, so the journal keeps its segments until the owner has a copy.
    @Suite struct Archiving {
        private static let alliance = Result { try Alliance(name: "gba-archive", nodes: ["hk-1"], quorum: 1) }
        private static let hashes = [
            "journal.sync-interval=0", "batches.batch-interval=10 ms", "batches.batch-events=8", "batches.share=hashes",
        ]

        /// A gateway without a broker whose events nodes will see as hashes.
        private func agent(events count: Int, settings: [String] = []) throws -> RunningAgent {
            let agent = try RunningAgent(try Self.alliance.get(), brokerPorts: [], settings: Self.hashes + settings)
            try agent.start()
            try Journey(agent).feed(count)
            try signed(agent)
            return agent
        }

        private func signed(_ agent: RunningAgent) throws {
            try agent.waitForReport("every batch signed") { $0.number("journal", "signed") == $0.number("journal", "events") }
        }

        private func archive(_ agent: RunningAgent, _ stick: Stick) throws -> (code: Int32, output: String) {
            try agent.command("journal", "archive", stick.path)
        }

        /// The batches of a carried file, behind the hello.
        private func batches(_ path: String) throws -> [BatchMessage] {
            var reader = CarriedReader()
            reader.append([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
            var all: [BatchMessage] = []
            while let message = try reader.next(isAtEnd: true) {
                guard try Topic(parsing: message.topic).channel == .batch else { continue }
                all.append(try BatchMessage(parsing: message.payload))
            }
            return all
        }

        /// What intake lines said in their documents, in the order of the file.
        private func lines(_ batches: [BatchMessage]) -> [String] {
            batches.flatMap { $0.items ?? [] }.compactMap { item in
                guard case .event(let event) = item else { return nil }
                return event.documents.first { $0.role == "line" }?.value.string
            }
        }

        @Test("nodes get hashes; the archive has every event whole, and a second one only what is new, also after a SIGKILL") func whole() throws {
            let agent = try agent(events: 40)
            let (toNodes, stick) = (try Stick(), try Stick())
            try #require(try agent.command("journal", "export", toNodes.path).code == 0)
            #expect(try batches(toNodes.files(".hscarry")[0]).contains { $0.wholeEventCount > 0 } == false)
            #expect(try agent.report().number("journal", "archived") == 0)

            let result = try archive(agent, stick)
            #expect(result.code == 0 && result.output.contains("copy it to a second place"), "\(result.output)")
            let first = try #require(try stick.files(".hsarchive").first)
            #expect(first.contains("/\(agent.gateway)-archive-"))
            let whole = try batches(first)
            #expect(whole.count > 1 && whole.allSatisfy { $0.isComplete(using: SHA256.self) && $0.wholeEventCount == $0.statement.header.count })
            #expect(lines(whole) == (1...40).map { "wms-1/\($0)" })
            let archived = try agent.report().number("journal", "archived")
            #expect(archived == (whole.last?.statement.header.next).map { Int($0) })

            // agent.started may have been signed later than the report: nothing else is new.
            try signed(agent)
            _ = try archive(agent, stick)
            let count = try stick.files(".hsarchive").count
            let nothing = try agent.command("journal", "archive", stick.path, "--json")
            #expect(nothing.code == 0 && nothing.output.contains("\"events\":0") && nothing.output.contains("\"file\":null"), "\(nothing.output)")
            #expect(try stick.files(".hsarchive").count == count)

            agent.kill()
            try agent.start()
            let position = try agent.report().number("journal", "archived")
            #expect(position >= archived)
            _ = try agent.intake().send(IntakeClient.line(number: 41))
            try signed(agent)
            let later = try Stick()
            let second = try agent.command("journal", "archive", later.path, "--json")
            #expect(second.code == 0 && second.output.contains("\"incomplete-batches\":0"), "\(second.output)")
            let news = try batches(try #require(try later.files(".hsarchive").first))
            #expect(lines(news) == ["wms-1/41"] && Int(news[0].statement.header.first) == position)
            // What the owner keeps from nodes, no node takes from the archive either.
            let node = try OfflineNode(try Self.alliance.get(), "hk-1")
            let taken = try node.take(stick.files(".hsarchive") + later.files(".hsarchive"))
            #expect(taken.code == 65 && taken.output.contains("nothing of it is taken"), "\(taken.output)")
        }

        @Test("a full journal whose events have their quorum names the step, and goes on once they are archived") func full() throws {
            let agent = try agent(events: 1, settings: ["journal.cap=1 MiB", "journal.segment-bytes=64 KiB", "journal.keep-for=0"])
            let node = try OfflineNode(try Self.alliance.get(), "hk-1")
            let client = try agent.intake()
            var told = 0
            while told < 2_000, case .stored? = try? client.send(IntakeClient.line(source: "big", number: told + 1, padding: 3_000), seconds: 10) { told += 1 }
            #expect((200..<400).contains(told), "\(told) events of 3,000 bytes in 1 MiB")
            try signed(agent)
            let toNodes = try Stick()
            try #require(try agent.command("journal", "export", toNodes.path).code == 0)
            try #require(try node.take(toNodes.files(".hscarry")).code == 0)
            try #require(try agent.command("journal", "import", toNodes.path).code == 0)
            let report = try agent.waitForReport("a quorum for all") { $0.number("journal", "unreceipted") == 0 }
            #expect(report.number("journal", "unarchived-bytes") > 500_000 && report.number("journal", "unarchived-segments") > 8)
            #expect(report.text("journal", "space") == "full")
            #expect(report.concerns("journal-full").first?.contains("journal archive FOLDER") == true)
            #expect(try agent.command("status").output.contains("journal archive FOLDER"))
            let doctor = try agent.command("doctor")
            #expect(doctor.output.contains("do: ") && doctor.output.contains("segments wait to be archived"), "\(doctor.output)")

            let stick = try Stick()
            let result = try archive(agent, stick)
            #expect(result.code == 0, "\(result.output)")
            #expect(lines(try batches(try #require(try stick.files(".hsarchive").first))).count >= told + 1)
            let freed = try agent.waitForReport("room again") { $0.text("journal", "space") == "normal" }
            #expect(freed.number("journal", "unarchived-bytes") == 0 && freed.concerns("journal-full").isEmpty)
            #expect(try agent.intake().send(IntakeClient.line(number: 2)) != .refused(""))
        }

        @Test("with share = events nothing waits, and a restart with it lets go what waited") func shareEvents() throws {
            let agent = try agent(events: 20)
            #expect(try agent.report().number("journal", "archived") == 0)
            #expect(agent.terminate().ending == .exited(0))
            agent.settings.removeAll { $0 == "batches.share=hashes" }
            try agent.start()
            #expect(try agent.report().number("journal", "archived") == -1, "null")
            #expect(try agent.command("status").output.contains("nothing waits for an archive"))
        }

        @Test("events that a new epoch took over are archived under it, whole") func epochs() throws {
            let agent = try agent(events: 20)
            try #require(try archive(agent, try Stick()).code == 0)
            agent.kill()
            // Both copies of the header are lost: a new epoch begins with the events that have no quorum.
            let segment = try #require(try FileManager.default.contentsOfDirectory(atPath: agent.journal).filter { $0.hasSuffix(".hsj") }.max())
            let file = URL(fileURLWithPath: agent.journal + "/" + segment)
            var bytes = try Data(contentsOf: file)
            let size = bytes[8] < 0x80 ? Int(bytes[8]) + 6 : (Int(bytes[8] & 0x7F) | Int(bytes[9]) << 7) + 7
            for copy in [8, 8 + size] { bytes[copy + 20] ^= 1 }
            try bytes.write(to: file)
            try agent.start()
            _ = try agent.intake().send(IntakeClient.line(number: 21))
            try signed(agent)
            let stick = try Stick()
            let result = try archive(agent, stick)
            #expect(result.code == 0, "\(result.output)")
            let batches = try batches(try #require(try stick.files(".hsarchive").first))
            #expect(batches.allSatisfy { $0.isComplete(using: SHA256.self) })
            #expect(lines(batches) == (1...21).map { "wms-1/\($0)" })
            try signed(agent)
            _ = try archive(agent, stick)
            #expect(try archive(agent, stick).output.contains("nothing to archive"))
        }

        @Test("a folder that is missing, wrong words, an agent that does not run: what to do is said, and no file is left") func problems() throws {
            let agent = try agent(events: 3)
            let missing = try agent.command("journal", "archive", "/media/nowhere")
            #expect(missing.code == 73 && missing.output.contains("mounted"), "\(missing.output)")
            for words in [["journal", "archive"], ["journal", "archive", "/tmp", "1"]] {
                #expect(try AgentCommand.run(words + ["--config", agent.configuration]).code == 64)
            }
            #expect(try agent.report().number("journal", "archived") == 0)
            agent.kill()
            let stick = try Stick()
            let stopped = try archive(agent, stick)
            #expect(stopped.code == 69 && stopped.output.contains("not running"), "\(stopped.output)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: stick.path).isEmpty)
        }

        @Test("an earlier archive is never replaced") func kept() throws {
            let agent = try agent(events: 10)
            let report = try agent.report()
            let stick = try Stick()
            let name = "\(agent.gateway)-archive-\(report.text("agent", "epoch"))-0-\(report.number("journal", "signed"))"
            try stick.write(Data("mine".utf8), name + ".hsarchive")
            let refused = try archive(agent, stick)
            #expect(refused.code == 73 && refused.output.contains("never replaced"), "\(refused.output)")
            #expect(try stick.bytes(".hsarchive") == Data("mine".utf8) && FileManager.default.contentsOfDirectory(atPath: stick.path).count == 1)
            #expect(try agent.report().number("journal", "archived") == 0)
            #expect(try archive(agent, try Stick()).code == 0)
        }

        @Test(
            "on a full stick nothing is told and nothing is left; with room it is done",
            .enabled(if: SmallDisk.isPossible, Comment(rawValue: SmallDisk.reason)))
        func fullStick() throws {
            let agent = try agent(events: 60)
            let disk = try SmallDisk(byteCount: 64 << 10)
            let filler = try disk.fill(leaving: 4 << 10)
            let full = try agent.command("journal", "archive", disk.path)
            #expect(full.code == 73 && full.output.contains("No space left on device"), "\(full.output)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path) == ["filler"])
            #expect(try agent.report().number("journal", "archived") == 0)
            try FileManager.default.removeItem(atPath: filler)
            #expect(try agent.command("journal", "archive", disk.path).code == 0)
            #expect(try agent.report().number("journal", "archived") > 0)
        }
    }
}
