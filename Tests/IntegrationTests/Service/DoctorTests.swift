import AttestationFormat
import DeviceCrypto
import Foundation
import HarborsealTesting
import MerkleTree
import Testing

/// A line of doctor's that Hardware/acceptance.md has a technician expect.
private struct PageLine {
    let text: String

    /// The lines of these checks that are `ok`.
    static func ok(_ checks: [String]) throws -> [PageLine] {
        let page = try String(contentsOfFile: Programs.packageRoot + "/Hardware/acceptance.md", encoding: .utf8)
        return page.split(separator: "\n").map { PageLine(text: String($0)) }.filter { line in
            let words = line.text.split(separator: " ")
            return line.text.hasPrefix("ok       ") && words.count > 2 && checks.contains { $0 == words[1] }
        }
    }

    /// Whether the program said this: names in `<>`, paths and numbers are the gateway's own, every other word is as on the page.
    func fits(_ said: Substring) -> Bool {
        func withoutNumbers(_ word: Substring) -> String { String(word.filter { !$0.isNumber }) }
        let (words, real) = (text.split(separator: " "), said.split(separator: " "))
        guard words.count == real.count else { return false }
        for (word, other) in zip(words, real) {
            if word.hasPrefix("<") || word.hasPrefix("/") {
                guard (word.last == ":") == (other.last == ":"), word.hasPrefix("<") || other.hasPrefix("/") else { return false }
            } else if withoutNumbers(word) != withoutNumbers(other) {
                return false
            }
        }
        return true
    }
}

extension BrokersAndNodes {
    /// The real binary's doctor against real faults.
    @Suite struct Doctor {
        private static let alliance = Result { try Alliance(name: "gba-doctor", nodes: ["hk-1"], quorum: 1) }

        private func agent(brokerPorts: [UInt16] = [], settings: [String] = RunningAgent.quick) throws -> RunningAgent {
            try RunningAgent(try Self.alliance.get(), brokerPorts: brokerPorts, settings: settings)
        }

        @Test("a healthy gateway with broker and node: every check is there, nothing but the clock may be a warning") func healthy() throws {
            let broker = try RunningBroker(try Self.alliance.get())
            let node = try RunningNode(try Self.alliance.get(), "hk-1", brokerPorts: [broker.port])
            let agent = try agent(brokerPorts: [broker.port])
            try agent.start()
            try Journey(agent).feed(3)
            try agent.waitUntilReceipted()
            let diagnosis = try Diagnosis(agent)
            let unexpected = diagnosis.findings.filter { $0.level != "ok" && $0.check != "clock" }
            #expect(unexpected.isEmpty, "\(unexpected)")
            for check in ["agent", "clock", "journal", "link", "node", "source", "key", "certificate", "link-certificate", "link-ca", "trust", "journal-folder", "disk", "socket-folder", "broker"] {
                #expect(diagnosis.findings.contains { $0.check == check }, "\(check) is not there: \(diagnosis.findings.map(\.check))")
            }
            #expect(diagnosis.finding("node")?.item == node.name && diagnosis.finding("node")?.value.contains("receipts") == true)
            #expect(diagnosis.code == (diagnosis.worst == "ok" ? 0 : 2))
            let said = try agent.command("doctor").output.split(separator: "\n")
            let expected = try PageLine.ok(["node", "link", "link-certificate", "link-ca", "trust", "broker"])
            #expect(expected.count == 6)
            for line in expected {
                #expect(said.contains { line.fits($0) }, "acceptance.md expects \(line.text), doctor said:\n\(said.joined(separator: "\n"))")
            }
            // The running agent keeps its connection: doctor does not take it away.
            #expect(try agent.report().number("link", "connections") == 1)
        }

        @Test("every finding that is not ok says what to do, also to people") func advice() throws {
            let agent = try agent(brokerPorts: [1])
            let diagnosis = try Diagnosis(agent)
            let bad = diagnosis.findings.filter { $0.level != "ok" }
            #expect(diagnosis.code == 1 && !bad.isEmpty && bad.allSatisfy { !$0.advice.isEmpty })
            let text = try agent.command("doctor")
            #expect(text.code == 1 && text.output.contains("PROBLEM  agent:") && text.output.contains("         do: systemctl start"), "\(text.output)")
            #expect(text.output.split(separator: "\n").last?.contains(" problems") == true)
        }

