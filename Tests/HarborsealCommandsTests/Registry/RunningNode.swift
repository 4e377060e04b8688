import Foundation

/// The built program as a node's service.
final class RunningNode {
    let url: String
    private let process = Process()
    private let logFile: String

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Starts it, and waits until it answers.
    init(configuration: String, port: UInt16, logFile: String, _ overrides: [String] = []) throws {
        url = "http://127.0.0.1:\(port)"
        self.logFile = logFile
        _ = FileManager.default.createFile(atPath: logFile, contents: nil)
        process.executableURL = URL(fileURLWithPath: BuiltProgram.path)
        process.arguments = ["node", "serve", "--config", configuration] + (["http.port=\(port)"] + overrides).flatMap { ["--set", $0] }
        process.standardError = FileHandle(forWritingAtPath: logFile)
        process.standardInput = FileHandle.nullDevice
        try process.runHearingSignals()
        for _ in 0..<600 {
            if try text("healthz") != nil { return }
            guard process.isRunning else { break }
            Thread.sleep(forTimeInterval: 0.1)
        }
        throw Failure(description: "the node does not answer: \(log)")
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    var log: String { String(decoding: FileManager.default.contents(atPath: logFile) ?? Data(), as: UTF8.self) }

    /// Ends it as systemd does; its exit code.
    func stop() -> Int32 {
        process.terminate()
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// What it answers to GET; nil: not with 2xx.
    func text(_ path: String) throws -> String? {
        let answer = try RunningRegistry.run("curl", ["-sS", "--fail", "--max-time", "60", "\(url)/\(path)"])
        return answer.code == 0 ? answer.text : nil
    }

    /// The bytes of an entry of its ledger; nil: it has none of this id.
    func entry(_ id: String, in folder: String) throws -> [UInt8]? {
        let file = "\(folder)/entry-\(id)"
        guard try RunningRegistry.run("curl", ["-sS", "--fail", "--max-time", "60", "\(url)/entries/\(id)", "-o", file]).code == 0 else { return nil }
        return FileManager.default.contents(atPath: file).map(Array.init)
    }

    /// A metric without labels; nil: there is none of this name.
    func metric(_ name: String) throws -> Int? {
        try text("metrics")?.split(separator: "\n").first { $0.hasPrefix(name + " ") }.flatMap { Int($0.dropFirst(name.count + 1)) }
    }
}
