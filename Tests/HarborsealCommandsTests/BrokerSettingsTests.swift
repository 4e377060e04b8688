import AllianceTrust
import Foundation
import Testing

@testable import HarborsealCommands

@Suite("broker-config, written again") struct BrokerSettingsTests {
    private let workspace: TestWorkspace
    private var folder: String { "\(workspace.path)/broker" }

    init() throws {
        workspace = try TestWorkspace(nodes: ["hk-1"])
        _ = try AllianceAddServer(directory: workspace.alliance, server: "broker", dnsNames: ["localhost"], addresses: []).run()
    }

    /// What it said and the lines that it wrote.
    private func write(_ change: (inout AllianceBrokerConfig) -> Void = { _ in }) throws -> (output: String, lines: Set<Substring>) {
        var command = AllianceBrokerConfig(directory: workspace.alliance, server: "broker", output: folder)
        change(&command)
        let output = try command.run().output
        return (output, Set(try workspace.text("broker/mosquitto.conf").split(separator: "\n")))
    }

    @Test("what is not given again stays as it was, and is named; what is given wins; nodes added meanwhile are there")
    func kept() throws {
        let user = NSUserName()
        let first = try write {
            ($0.port, $0.bindAddress, $0.user) = (18_883, "127.0.0.1", user)
            ($0.persistence, $0.installedAt) = ("/var/lib/mosquitto", "/etc/mosquitto/harborseal")
        }
        #expect(first.output.contains("for 1 node and every gateway") && !first.output.contains("kept"), "\(first.output)")
        _ = try AllianceAddNode(directory: workspace.alliance, node: "sz-1").run()
        let again = try write()
        #expect(again.lines == first.lines)
        let options = "--installed-at /etc/mosquitto/harborseal --port 18883 --bind 127.0.0.1 --persistence /var/lib/mosquitto --user \(user)"
        #expect(again.output.contains("  kept as before: \(options); --replace drops what is not given\n  next: mosquitto "), "\(again.output)")
        #expect(try workspace.text("broker/acl").contains("user node.sz-1"))
        let moved = try write { ($0.bindAddress, $0.port) = ("192.0.2.1", 8883) }
        #expect(moved.lines.contains("listener 8883 192.0.2.1") && moved.lines.contains("user \(user)"))
        #expect(!moved.output.contains("--bind") && !moved.output.contains("--port"), "\(moved.output)")
        let other = try write()
        #expect(other.lines.contains("listener 8883 192.0.2.1") && other.output.contains("--bind 192.0.2.1"), "\(other.output)")
    }

    @Test("--replace drops it, and a folder without options has none to keep")
    func replaced() throws {
        _ = try write { $0.bindAddress = "127.0.0.1" }
        let bare = try write { $0.isReplacing = true }
        #expect(bare.lines.contains("listener 8883") && !bare.output.contains("kept"), "\(bare.output)")
        let again = try write()
        #expect(again.lines == bare.lines && !again.output.contains("kept"), "\(again.output)")
    }

    @Test("a configuration that somebody else wrote is no word of this one's")
    func foreign() throws {
        _ = try write()
        try DurableFile.write(Array("listener 1883 0.0.0.0\nuser nobody\n".utf8), to: "\(folder)/mosquitto.conf")
        let result = try write()
        #expect(result.lines.contains("listener 8883") && !result.lines.contains("user nobody") && !result.output.contains("kept"))
    }
}
