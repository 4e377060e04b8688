import AttestationFormat
import Foundation
import Testing

extension BrokersAndNodes {
    /// A gateway that never connects: its batches go to nodes on a stick, and their receipts come back on it.
    @Suite struct Carrying {
        private static let alliance = Result { try Alliance(name: "gba-carry", nodes: ["hk-1", "gz-1", "mo-1"], quorum: 2) }

        /// A gateway without a broker that has signed some batches.
        private func offline(events count: Int = 30) throws -> RunningAgent {
            let agent = try RunningAgent(
                try Self.alliance.get(), brokerPorts: [], settings: ["journal.sync-interval=0", "batches.batch-interval=10 ms", "batches.batch-events=4"])
            try agent.start()
            try Journey(agent).feed(count)
            try agent.waitForReport("every batch signed") { $0.number("journal", "signed") == $0.number("journal", "events") }
            return agent
        }

        private func node(_ name: String) throws -> OfflineNode { try OfflineNode(try Self.alliance.get(), name) }

        @Test("out on a stick, through two nodes, and back: every event has its quorum, and stands in both ledgers once") func wholeWay() throws {
            let agent = try offline()
            let stick = try Stick()
            let exported = try agent.command("journal", "export", stick.path)
            #expect(exported.code == 0 && exported.output.contains(".hscarry"), "\(exported.output)")
            for name in ["hk-1", "mo-1"] {
                let node = try node(name)
                let result = try node.take(try stick.files(".hscarry"))
                #expect(result.code == 0 && result.output.contains("0 refused"), "\(result.output)")
                let ledger = try node.ledger()
                #expect(Set(ledger.events(of: agent.gateway).compactMap { $0.event.documents?["line"] }).count == 30)
                #expect(ledger.doubled(of: agent.gateway).isEmpty && ledger.holes(of: agent.gateway).isEmpty)
            }
            #expect(try agent.report().number("journal", "quorum") == 0)
            let signed = try agent.report().number("journal", "signed")
            let imported = try agent.command("journal", "import", stick.path, "--json")
            #expect(imported.code == 0 && imported.output.contains("\"quorum-events\":\(signed)"), "\(imported.output)")
            #expect(try agent.report().number("journal", "quorum") == signed)
            #expect(try agent.report().number(ofNode: "hk-1", "receipts") > 0)
            // Receipts survive a SIGKILL, and nothing is left to carry but what was recorded since.
            agent.kill()
            try agent.start()
            #expect(try agent.report().number("journal", "quorum") == signed)
        }

