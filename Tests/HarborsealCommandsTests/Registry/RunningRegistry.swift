import Foundation
import HarborsealCommands

/// The built program as the registry's service, with curl and openssl as gateways and brokers.
final class RunningRegistry {
    let workspace: RegistryWorkspace
    let port: Int
    private let process: Process
    private let logFile: String

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private init(workspace: RegistryWorkspace, port: Int, process: Process, logFile: String) {
        self.workspace = workspace
        self.port = port
        self.process = process
        self.logFile = logFile
    }

    /// Starts it, and waits until it answers.
    static func start(_ workspace: RegistryWorkspace, _ overrides: [String] = [], environment: [String: String] = [:]) throws -> RunningRegistry {
        let logFile = "\(workspace.path)/registry.log"
        _ = FileManager.default.createFile(atPath: logFile, contents: nil)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: BuiltProgram.path)
        process.arguments = ["registry", "serve", "--config", workspace.configuration, "--set", "https.port=0"] + overrides.flatMap { ["--set", $0] }
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardError = FileHandle(forWritingAtPath: logFile)
        process.standardInput = FileHandle.nullDevice
        try process.runHearingSignals()
        let port = try port(in: logFile, of: process)
        return RunningRegistry(workspace: workspace, port: port, process: process, logFile: logFile)
    }

    private static func port(in logFile: String, of process: Process) throws -> Int {
        for _ in 0..<600 {
            if let port = port(text(logFile)) { return port }
            if !process.isRunning { break }
            Thread.sleep(forTimeInterval: 0.1)
        }
        process.terminate()
        throw Failure(description: "the registry does not answer: \(text(logFile))")
    }

    /// The port of the line that says where it answers; nil: there is none yet.
    private static func port(_ log: String) -> Int? {
        guard let line = log.split(separator: "\n").first(where: { $0.hasSuffix("answering HTTPS") }) else { return nil }
        guard let mark = line.range(of: "port=") else { return nil }
        return Int(line[mark.upperBound...].prefix { $0.isNumber })
    }

    private static func text(_ file: String) -> String {
        String(decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self)
    }

    var log: String { Self.text(logFile) }

    /// Ends it as systemd does; its exit code.
    func stop() -> Int32 {
        process.terminate()
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Ends it as a power cut does.
    func kill() {
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    deinit { if process.isRunning { kill() } }

    /// Whether something becomes true in time.
    static func wait(seconds: Double = 60, until condition: () throws -> Bool) throws -> Bool {
        let end = Date(timeIntervalSinceNow: seconds)
        while Date() < end {
            if try condition() { return true }
            Thread.sleep(forTimeInterval: 0.2)
        }
        return false
    }

    /// What a program of Debian's prints; its exit code.
    static func run(_ name: String, _ arguments: [String]) throws -> (code: Int32, text: String) {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/\(name)")
        process.arguments = arguments
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.runHearingSignals()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    /// Enrols a device for a label with curl and openssl; its certificate as a PEM file.
    func enrol(_ label: String, _ gateway: String, code: String) throws -> String {
        let (key, request) = ("\(workspace.path)/\(gateway)-\(label).key", "\(workspace.path)/\(gateway)-\(label).csr")
        _ = try Self.run("openssl", ["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key])
        _ = try Self.run("openssl", ["req", "-new", "-key", key, "-subj", "/", "-outform", "DER", "-out", request])
        let base64 = try Self.run("openssl", ["base64", "-A", "-in", request]).text
        let answer = try Self.run("curl", [
            "-sS", "--max-time", "60", "--cacert", "\(workspace.workspace.alliance)/link-ca.crt", "-u", "\(gateway):\(code)", "-d", base64, "-H",
            "Content-Type: application/pkcs10", "https://localhost:\(port)/.well-known/est/\(label)/simpleenroll",
        ]).text
        let message = try workspace.write("\(gateway)-\(label).p7", "-----BEGIN PKCS7-----\n\(answer)-----END PKCS7-----\n")
        let certificate = "\(workspace.path)/\(gateway)-\(label).crt"
        guard try Self.run("openssl", ["pkcs7", "-in", message, "-print_certs", "-out", certificate]).code == 0 else { throw Failure(description: answer) }
        return certificate
    }
}
