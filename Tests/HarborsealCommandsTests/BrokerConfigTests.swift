import AllianceTrust
import Foundation
import HarborsealCommands
import HarborsealTesting
import Testing

@Suite("broker-config, enforced by a real mosquitto", .serialized, .enabled(if: RealBroker.isPresent, "needs Debian's mosquitto and mosquitto-clients"))
struct BrokerConfigTests {
    let workspace: TestWorkspace
    let broker: RealBroker

    init() throws {
        workspace = try TestWorkspace(nodes: ["hk-1", "sz-1"])
        let port = Int(try LoopbackPort.free())
        let alliance = workspace.alliance
        _ = try AllianceAddServer(directory: alliance, server: "broker", dnsNames: ["localhost"], addresses: ["127.0.0.1"]).run()
        for device in ["gw-1", "gw-2"] {
            _ = try DeviceIssue(directory: alliance, firm: "acme", device: device, output: "\(workspace.path)/\(device)").run()
        }
        _ = try AllianceBrokerConfig(
            directory: alliance, server: "broker", output: "\(workspace.path)/broker", port: port, bindAddress: "127.0.0.1",
            user: NSUserName()
        ).run()
        broker = try RealBroker(
            configuration: "\(workspace.path)/broker/mosquitto.conf", port: port, log: "\(workspace.path)/broker.log")
    }

    private func client(_ identity: String?) -> BrokerClient {
        BrokerClient(
            port: broker.port, authority: "\(workspace.alliance)/link-ca.crt", identity: identity.map { "\(workspace.path)/\($0)" })
    }

    private var gateway1: BrokerClient { client("gw-1/link") }
    private var gateway2: BrokerClient { client("gw-2/link") }
    private func node(_ name: String) -> BrokerClient { client("alliance/nodes/\(name)/link") }