        @Test("a broker that is not there is told apart from one that refuses, and from one without TLS") func brokers() throws {
            let silent = try agent(brokerPorts: [try LoopbackPort.free()])
            let away = try #require(try Diagnosis(silent).finding("broker"))
            #expect(away.value.contains("Connection refused") && away.advice.hasPrefix("check that it runs, its host and port, and the firewall between"), "\(away)")
            // A TLS broker of another alliance: the certificates do not fit.
            let other = try RunningBroker(try Alliance.ofOneNode())
            let stranger = try agent(brokerPorts: [other.port])
            let refused = try #require(try Diagnosis(stranger).finding("broker"))
            #expect(refused.level == "problem" && refused.value.hasPrefix("TCP answers; ") && refused.value.contains("CA") && refused.advice.contains("then the CA file"), "\(refused)")
            // The right one, without an agent that runs: the whole way is tried.
            let right = try RunningBroker(try Self.alliance.get())
            let fitting = try agent(brokerPorts: [right.port])
            let found = try #require(try Diagnosis(fitting).finding("broker"))
            #expect(found.level == "ok" && found.value.contains("TLS") && found.value.contains("MQTT 5"), "\(found)")
        }

        /// A fault, the check that must name it, and a word of what it says.
        struct Fault: Sendable, CustomTestStringConvertible {
            let name: String
            let check: String
            let word: String
            let make: @Sendable (_ keys: String, _ agent: RunningAgent) throws -> Void
            var testDescription: String { name }
        }

        private static func shell(_ words: String...) throws { try ChildProcess.run(["/usr/bin/env"] + words) }

        static let faults: [Fault] = [
            Fault(name: "a key that others may read", check: "key", word: "others") { keys, _ in try shell("chmod", "644", keys + "/seal.key") },
            Fault(name: "no key", check: "key", word: "No such file") { keys, _ in try shell("rm", keys + "/seal.key") },
            Fault(name: "a damaged key", check: "key", word: "key") { keys, _ in try shell("truncate", "-s", "100", keys + "/seal.key") },
            Fault(name: "another gateway's certificate", check: "certificate", word: "this gateway is") { keys, agent in
                let other = try agent.alliance.issueGateway()
                try shell("cp", other.folder + "/seal.crt", keys + "/seal.crt")
            },
            Fault(name: "no certificate", check: "certificate", word: "cannot be opened") { keys, _ in try shell("rm", keys + "/seal.crt") },
            Fault(name: "a link certificate that is none", check: "link-certificate", word: "certificate") { keys, _ in try shell("cp", "/etc/passwd", keys + "/link.crt") },
            Fault(name: "a link key that others may read", check: "link-key", word: "others") { keys, _ in try shell("chmod", "640", keys + "/link.key") },
            Fault(name: "no trust file", check: "trust", word: "no trust file") { _, agent in try shell("rm", agent.folder.file("alliance.hstrust")) },
            Fault(name: "a changed trust file", check: "trust", word: "is no valid trust file: it") { _, agent in
                let path = agent.folder.file("alliance.hstrust")
                var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
                bytes[bytes.count / 2] ^= 1
                try bytes.write(to: URL(fileURLWithPath: path))
            },
            Fault(name: "a journal folder that everybody may write to", check: "journal-folder", word: "everybody") { _, agent in
                try FileManager.default.createDirectory(atPath: agent.journal, withIntermediateDirectories: true)
                try shell("chmod", "777", agent.journal)
            },
            Fault(name: "a journal folder that is a file", check: "journal-folder", word: "no folder") { _, agent in
                try "x".write(toFile: agent.journal, atomically: false, encoding: .utf8)
            },
            Fault(name: "a key of another user than the journal's", check: "key", word: "belongs to user") { keys, agent in
                try FileManager.default.createDirectory(atPath: agent.journal, withIntermediateDirectories: true)
                try shell("chown", "12345", keys + "/seal.key")
            },
        ]

