import Foundation
import HarborsealTesting

/// `harborseal registry serve` of an alliance: the real one. May be stopped and started again with its store, also under a wrong clock.
final class RunningRegistry {
    let alliance: Alliance
    let port: UInt16
    private let folder: ScratchFolder
    private var process: ChildProcess?
    /// What stands in front of each command there.
    private var clock: [String] = []
    private var configuration: String { folder.file("registry/registry.conf") }

    /// - Parameters:
    ///   - words: more for `registry init`.
    ///   - change: what is done to registry.conf before the start.
    init(_ alliance: Alliance, brokerPort: UInt16, words: [String] = [], change: (String) throws -> String = { $0 }) throws {
        self.alliance = alliance
        port = try LoopbackPort.free()
        folder = try ScratchFolder(named: "hs-est")
        try alliance.harborseal(["registry", "init", "--url", "https://localhost:\(port)", "-o", folder.file("registry")] + words)
        let text = try String(contentsOfFile: configuration, encoding: .utf8)
        try change(text.replacingOccurrences(of: "[registry]\n", with: "[registry]\nbrokers = localhost:\(brokerPort)\n"))
            .write(toFile: configuration, atomically: false, encoding: .utf8)
        try start()
    }

    deinit { process?.kill() }

    var log: String { (try? String(contentsOfFile: folder.file("log"), encoding: .utf8)) ?? "" }

    /// - Parameter days: by how much its clock is ahead.
    func start(daysAhead days: Int64 = 0) throws {
        clock = try days == 0 ? [] : ClockShift(seconds: days * 86_400).wrapper(in: folder)
        let words = clock + [try Programs.harborseal, "registry", "serve", "--config", configuration, "--set", "https.port=\(port)"]
        let child = try ChildProcess(words, logFile: folder.file("log"))
        process = child
        try wait(until: "the registry", seconds: 30, everyMilliseconds: 100, instead: { child.log }) {
            guard child.isRunning else { throw IntegrationFailure("the registry ended: \(child.log)") }
            return (try? ChildProcess.run(["/usr/bin/curl", "-skf", "-m", "60", "https://localhost:\(port)/healthz"])) != nil
        }
    }

    func stop() {
        process?.terminate()
        process = nil
    }

    /// `harborseal device VERB` beside the registry that runs, as its operator.
    @discardableResult
    func device(_ words: String...) throws -> [String: Any] {
        let told = try ChildProcess.run(clock + [try Programs.harborseal, "device"] + words + ["--json", "--config", configuration])
        return try JSONSerialization.jsonObject(with: Data(told.utf8)) as? [String: Any] ?? [:]
    }

    /// `harborseal registry VERB` beside it.
    @discardableResult
    func registry(_ words: String...) throws -> String {
        try ChildProcess.run([try Programs.harborseal, "registry"] + words + ["--config", configuration])
    }

    /// A new device's enrolment text, as its technician gets it.
    func text(of device: String) throws -> String {
        let added = try self.device("add", "--firm", Alliance.firm, "--device", device)
        guard let text = added["enrolmentText"] as? String else { throw IntegrationFailure("no enrolment text: \(added)") }
        return text
    }
}
