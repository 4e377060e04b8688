import DeviceRegistry
import Foundation
import RegistryTesting

/// `RegistryStep` as a process of its own, under strace where it is to die.
enum StepProcess {
    static let strace = "/usr/bin/strace"

    struct Outcome {
        /// The line that it printed, once what it says was durable; empty when it died before.
        var line: String
        var wasKilled: Bool

        var certificate: String? { line.hasPrefix("certificate ") ? String(line.dropFirst(12)) : nil }
    }

    /// Built with the tests, which depend on it.
    private static let program = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path + "/.build/debug/RegistryStep"

    static var isPresent: Bool {
        [strace, program].allSatisfy { FileManager.default.isExecutableFile(atPath: $0) }
    }

    static func start(_ words: [String], tracing: [String] = []) throws -> Running {
        let process = Process()
        let line = tracing + [program] + words
        process.executableURL = URL(fileURLWithPath: line[0])
        process.arguments = Array(line.dropFirst())
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return Running(process: process, output: output)
    }

    struct Running {
        let process: Process
        let output: Pipe

        func ended() -> Outcome {
            let data = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines)
            return Outcome(line: text, wasKilled: process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGKILL)
        }
    }

    /// Runs a step that is killed at its n-th call that changes or syncs a file of the store.
    static func killed(atCall number: Int, in folder: String, _ words: [String]) throws -> Outcome {
        // strace dies of the signal that its program died of.
        let calls = "pwrite64,fdatasync,fsync,ftruncate,unlink"
        let files = ["registry.sqlite", "registry.sqlite-wal", "registry.sqlite-shm"].flatMap { ["-P", "\(folder)/\($0)"] }
        let tracing = [strace, "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(calls)"] + files
        return try start(words, tracing: tracing + ["-e", "inject=\(calls):signal=KILL:when=\(number)"]).ended()
    }
}