        @Test("a fault in a file is named by its own check", arguments: faults) func files(fault: Fault) throws {
            let agent = try agent(brokerPorts: [1])
            try fault.make(agent.keys, agent)
            let diagnosis = try Diagnosis(agent)
            let finding = try #require(diagnosis.finding(fault.check), "\(diagnosis.findings)")
            #expect(finding.level != "ok" && finding.value.contains(fault.word) && !finding.advice.isEmpty, "\(finding)")
            #expect(diagnosis.code == 1)
        }

        /// A trust file after the alliance's, with a fault, as its root would sign it or under another root.
        private static func trustFile(_ fault: TrustFileFault, of alliance: Alliance, in folder: ScratchFolder) throws -> [UInt8] {
            var content = try UnverifiedTrustFile(parsing: Array(Data(contentsOf: URL(fileURLWithPath: alliance.trustFile)))).content
            content.version += 1
            fault.spoil(&content)
            var root = alliance.folder.file("alliance/root")
            if fault.isOfOtherRoot {
                root = folder.file("root")
                try ChildProcess.run([
                    "openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-keyout", root + ".key", "-out", root + ".crt",
                    "-subj", "/O=other/CN=root", "-days", "9",
                ])
                try shell("chmod", "600", root + ".key")
                content.rootCertificate = try UnverifiedCertificate.load(from: UTF8Text(root + ".crt")).derBytes
            }
            let key = try SigningKey.load(from: UTF8Text(root + ".key"))
            let (keyID, seconds) = (key.publicKey.keyID(using: SHA256.self), UInt64(Date().timeIntervalSince1970))
            let signature = try key.sign(UnverifiedTrustFile.bytesToSign(content: content, keyID: keyID, issuedAtSeconds: seconds))
            return fault.spoil(UnverifiedTrustFile.encode(content: content, keyID: keyID, issuedAtSeconds: seconds, signature: signature))
        }

        @Test("each fault that a trust file shows by itself has words of its own in doctor, in check-config, and where the agent does not start for it")
        func trustFiles() throws {
            let agent = try RunningAgent(try Alliance(name: "gba-faults", nodes: ["hk-1", "gz-1", "mo-1"], quorum: 2), brokerPorts: [])
            try agent.alliance.harborseal("alliance", "sign")
            let path = agent.folder.file("alliance.hstrust")
            try copy(agent.alliance.trustFile, path)
            func put(_ fault: TrustFileFault) throws { try Data(Self.trustFile(fault, of: agent.alliance, in: agent.folder)).write(to: URL(fileURLWithPath: path), options: .atomic) }
            // A file of the same root that is older, or of another root under the same name, is a good one for whoever holds none.
            for fault in TrustFileFault.allCases where ![.older, .sameVersion, .otherRoot].contains(fault) {
                try put(fault)
                let finding = try #require(try Diagnosis(agent).finding("trust"))
                #expect(finding.level == "problem" && !finding.advice.isEmpty && fault.isNamed(in: finding.value), "\(fault): \(finding)")
                let checked = try agent.command("check-config")
                #expect(checked.code != 0 && fault.isNamed(in: checked.output), "\(fault): \(checked)")
                let started = try agent.command("run")
                #expect([65, 78].contains(started.code) && fault.isNamed(in: started.output), "\(fault): \(started)")
            }
        }

        @Test("a trust file without the key that issued the seal certificate is another root's or older, and doctor says so") func foreignTrust() throws {
            let agent = try agent()
            let stranger = try Alliance(name: try Self.alliance.get().name, nodes: ["hk-1"], quorum: 1)
            try copy(stranger.trustFile, agent.folder.file("alliance.hstrust"))
            let finding = try #require(try Diagnosis(agent).finding("trust"))
            #expect(finding.level == "warning" && finding.value.contains("under another root") && finding.advice.contains("in force"), "\(finding)")
        }

