import CPosixShims
import Foundation
import HarborsealTesting

/// A mosquitto with TLS, client certificates and the access list of `harborseal alliance broker-config`. May be killed and started again.
final class RunningBroker {
    let port: UInt16
    private let folder: ScratchFolder
    private var process: ChildProcess?

    /// - Parameter changing: what is done to the written files before the broker starts.
    init(_ alliance: Alliance, changing: (_ folder: String) throws -> Void = { _ in }) throws {
        port = try LoopbackPort.free()
        folder = try ScratchFolder(named: "hs-broker")
        try alliance.harborseal("alliance", "broker-config", "-o", folder.file("broker"), "--port", "\(port)", "--bind", "127.0.0.1")
        // Started as root, mosquitto would change to a user that cannot read this folder.
        if getuid() == 0 {
            let text = try String(contentsOfFile: folder.file("broker/mosquitto.conf"), encoding: .utf8)
            try (text + "\nuser root\n").write(toFile: folder.file("broker/mosquitto.conf"), atomically: false, encoding: .utf8)
        }
        try changing(configurationFolder)
        try start()
    }

    deinit { kill() }

    func start() throws {
        let child = try ChildProcess([try Programs.mosquitto, "-c", folder.file("broker/mosquitto.conf")], logFile: folder.file("log"))
        process = child
        try wait(until: "mosquitto on port \(port)", instead: { child.log }) {
            guard child.isRunning else { throw IntegrationFailure("mosquitto ended: \(child.log)") }
            return isListening
        }
    }

    func kill() {
        process?.kill()
        process = nil
    }

    var log: String { (try? String(contentsOfFile: folder.file("log"), encoding: .utf8)) ?? "" }

    /// What `broker-config` wrote.
    var configurationFolder: String { folder.file("broker") }
    /// nil: it does not run.
    var processID: Int32? { process?.processID }

    private var isListening: Bool {
        let descriptor = posix_tcp_connect("127.0.0.1", port)
        guard descriptor >= 0 else { return false }
        defer { posix_socket_close(descriptor) }
        var entry = posix_poll_entry(descriptor: descriptor, events: Int16(POSIX_POLL_OUT), revents: 0)
        return posix_poll(&entry, 1, 1_000) == 1 && posix_socket_error(descriptor) == 0
    }
}
