import Foundation
import HarborsealTesting
import Testing

extension BrokersAndNodes {
    /// The broker configurations in Firmware-Config, as files and under a real mosquitto.
    @Suite struct MosquittoConfigurations {
        private static let folder = Programs.packageRoot + "/Firmware-Config/mosquitto"
        private static let alliance = Result { try Alliance(name: "gba-broker", nodes: ["hk-1", "gz-1", "mo-1"], quorum: 2) }

        private func text(_ name: String) throws -> String { try String(contentsOfFile: Self.folder + "/" + name, encoding: .utf8) }

        /// Starts a mosquitto and waits until it listens.
        private func start(_ configuration: String, in scratch: ScratchFolder, port: UInt16) throws -> ChildProcess {
            // Started as root, mosquitto would change to a user that cannot read this folder.
            let text = configuration + (getuid() == 0 ? "\nuser root\n" : "")
            try text.write(toFile: scratch.file("mosquitto.conf"), atomically: false, encoding: .utf8)
            let broker = try ChildProcess([try Programs.mosquitto, "-c", scratch.file("mosquitto.conf")], logFile: scratch.file("log"))
            try wait(until: "mosquitto on port \(port)", instead: { broker.log }) {
                guard broker.isRunning else { throw IntegrationFailure("mosquitto ended: \(broker.log)") }
                return (try? ChildProcess.run(["/bin/bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/\(port)"])) != nil
            }
            return broker
        }

        @Test("the alliance's broker files here are what alliance broker-config writes") func oneSource() throws {
            let alliance = try Self.alliance.get()
            let scratch = try ScratchFolder(named: "hs-written")
            try alliance.harborseal(
                "alliance", "broker-config", "-o", scratch.file("b"), "--installed-at", "/etc/mosquitto/harborseal", "--persistence", "/var/lib/mosquitto")
            for name in ["mosquitto.conf", "acl"] {
                #expect(try String(contentsOfFile: scratch.file("b/" + name), encoding: .utf8) == text("alliance/" + name), "write it again: \(name)")
            }
        }

        @Test("a real mosquitto takes the alliance's file, keeps what it must, and an agent gets its receipts through it") func allianceBroker() throws {
            let alliance = try Self.alliance.get()
            let scratch = try ScratchFolder(named: "hs-alliance-broker")
            let port = try LoopbackPort.free()
            try alliance.harborseal("alliance", "broker-config", "-o", scratch.path)
            try FileManager.default.createDirectory(atPath: scratch.file("kept"), withIntermediateDirectories: true)
            try text("alliance/acl").write(toFile: scratch.file("acl"), atomically: false, encoding: .utf8)
            let configuration = try text("alliance/mosquitto.conf").replacingOccurrences(of: "/etc/mosquitto/harborseal", with: scratch.path)
                .replacingOccurrences(of: "listener 8883", with: "listener \(port) 127.0.0.1")
                .replacingOccurrences(of: "/var/lib/mosquitto/", with: scratch.file("kept/"))
            let broker = try start(configuration, in: scratch, port: port)
            let nodes = try ["hk-1", "mo-1"].map { try RunningNode(alliance, $0, brokerPorts: [port]) }
            let agent = try RunningAgent(alliance, brokerPorts: [port])
            try agent.start()
            try Journey(agent).feed(3)
            try agent.waitUntilReceipted()
            #expect(nodes.allSatisfy { $0.conflictCount == 0 })
            agent.terminate()
            #expect(broker.terminate().ending == .exited(0))
            #expect(FileManager.default.fileExists(atPath: scratch.file("kept/mosquitto.db")), "queues survive a restart")
        }

        // MARK: - The sensors' broker

        private static let passwords = ["harborseal": "agent-pw", "zigbee2mqtt": "zigbee-pw", "shelly": "shelly-pw"]

        private func sensorBroker(_ scratch: ScratchFolder) throws -> (broker: ChildProcess, port: UInt16) {
            let port = try LoopbackPort.free()
            let tool = try Programs.tool("mosquitto_passwd", package: "mosquitto")
            try "".write(toFile: scratch.file("local-sensors.passwd"), atomically: false, encoding: .utf8)
            for (user, password) in Self.passwords { try ChildProcess.run([tool, "-b", scratch.file("local-sensors.passwd"), user, password]) }
            try text("local-sensors.acl").write(toFile: scratch.file("local-sensors.acl"), atomically: false, encoding: .utf8)
            let configuration = try text("local-sensors.conf").replacingOccurrences(of: "/etc/mosquitto", with: scratch.path)
                .replacingOccurrences(of: "listener 1883", with: "listener \(port)")
            return (try start(configuration, in: scratch, port: port), port)
        }

