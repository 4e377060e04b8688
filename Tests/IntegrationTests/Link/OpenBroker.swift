import Foundation
import HarborsealTesting

/// A mosquitto with two doors: plain for gateways and attackers, and with TLS for the alliance's nodes.
final class OpenBroker {
    let broker: TestBroker
    /// Where nodes connect.
    let securePort: UInt16
    var plainPort: UInt16 { broker.port }

    /// - Parameters:
    ///   - extraLines: further lines of mosquitto.conf.
    ///   - plainAccess: lines of an ACL file for whoever is no node; nil: everything is allowed to everyone.
    init(_ alliance: Alliance, extraLines: [String] = [], plainAccess: [String]? = nil) throws {
        securePort = try TestBroker.freePort()
        let server = alliance.folder.file("alliance/servers/broker")
        let doorLines = [
            "listener \(securePort) 127.0.0.1", "cafile \(alliance.linkAuthority)", "certfile \(server)/server.crt",
            "keyfile \(server)/server.key", "require_certificate true", "use_identity_as_username true",
        ]
        broker = try TestBroker(
            extraLines: extraLines + doorLines, accessList: plainAccess.map { Self.accessList($0, alliance) })
        try broker.start()
    }

    private static func accessList(_ plainAccess: [String], _ alliance: Alliance) -> String {
        let nodes = alliance.nodes.flatMap { ["user node.\($0)", "topic readwrite hs/#"] }
        return (plainAccess + nodes).joined(separator: "\n") + "\n"
    }

    /// Changes what whoever is no node may do; the broker starts anew.
    func setPlainAccess(_ lines: [String], _ alliance: Alliance) throws {
        try broker.directory.write(Self.accessList(lines, alliance), to: "acl")
        try restart()
    }

    /// Takes a line of mosquitto.conf away; the broker starts anew.
    func remove(line: String) throws {
        let text = try String(contentsOfFile: broker.directory.file("mosquitto.conf"), encoding: .utf8)
        try broker.directory.write(text.replacingOccurrences(of: line + "\n", with: ""), to: "mosquitto.conf")
        try restart()
    }

    func restart() throws {
        broker.kill()
        try broker.start()
    }
}
