import AllianceTrust
import AnchorNode
import AttestationFormat
import Foundation
import MQTTLink
import NodeHTTP
import NodeTesting
import Testing

@testable import HarborsealCommands

@Suite struct NodeConfigurationTests {
    private func write(_ change: (String) -> String = { $0 }) throws -> String {
        let folder = try TestNode.newFolder()
        try AllianceSigningKey().write(to: folder.appendingPathComponent("node.key").path)
        let text = """
            [node]
            alliance = test
            name = n0
            key = \(folder.path)/node.key
            trust = \(folder.path)/alliance.hstrust
            data = \(folder.path)/data

            [link]
            brokers = 127.0.0.1, mqtt.example.org:8884
            insecure = true

            """
        let path = folder.appendingPathComponent("node.conf").path
        try change(text).write(toFile: path, atomically: false, encoding: .utf8)
        return path
    }

    @Test("a short file is enough, and everything else has its default")
    func defaults() throws {
        let configuration = try NodeConfiguration(file: try write())
        #expect(configuration.settings.integrateMilliseconds == 200)
        #expect(configuration.settings.messagesPerSecond == 50)
        #expect(configuration.settings.messageBurst == 2_000)
        #expect(configuration.brokers.map { $0.brokers[0].port } == [1883, 8884])
        #expect(configuration.brokers.allSatisfy { $0.clientID == "node.n0" && $0.subscriptions.count == 4 })
        #expect(configuration.http.host == "127.0.0.1" && configuration.http.port == 8480 && configuration.http.tls == nil)
    }

    @Test("the node.conf of Hardware/install.md is sound, names the files that its commands put there, and fits the unit")
    func installPage() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        func text(_ name: String) throws -> String { try String(contentsOf: root.appendingPathComponent(name), encoding: .utf8) }
        let lines = try text("Hardware/install.md").split(separator: "\n", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
        let start = try #require(lines.firstIndex(of: "[node]"))
        let written = lines[start...].prefix { $0 != "```" }.joined(separator: "\n")
        let folder = try TestNode.newFolder()
        try AllianceSigningKey().write(to: folder.appendingPathComponent("receipt.key").path)
        let path = folder.appendingPathComponent("node.conf").path
        try written.replacingOccurrences(of: "/etc/harborseal-node", with: folder.path).write(toFile: path, atomically: false, encoding: .utf8)
        let configuration = try NodeConfiguration(file: path)
        #expect(configuration.http.host == "0.0.0.0" && configuration.http.tls != nil && configuration.brokers[0].brokers[0].port == 8883)
        let unit = try text("Firmware-Config/systemd/harborseal-node.service")
        #expect(unit.contains(" --config /etc/harborseal-node/node.conf\n") && unit.contains("\nStateDirectory=harborseal-node\n"))
        #expect(configuration.dataPath == "/var/lib/harborseal-node")
        let installing = lines.filter { $0.hasPrefix("install ") && $0.hasSuffix(" /etc/harborseal-node/") }.joined(separator: " ")
        let named = written.components(separatedBy: "/etc/harborseal-node/").dropFirst().map { $0.prefix { $0 != "\n" } }
        #expect(named.count == 7 && named.allSatisfy { installing.contains("/\($0)") || installing.contains(" \($0)") }, "\(installing)")
        try FileManager.default.removeItem(at: folder)
    }

    @Test("flags stand over the file")
    func flags() throws {
        let configuration = try NodeConfiguration(file: try write(), flags: ["http.port=0", "ledger.integrate-interval=50 ms"])
        #expect(configuration.http.port == 0)
        #expect(configuration.settings.integrateMilliseconds == 50)
    }

    @Test(
        "what is wrong is named with its line",
        arguments: [
            ("name = n0", "nane = n0", ":3: "), ("alliance = test", "alliance = Test", ":2: "), ("[link]", "[links]", ":8: "),
            ("insecure = true", "insecure = false", "securityMissing-or-words"),
        ])
    func problems(_ old: String, _ new: String, _ place: String) throws {
        let path = try write { $0.replacingOccurrences(of: old, with: new) }
        let error = #expect(throws: CommandError.self) { try NodeConfiguration(file: path) }
        #expect(error?.code == .configuration)
        if place.hasPrefix(":") { #expect(error?.message.contains("node.conf" + place) == true, "\(error?.message ?? "")") }
    }

    @Test("the example file in Firmware-Config is the one that the program prints")
    func example() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Firmware-Config/node.conf")
        #expect(try String(contentsOf: file, encoding: .utf8) == NodeConfigurationExample.text)
    }
}