        private func client(_ program: String, _ port: UInt16, _ user: String?, _ words: [String]) throws -> [String] {
            let login = user.map { ["-u", $0, "-P", Self.passwords[$0] ?? "wrong"] } ?? []
            return [try Programs.tool(program, package: "mosquitto-clients"), "-h", "127.0.0.1", "-p", "\(port)", "-V", "5", "-q", "1"] + login + words
        }

        /// What the agent hears of what somebody publishes.
        private func heard(_ port: UInt16, _ publish: () throws -> Void) throws -> String {
            let scratch = try ScratchFolder(named: "hs-heard")
            // Into a file its output is buffered by blocks, unless stdbuf asks for lines.
            let words = ["/usr/bin/stdbuf", "-oL"] + (try client("mosquitto_sub", port, "harborseal", ["-t", "#", "-v", "-d"]))
            let subscriber = try ChildProcess(words, logFile: scratch.file("log"))
            defer { subscriber.kill() }
            try wait(until: "the subscription", instead: { subscriber.log }) { subscriber.log.contains("Subscribed (mid") }
            try publish()
            // The broker keeps the order: behind this one nothing more comes.
            let last = "shelly/last end"
            try ChildProcess.run(try client("mosquitto_pub", port, "shelly", ["-t", "shelly/last", "-m", "end"]))
            try wait(until: "the last message", instead: { subscriber.log }) { subscriber.log.contains(last + "\n") }
            let lines = subscriber.log.split(separator: "\n").filter { !$0.hasPrefix("Client ") && !$0.hasPrefix("Subscribed ") && $0 != last }
            return lines.map { $0 + "\n" }.joined()
        }

        @Test("the sensors' broker lets each program write its own tree and the agent read all, and nothing else") func sensors() throws {
            let scratch = try ScratchFolder(named: "hs-sensors")
            let (broker, port) = try sensorBroker(scratch)
            defer { broker.kill() }
            func publish(_ user: String?, _ topic: String, _ payload: String) throws {
                _ = try ChildProcess.run(try client("mosquitto_pub", port, user, ["-t", topic, "-m", payload]), acceptable: Set(0...255))
            }
            let text = try heard(port) {
                try publish("zigbee2mqtt", "zigbee2mqtt/reefer", "{\"temperature\":4.25}")
                try publish("shelly", "zigbee2mqtt/reefer", "{\"temperature\":99}")
                try publish("shelly", "shellies/door/status", "open")
                try publish("harborseal", "shellies/door/command", "off")
                try publish(nil, "shellies/door/status", "anonymous")
            }
            #expect(text.contains("zigbee2mqtt/reefer {\"temperature\":4.25}") && text.contains("shellies/door/status open"), "\(text)")
            for word in ["99", "off", "anonymous"] { #expect(!text.contains(word), "\(text)") }
        }

        @Test("anonymous, unknown and badly spelled users are refused by the sensors' broker", arguments: [nil, "stranger", "shelly "])
        func strangers(user: String?) throws {
            let scratch = try ScratchFolder(named: "hs-sensors")
            let (broker, port) = try sensorBroker(scratch)
            defer { broker.kill() }
            let words = try client("mosquitto_pub", port, user, ["-t", "shelly/x", "-m", "x"])
            #expect(throws: IntegrationFailure.self) { try ChildProcess.run(words) }
        }

        @Test("a message that no sensor sends is not taken by the sensors' broker") func tooLarge() throws {
            let scratch = try ScratchFolder(named: "hs-sensors")
            let (broker, port) = try sensorBroker(scratch)
            defer { broker.kill() }
            try Data(repeating: 0x78, count: 70_000).write(to: URL(fileURLWithPath: scratch.file("big")))
            let text = try heard(port) {
                for words in [["-f", scratch.file("big")], ["-m", "small"]] {
                    _ = try ChildProcess.run(try client("mosquitto_pub", port, "shelly", ["-t", "shelly/x"] + words), acceptable: Set(0...255))
                }
            }
            #expect(text.hasPrefix("shelly/x small\n") && !text.contains("xxx"), "\(text.prefix(200))")
        }
    }
}