        @Test("a firm that left the alliance: doctor says so by the trust file held, status by a node's refusal, and the alliance is the step") func firmLeft() throws {
            let alliance = try Alliance(name: "gba-left", nodes: ["hk-1"], quorum: 1)
            let agent = try RunningAgent(alliance, brokerPorts: [])
            try alliance.harborseal("alliance", "retire-firm", Alliance.firm)
            try alliance.harborseal("alliance", "sign")
            try copy(alliance.trustFile, agent.folder.file("alliance.hstrust"))
            let finding = try #require(try Diagnosis(agent).finding("trust"))
            #expect(finding.level == "problem" && finding.value.hasPrefix("this gateway's firm left the alliance on 20") && finding.advice.hasPrefix("ask the alliance"), "\(finding)")
            let broker = try RunningBroker(alliance)
            let node = try RunningNode(alliance, "hk-1", brokerPorts: [broker.port])
            let other = try RunningAgent(alliance, brokerPorts: [broker.port], cloneOf: agent)
            try other.start()
            try Journey(other).feed(1)
            let report = try other.waitForReport("the refusal of \(node.name)", seconds: 60) { !$0.concerns("refusal").isEmpty }
            #expect(report.concerns("refusal").allSatisfy { $0.contains("ask the alliance where doctor says that the firm left it") }, "\(report.concerns("refusal"))")
        }

        @Test("a [source.health] disk that is not there is named with its key") func healthDisk() throws {
            let agent = try agent()
            try agent.reconfigure("[source.intake]", "[source.health]\ntype = health\ndisk = /nonexistent/disk\n\n[source.intake]")
            try agent.start()
            let finding = try #require(try Diagnosis(agent).findings.first { $0.check == "source" && $0.item == "health" })
            #expect(finding.level == "problem" && finding.value == "disk = /nonexistent/disk cannot be read: 0 is reported in its place", "\(finding)")
            #expect(finding.advice.hasPrefix("check cable, device and [source.health]; "), "\(finding)")
        }

        private func copy(_ from: String, _ to: String) throws { try ChildProcess.run(["/usr/bin/env", "cp", from, to]) }

        @Test("a source that fails is named while the agent runs, and before") func sources() throws {
            let port = try LoopbackPort.free()
            let agent = try agent()
            try agent.reconfigure("[source.intake]", "[source.gps]\ntype = gpsd\nport = \(port)\n\n[source.intake]")
            #expect(try Diagnosis(agent).findings.contains { $0.check == "source" && $0.item == "gps" && $0.level == "problem" })
            try agent.start()
            try agent.waitForReport("gpsd's warning") { _ in
                (try? Diagnosis(agent).findings.contains { $0.check == "source" && $0.item == "gps" && $0.level == "problem" }) ?? false
            }
            #expect(try Diagnosis(agent).findings.contains { $0.check == "source" && $0.item == "intake" && $0.level == "ok" })
        }

        @Test("a node's refusal is a problem with its reason") func refusal() throws {
            let broker = try RunningBroker(try Self.alliance.get())
            let node = try RunningNode(try Self.alliance.get(), "hk-1", brokerPorts: [broker.port])
            let agent = try agent(brokerPorts: [broker.port])
            // A seal key that no certificate vouches for: the node knows nobody of this name and key.
            let other = try agent.alliance.issueGateway()
            try agent.reconfigure("key = \(agent.keys)/seal.key", "key = \(other.folder)/seal.key")
            try agent.start()
            try Journey(agent).feed(1)
            let report = try agent.waitForReport("the refusal of \(node.name)", seconds: 60) {
                $0.concerns("refusal").contains { $0.contains("unknown gateway") }
            }
            #expect(report.concerns("refusal").allSatisfy { $0.hasPrefix("node \(node.name): ") } && report.number(ofNode: node.name, "refusal") == 1)
            // Nothing is lost meanwhile.
            #expect(report.number("journal", "unreceipted") > 0 && report.number("journal", "signed") > 0)
            let diagnosis = try Diagnosis(agent)
            #expect(diagnosis.finding("certificate")?.value.contains("another key") == true && diagnosis.code == 1)
            let finding = try #require(diagnosis.finding("node"))
            #expect(finding.level == "problem" && finding.item == node.name && finding.value.contains("unknown gateway") && !finding.advice.isEmpty, "\(finding)")
        }
    }
}
