import CPosixShims
import Foundation
import Glibc
import enum HarborsealTesting.LoopbackPort

/// A mosquitto of the test's own on a free port of loopback.
public final class TestBroker: Sendable {
    public static let executable = "/usr/sbin/mosquitto"
    public static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: executable) }

    public let port: UInt16
    private let process: Process
    private let folder: URL

    public init() throws {
        port = try LoopbackPort.free()
        folder = try TestNode.newFolder()
        let configuration = folder.appendingPathComponent("mosquitto.conf")
        try """
            listener \(port) 127.0.0.1
            allow_anonymous true
            max_inflight_messages 200
            max_queued_messages 100000

            """.write(to: configuration, atomically: false, encoding: .utf8)
        process = Process()
        process.executableURL = URL(fileURLWithPath: Self.executable)
        process.arguments = ["-c", configuration.path]
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        for _ in 0..<3_000 where process.isRunning && !Self.answers(port) { posix_sleep_milliseconds(20) }
    }

    deinit { stop() }

    public func stop() {
        if process.isRunning {
            // The child inherits the blocked SIGTERM of the task's thread, so a polite end would never come.
            _ = kill(process.processIdentifier, SIGKILL)
            for _ in 0..<250 where process.isRunning { posix_sleep_milliseconds(20) }
        }
        try? FileManager.default.removeItem(at: folder)
    }

    private static func answers(_ port: UInt16) -> Bool {
        let descriptor = posix_tcp_connect("127.0.0.1", port)
        guard descriptor >= 0 else { return false }
        defer { _ = posix_socket_close(descriptor) }
        posix_sleep_milliseconds(10)
        return posix_socket_error(descriptor) == 0
    }
}
