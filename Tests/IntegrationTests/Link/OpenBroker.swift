import CPosixShims
import Foundation
import HarborsealTesting

/// A mosquitto with two doors: plain for gateways and attackers, and with TLS for the alliance's nodes.
final class OpenBroker {
    let plainPort: UInt16
    /// Where nodes connect.
    let securePort: UInt16
    private let alliance: Alliance
    private let folder: ScratchFolder
    private var process: ChildProcess?
    private var configuration: [String]

    /// - Parameters:
    ///   - extraLines: further lines of mosquitto.conf.
    ///   - plainAccess: lines of an ACL file for whoever is no node; nil: everything is allowed to everyone.
    init(_ alliance: Alliance, extraLines: [String] = [], plainAccess: [String]? = nil) throws {
        self.alliance = alliance
        folder = try ScratchFolder(named: "hs-open")
        (plainPort, securePort) = (try LoopbackPort.free(), try LoopbackPort.free())
        let server = alliance.folder.file("alliance/servers/broker")
        configuration = [
            "listener \(plainPort) 127.0.0.1", "allow_anonymous true", "persistence false", "log_dest stderr",
            "listener \(securePort) 127.0.0.1", "cafile \(alliance.linkAuthority)", "certfile \(server)/server.crt",
            "keyfile \(server)/server.key", "require_certificate true", "use_identity_as_username true",
        ]
        // Started as root, mosquitto would change to a user that cannot read these folders.
        if getuid() == 0 { configuration.append("user root") }
        configuration += extraLines
        if let plainAccess {
            configuration.append("acl_file \(folder.file("acl"))")
            try write(plainAccess)
        }
        try start()
    }

    deinit { process?.kill() }

    private func write(_ plainAccess: [String]) throws {
        let nodes = alliance.nodes.flatMap { ["user node.\($0)", "topic readwrite hs/#"] }
        let text = (plainAccess + nodes).joined(separator: "\n") + "\n"
        try text.write(toFile: folder.file("acl"), atomically: false, encoding: .utf8)
    }

    private func start() throws {
        let text = configuration.joined(separator: "\n") + "\n"
        try text.write(toFile: folder.file("mosquitto.conf"), atomically: false, encoding: .utf8)
        let child = try ChildProcess([try Programs.mosquitto, "-c", folder.file("mosquitto.conf")], logFile: folder.file("log"))
        process = child
        try wait(until: "mosquitto on port \(plainPort)", instead: { child.log }) {
            guard child.isRunning else { throw IntegrationFailure("mosquitto ended: \(child.log)") }
            return Self.listens(plainPort) && Self.listens(securePort)
        }
    }

    private static func listens(_ port: UInt16) -> Bool {
        let descriptor = posix_tcp_connect("127.0.0.1", port)
        guard descriptor >= 0 else { return false }
        defer { posix_socket_close(descriptor) }
        var entry = posix_poll_entry(descriptor: descriptor, events: Int16(POSIX_POLL_OUT), revents: 0)
        return posix_poll(&entry, 1, 1_000) == 1 && posix_socket_error(descriptor) == 0
    }

    /// Changes what whoever is no node may do; the broker starts anew.
    func setPlainAccess(_ lines: [String]) throws {
        try write(lines)
        try restart()
    }

    /// Takes a line of mosquitto.conf away; the broker starts anew.
    func remove(line: String) throws {
        configuration.removeAll { $0 == line }
        try restart()
    }

    /// SIGKILL, and a new one that knows nothing of the old one's messages.
    func restart() throws {
        process?.kill()
        try start()
    }
}