        @Test("one node's receipts are no quorum, another's a month later make it; the files are taken together") func oneNode() throws {
            let agent = try offline()
            let stick = try Stick()
            try #require(try agent.command("journal", "export", stick.path).code == 0)
            #expect(try node("hk-1").take(try stick.files(".hscarry")).code == 0)
            let first = try agent.command("journal", "import", try #require(try stick.files(".hsreply").first))
            #expect(first.code == 0 && first.output.contains("0 more events"), "\(first.output)")
            #expect(try node("gz-1").take(try stick.files(".hscarry")).code == 0)
            let both = try agent.command("journal", "import", stick.path)
            #expect(both.code == 0 && !both.output.contains(" 0 more events"), "\(both.output)")
            #expect(try agent.report().number("journal", "quorum") > 0)
        }

        @Test("taking a file twice, or a longer export that repeats it, adds nothing twice and gives receipts again") func idempotent() throws {
            let agent = try offline()
            let stick = try Stick()
            let node = try node("hk-1")
            try #require(try agent.command("journal", "export", stick.path).code == 0)
            let export = try #require(try stick.files(".hscarry").first)
            #expect(try node.take([export]).code == 0)
            let entries = try node.ledger().statements(of: agent.gateway).count
            let replies = try stick.bytes(".hsreply")
            #expect(try node.take([export, export]).code == 0)
            #expect(try node.ledger().statements(of: agent.gateway).count == entries)
            #expect(try stick.bytes(".hsreply").count >= replies.count, "the receipts are there again")
            _ = try agent.intake().send(IntakeClient.line(number: 31))
            try agent.waitForReport("the new batch") { $0.number("journal", "signed") == $0.number("journal", "events") }
            let later = try Stick()
            try #require(try agent.command("journal", "export", later.path, "0").code == 0)
            #expect(try node.take(try later.files(".hscarry")).code == 0)
            let ledger = try node.ledger()
            #expect(ledger.statements(of: agent.gateway).count > entries)
            #expect(ledger.doubled(of: agent.gateway).isEmpty && ledger.holes(of: agent.gateway).isEmpty)
        }

        /// The messages of a carried file.
        private func messages(_ file: Data) throws -> [CarriedMessage] {
            var reader = CarriedReader()
            reader.append([UInt8](file))
            var all: [CarriedMessage] = []
            while let message = try reader.next(isAtEnd: true) { all.append(message) }
            return all
        }

        private func file(_ messages: [CarriedMessage]) -> Data {
            var bytes: [UInt8] = []
            for message in messages { message.append(to: &bytes) }
            return Data(bytes)
        }

        /// A hostile change, what `node import` must end with, and how many statements may be in the ledger after it.
        struct Hostile: Sendable, CustomTestStringConvertible {
            let name: String
            let code: Int32
            let change: @Sendable ([CarriedMessage]) -> [CarriedMessage]
            var testDescription: String { name }
        }

        private static func altered(_ message: CarriedMessage, _ change: (inout [UInt8]) -> Void) -> CarriedMessage {
            var payload = message.payload
            change(&payload)
            return CarriedMessage(topic: message.topic, payload: payload)
        }

        static let hostile: [Hostile] = [
            Hostile(name: "no hello: nobody vouches for the key", code: 1) { Array($0.dropFirst()) },
            Hostile(name: "an event changed", code: 1) { messages in messages.map { $0.topic.string.hasSuffix("batch") ? altered($0) { $0[$0.count - 9] ^= 1 } : $0 } },
            Hostile(name: "another gateway's topic", code: 1) { messages in
                messages.map { CarriedMessage(topic: UTF8Text($0.topic.string.replacingOccurrences(of: "acme.", with: "acne.")), payload: $0.payload) }
            },
            Hostile(name: "batches cut short", code: 1) { messages in messages.map { $0.topic.string.hasSuffix("batch") ? altered($0) { $0.removeLast() } : $0 } },
            Hostile(name: "garbage in place of batches", code: 1) { messages in messages.map { $0.topic.string.hasSuffix("batch") ? altered($0) { $0 = [0xFF, 0, 1] } : $0 } },
            Hostile(name: "topics of nobody", code: 1) { messages in messages.map { CarriedMessage(topic: "x/y", payload: $0.payload) } },
            Hostile(name: "only replies", code: 1) { messages in messages.map { CarriedMessage(topic: UTF8Text($0.topic.string.replacingOccurrences(of: "/batch", with: "/reply/hk-1").replacingOccurrences(of: "/hello", with: "/reply/hk-1")), payload: $0.payload) } },
        ]

        @Test("a hostile file is refused and leaves nothing in the ledger; the honest one is taken afterwards", arguments: hostile)
        func refused(hostile: Hostile) throws {
            let agent = try offline(events: 6)
            let stick = try Stick()
            let node = try node("hk-1")
            try #require(try agent.command("journal", "export", stick.path).code == 0)
            let honest = try stick.bytes(".hscarry")
            let forged = try stick.write(file(hostile.change(try messages(honest))), "forged.x")
            let result = try node.take([forged])
            #expect(result.code == hostile.code, "\(result.output)")
            #expect(try node.ledger().statements(of: agent.gateway).isEmpty, "\(result.output)")
            #expect(try node.take(try stick.files(".hscarry")).code == 0)
        }

        @Test("a file that is cut or overwritten is malformed from there on: 65, and what was before is taken", arguments: ["cut", "overwritten", "empty tail", "not one at all"])
        func malformed(how: String) throws {
            let agent = try offline()
            let stick = try Stick()
            let node = try node("hk-1")
            try #require(try agent.command("journal", "export", stick.path).code == 0)
            let honest = try stick.bytes(".hscarry")
            var bytes = honest
            switch how {
            case "cut": bytes = honest.dropLast(20)
            case "overwritten":
                // From the second message's first byte on; within a message it would be that message that is refused.
                let start = file(Array(try messages(honest).prefix(1))).count
                bytes.replaceSubrange(start..<start + 100, with: Data(repeating: 0xFF, count: 100))
            case "empty tail": bytes += Data(count: 4_096)
            default: bytes = Data("PK\u{3}\u{4} not a carried file".utf8)
            }
            let result = try node.take([try stick.write(bytes, "damaged.x")])
            #expect(result.code == 65 && result.output.contains("no carried file"), "\(result.output)")
            #expect(try node.take(try stick.files(".hscarry")).code == 0)
            #expect(try node.ledger().holes(of: agent.gateway).isEmpty)
            // The gateway's own reader judges the same way.
            let atGateway = try agent.command("journal", "import", stick.path + "/damaged.x")
            #expect(atGateway.code == 65 && atGateway.output.contains("no carried file"), "\(atGateway.output)")
        }

        @Test("replies that were tampered with, or are another gateway's, free nothing", arguments: ["flipped", "another gateway's", "one node twice"])
        func tamperedReplies(how: String) throws {
            let agent = try offline()
            let stick = try Stick()
            try #require(try agent.command("journal", "export", stick.path).code == 0)
            for name in ["hk-1", "gz-1"] where how != "one node twice" || name == "hk-1" { #expect(try node(name).take(try stick.files(".hscarry")).code == 0) }
            let files = try stick.files(".hsreply").map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
            let evil = try Stick()
            for (index, bytes) in (how == "one node twice" ? files + files : files).enumerated() {
                let changed = try messages(bytes).map { message in
                    switch how {
                    case "flipped": Self.altered(message) { $0[$0.count - 5] ^= 1 }
                    case "another gateway's": CarriedMessage(topic: UTF8Text(message.topic.string.replacingOccurrences(of: "acme.gw", with: "acme.xx")), payload: message.payload)
                    default: message
                    }
                }
                try evil.write(file(changed), "\(index).hsreply")
            }
            let result = try agent.command("journal", "import", evil.path)
            #expect(result.code == 0 && result.output.contains("0 more events"), "\(result.output)")
            #expect(try agent.report().number("journal", "quorum") == 0)
        }

        @Test("a stick that is not there, full words, and an agent that does not run: what to do is said") func problems() throws {
            let agent = try offline(events: 1)
            let missing = try agent.command("journal", "export", "/media/nowhere")
            #expect(missing.code == 73 && missing.output.contains("mounted"), "\(missing.output)")
            let noFile = try agent.command("journal", "import", "/media/nowhere/x.hsreply")
            #expect(noFile.code == 66 && noFile.output.contains("node import"), "\(noFile.output)")
            #expect(try agent.command("journal", "import").code == 64)
            #expect(try agent.command("journal", "export", "/tmp", "x").code == 64)
            agent.kill()
            let stick = try Stick()
            #expect(try agent.command("journal", "export", stick.path).code == 69)
            #expect(try FileManager.default.contentsOfDirectory(atPath: stick.path).isEmpty, "no half file is left")
        }

        @Test("a running node keeps its ledger to itself", .timeLimit(.minutes(1))) func runningNode() throws {
            let agent = try offline(events: 1)
            let stick = try Stick()
            try #require(try agent.command("journal", "export", stick.path).code == 0)
            let node = try node("hk-1")
            let server = try ChildProcess(
                [try Programs.harborseal, "node", "serve", "--config", node.configurationFile, "--set", "http.port=0"], logFile: stick.path + "/log")
            try wait(until: "the node runs") { server.log.contains("answering HTTP") }
            let result = try node.take(try stick.files(".hscarry"))
            #expect(result.code == 75 && result.output.contains("in use"), "\(result.output)")
            server.terminate()
            #expect(try node.take(try stick.files(".hscarry")).code == 0)
        }
    }
}