    @Test("a gateway's own batches, hellos and status reach a node; those under another's name do not")
    func gatewayWrites() throws {
        #expect(broker.isRunning, "\(broker.logText)")
        let node = try node("hk-1").subscribe(["hs/1/+/+/batch", "hs/1/+/+/hello", "hs/1/+/+/status"], count: 4)
        try gateway1.publish("hs/1/ab/acme.gw-2/batch", "forged")
        try gateway1.publish("hs/1/ab/acme.gw-2/hello", "forged")
        try gateway1.publish("hs/1/ab/acme.gw-1/batch", "1")
        try gateway1.publish("hs/1/ab/acme.gw-1/hello", "2")
        try gateway1.publish("hs/1/ab/acme.gw-1/status", "3")
        try gateway1.publish("hs/1/ab/acme.gw-1/other/batch", "forged")
        try gateway2.publish("hs/1/cd/acme.gw-2/batch", "4")
        #expect(node.messages() == [
            "hs/1/ab/acme.gw-1/batch 1", "hs/1/ab/acme.gw-1/hello 2", "hs/1/ab/acme.gw-1/status 3", "hs/1/cd/acme.gw-2/batch 4",
        ])
    }

    @Test("a gateway reads the replies to it and nobody else's, whatever it subscribes to")
    func gatewayReads() throws {
        let own = try gateway1.subscribe(["hs/1/+/acme.gw-1/reply/+"], count: 2)
        let curious = try gateway2.subscribe(["hs/1/#", "hs/1/+/acme.gw-1/reply/+", "hs/1/+/+/batch"], count: 1)
        try node("hk-1").publish("hs/1/ab/acme.gw-1/reply/hk-1", "to 1")
        try node("sz-1").publish("hs/1/ab/acme.gw-1/reply/sz-1", "to 1")
        #expect(own.messages() == ["hs/1/ab/acme.gw-1/reply/hk-1 to 1", "hs/1/ab/acme.gw-1/reply/sz-1 to 1"])
        try gateway1.publish("hs/1/ab/acme.gw-1/batch", "mine")
        try node("hk-1").publish("hs/1/cd/acme.gw-2/reply/hk-1", "to 2")
        #expect(curious.messages().first == "hs/1/cd/acme.gw-2/reply/hk-1 to 2")
    }

    @Test("a node replies under its own name only, and publishes no batch")
    func nodeWrites() throws {
        let gateway = try gateway1.subscribe(["hs/1/+/acme.gw-1/reply/+"], count: 1)
        let other = try node("sz-1").subscribe(["hs/1/+/+/batch"], count: 1)
        try node("hk-1").publish("hs/1/ab/acme.gw-1/reply/sz-1", "forged")
        try node("hk-1").publish("hs/1/ab/acme.gw-1/batch", "forged")
        try node("hk-1").publish("hs/1/ab/acme.gw-1/reply/hk-1", "real")
        try gateway1.publish("hs/1/ab/acme.gw-1/batch", "real")
        #expect(gateway.messages() == ["hs/1/ab/acme.gw-1/reply/hk-1 real"])
        #expect(other.messages() == ["hs/1/ab/acme.gw-1/batch real"])
    }

    @Test("without a certificate, or with a seal certificate, nobody connects")
    func strangers() throws {
        #expect(try client(nil).publish("hs/1/ab/acme.gw-1/batch", "x") != 0)
        #expect(try client("gw-1/seal").publish("hs/1/ab/acme.gw-1/batch", "x") != 0)
        #expect(try gateway1.publish("hs/1/ab/acme.gw-1/batch", "x") == 0)
    }

    @Test("a client id of another's changes nothing: the certificate's name is the session's")
    func clientIDs() throws {
        let second = try gateway2.subscribe(["hs/1/+/acme.gw-2/reply/+"], count: 1)
        try gateway1.publish("hs/1/ab/acme.gw-1/batch", "x", more: ["-i", "acme.gw-2"])
        try node("hk-1").publish("hs/1/cd/acme.gw-2/reply/hk-1", "still here")
        #expect(second.messages() == ["hs/1/cd/acme.gw-2/reply/hk-1 still here"])
    }

    @Test("a message larger than any batch-message is not passed on; the largest batch-message is")
    func largeMessages() throws {
        let node = try node("hk-1").subscribe(["hs/1/+/+/batch"], count: 1)
        let large = try workspace.write("large", [UInt8](repeating: 0x78, count: 300_000))
        let fits = try workspace.write("fits", [UInt8](repeating: 0x79, count: 262_144))
        let publish = { (file: String, tries: Int) in
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/mosquitto_pub")
            process.arguments = [
                "-h", "localhost", "-p", "\(broker.port)", "--cafile", "\(workspace.alliance)/link-ca.crt", "--cert",
                "\(workspace.path)/gw-1/link.crt", "--key", "\(workspace.path)/gw-1/link.key", "-q", "1", "-t",
                "hs/1/ab/acme.gw-1/batch", "-f", file,
            ]
            process.standardError = FileHandle.nullDevice
            try process.runHearingSignals()
            // A refused message has the client try again for ever.
            for _ in 0..<tries where process.isRunning { usleep(50_000) }
            if process.isRunning { kill(process.processIdentifier, SIGKILL) }
            process.waitUntilExit()
        }
        try publish(large, 40)
        try publish(fits, 1_200)
        let messages = node.messages()
        #expect(messages.count == 1)
        #expect(messages.first?.utf8.count == "hs/1/ab/acme.gw-1/batch ".utf8.count + 262_144)
    }

    @Test("a revocation list that names a link certificate shuts it out after a reload")
    func revocation() throws {
        #expect(try gateway2.publish("hs/1/cd/acme.gw-2/batch", "x") == 0)
        let link = try CertificateAuthority(
            certificate: CertificateBytes(pemOrDER: DurableFile.read("\(workspace.alliance)/link-ca.crt")),
            key: AllianceSigningKey(file: "\(workspace.alliance)/link-ca.key"))
        let serial = try LinkSerial.read("\(workspace.path)/gw-2/link.crt")
        let now = WallClock.nowSeconds
        let list = try link.issueRevocationList(
            entries: [.init(serialNumber: serial, sinceSeconds: now - 60, revokedSeconds: now)], number: 2,
            thisUpdateSeconds: now - 60, nextUpdateSeconds: now + 86_400)
        try DurableFile.write(
            Array(CertificateAuthority.revocationListPEM(der: list).utf8), to: "\(workspace.path)/broker/link-ca.crl")
        broker.reload()
        var code: Int32 = 0
        for _ in 0..<600 where code == 0 {
            usleep(50_000)
            code = try gateway2.publish("hs/1/cd/acme.gw-2/batch", "x")
        }
        #expect(code != 0)
        #expect(try gateway1.publish("hs/1/ab/acme.gw-1/batch", "x") == 0)
    }
}

/// The serial number of a certificate, as openssl reads it.
enum LinkSerial {
    static func read(_ path: String) throws -> [UInt8] {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = ["x509", "-in", path, "-noout", "-serial"]
        process.standardOutput = pipe
        try process.runHearingSignals()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let digits = Array(text.trimmingCharacters(in: .whitespacesAndNewlines).dropFirst("serial=".count))
        return stride(from: 0, to: digits.count - 1, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
    }
}
