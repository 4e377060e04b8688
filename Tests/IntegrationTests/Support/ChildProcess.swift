import Foundation

/// A running child in a process group of its own, ended at the latest when its owner or the test run goes.
///
/// Not Foundation's `Process`: the threads of Swift Testing block all signals and children inherit that, so a child would never
/// hear SIGTERM; and the exact wait status tells a SIGKILL from an exit code.
final class ChildProcess: @unchecked Sendable {
    enum Ending: Equatable {
        case exited(Int32)
        case signalled(Int32)
    }

    let processID: pid_t
    let logFile: String
    private var known: Ending?
    private let lock = NSLock()

    /// Starts `words[0]`; output and errors are appended to `logFile`.
    init(_ words: [String], logFile: String = "/dev/null", environment: [String: String] = [:]) throws {
        self.logFile = logFile
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, logFile, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { "\($0)=\($1)" }
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var settings: [UnsafeMutablePointer<CChar>?] = variables.map { strdup($0) } + [nil]
        defer { (arguments + settings).forEach { free($0) } }
        var id: pid_t = 0
        let result = posix_spawnp(&id, words[0], &actions, &attributes, &arguments, &settings)
        guard result == 0 else { throw IntegrationFailure("\(words[0]) cannot be started: errno \(result)") }
        processID = id
        Leftovers.shared.add(group: id)
    }

    deinit { kill() }

    /// How it ended; nil while it runs.
    var ending: Ending? {
        lock.withLock {
            if let known { return known }
            var status: Int32 = 0
            guard waitpid(processID, &status, WNOHANG) == processID else { return nil }
            known = status & 0x7F == 0 ? .exited((status >> 8) & 0xFF) : .signalled(status & 0x7F)
            Leftovers.shared.remove(group: processID)
            return known
        }
    }

    var isRunning: Bool { ending == nil }
    var log: String { (try? String(contentsOfFile: logFile, encoding: .utf8)) ?? "" }

    func signal(_ number: Int32) {
        if isRunning { _ = Foundation.kill(processID, number) }
    }

    /// SIGKILL for it and its children; returns when it is gone.
    func kill() {
        guard isRunning else { return }
        _ = Foundation.kill(-processID, SIGKILL)
        while isRunning { usleep(500) }
        // Its own children, such as the agent under strace, still hold sockets and locks until they are gone too.
        for _ in 0..<2_000 where Foundation.kill(-processID, 0) == 0 { usleep(1_000) }
    }

    /// SIGTERM; SIGKILL if it does not go within `seconds`. How it ended, and after how many milliseconds.
    @discardableResult
    func terminate(seconds: Double = 60) -> (ending: Ending?, milliseconds: Int) {
        let begun = ContinuousClock.now
        signal(SIGTERM)
        let ending = waitUntilEnded(seconds: seconds)
        let took = begun.duration(to: .now)
        kill()
        return (ending, Int(took / .milliseconds(1)))
    }

    func waitUntilEnded(seconds: Double) -> Ending? {
        let deadline = ContinuousClock.now.advanced(by: .seconds(seconds))
        while ContinuousClock.now < deadline {
            if let ending { return ending }
            usleep(1_000)
        }
        return ending
    }

    /// Runs a program to its end. Throws when it fails, with everything that it said.
    @discardableResult
    static func run(_ words: [String], in directory: String? = nil, acceptable: Set<Int32> = [0]) throws -> String {
        let output = try ScratchFolder(named: "harborseal-run")
        let command = directory.map { ["/usr/bin/env", "-C", $0] + words } ?? words
        let child = try ChildProcess(command, logFile: output.file("output"))
        let ending = child.waitUntilEnded(seconds: 300)
        guard case .exited(let code)? = ending, acceptable.contains(code) else {
            throw IntegrationFailure("\(words.joined(separator: " ")): \(ending.map { "\($0)" } ?? "not done after 300 s")\n\(child.log)")
        }
        return child.log
    }
}
