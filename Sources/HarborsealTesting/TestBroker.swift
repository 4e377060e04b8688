import CPosixShims
import Foundation

/// A real mosquitto on loopback, with its own port and folder; killed at the latest when its owner goes.
///
/// Not thread-safe: start and stop it from one task.
public final class TestBroker: @unchecked Sendable {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    public let port: UInt16
    public let directory: TemporaryDirectory
    /// What mosquitto wrote: see `logText`.
    public let logFile: String
    private let configurationFile: String
    private var process: Process?
    private let certificates: TestCertificates?   // owns the files that a restart reads

    /// Prepares a broker; ``start()`` runs it.
    /// - Parameters:
    ///   - certificates: with these it speaks TLS and wants a client certificate whose CN becomes the user name; nil: plain TCP.
    ///   - server: the broker's own certificate; made when nil.
    ///   - extraLines: further lines of mosquitto.conf, for example `max_packet_size 1000`.
    ///   - accessList: the text of an ACL file; nil: everything is allowed.
    public init(
        certificates: TestCertificates? = nil, server: TestCertificates.Identity? = nil, port: UInt16? = nil,
        extraLines: [String] = [], accessList: String? = nil
    ) throws {
        directory = try TemporaryDirectory(named: "harborseal-broker")
        self.port = try port ?? LoopbackPort.free()
        self.certificates = certificates
        logFile = directory.file("mosquitto.log")
        var lines = [
            "listener \(self.port) 127.0.0.1", "allow_anonymous \(certificates == nil)", "persistence false",
            "log_dest file \(logFile)", "log_type all", "connection_messages true",
        ]
        // Started as root, mosquitto would change to a user that cannot read this folder.
        if posix_user_id() == 0 { lines.append("user root") }
        if let certificates {
            let identity = try server ?? certificates.server()
            lines += [
                "cafile \(certificates.authorityFile)", "certfile \(identity.certificateFile)", "keyfile \(identity.keyFile)",
                "require_certificate true", "use_identity_as_username true",
            ]
        }
        if let accessList { lines.append("acl_file \(try directory.write(accessList, to: "acl"))") }
        configurationFile = try directory.write((lines + extraLines).joined(separator: "\n") + "\n", to: "mosquitto.conf")
    }

    deinit { kill() }

    /// Starts it and waits until it listens, at most a minute.
    public func start() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try Self.program())
        process.arguments = ["-c", configurationFile]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        self.process = process
        let deadline = posix_boottime_milliseconds() + 60_000
        while !Self.listens(port) {
            guard process.isRunning, posix_boottime_milliseconds() < deadline else {
                kill()
                throw Failure(description: "mosquitto does not listen on port \(port): \(logText)")
            }
            posix_sleep_milliseconds(10)
        }
    }

    /// Ends it politely: it says good-bye to its clients.
    public func stop() {
        guard let process, process.isRunning else { return }
        process.terminate()
        process.waitUntilExit()
        self.process = nil
    }

    /// SIGKILL.
    public func kill() {
        guard let process else { return }
        if process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        self.process = nil
    }

    public var isRunning: Bool { process?.isRunning ?? false }
    public var logText: String { (try? String(contentsOfFile: logFile, encoding: .utf8)) ?? "" }

    private static func listens(_ port: UInt16) -> Bool {
        let descriptor = posix_tcp_connect("127.0.0.1", port)
        guard descriptor >= 0 else { return false }
        defer { posix_socket_close(descriptor) }
        var entry = posix_poll_entry(descriptor: descriptor, events: Int16(POSIX_POLL_OUT), revents: 0)
        return posix_poll(&entry, 1, 1_000) == 1 && posix_socket_error(descriptor) == 0
    }

    private static func program() throws -> String {
        let places = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/usr/bin/mosquitto"]
        guard let found = places.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
            throw Failure(description: "mosquitto is not installed: apt-get install mosquitto")
        }
        return found
    }
}
