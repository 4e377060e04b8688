import Foundation
import Testing

/// OpenRC's supervise-daemon and OpenWrt's procd start a program again whatever it ended with. What they start is
/// `harborseal-agent-run` (UnitFileTests look at that); here it runs the real agent, below a supervisor that never gives up.
@Suite(.serialized, .timeLimit(.minutes(3))) struct SupervisedStartTests {
    private static let alliance = Result { try Alliance(name: "gba-supervised", nodes: ["hk-1"], quorum: 1) }
    private static let script = Programs.packageRoot + "/Firmware-Config/supervised/harborseal-agent-run"

    /// What is wrong, made and mended in a gateway's folder.
    enum Fault: String, CaseIterable, Sendable {
        case wrongConfiguration, noConfiguration, noSealKey, openSealKey, openLinkKey, damagedTrustFile

        /// What the agent's own `run` ends with, whoever starts it.
        var code: Int32 {
            switch self {
            case .wrongConfiguration: 78
            case .noConfiguration, .noSealKey: 66
            case .openSealKey, .openLinkKey: 77
            case .damagedTrustFile: 65
            }
        }

        var reason: String {
            switch self {
            case .wrongConfiguration: "colour"
            case .noConfiguration: "agent.conf: cannot be opened"
            case .noSealKey: "seal.key: No such file"
            case .openSealKey, .openLinkKey: "chmod 600"
            case .damagedTrustFile: "alliance.hstrust"
            }
        }
    }

    /// A supervisor as simple as they are: it starts again, at once, and counts.
    private final class Supervisor {
        let agent: RunningAgent
        private let folder: ScratchFolder
        private let process: ChildProcess

        init(_ agent: RunningAgent) throws {
            self.agent = agent
            folder = try ScratchFolder(named: "hs-super")
            // A minute is a tenth of a second here.
            try FileManager.default.createDirectory(atPath: folder.file("bin"), withIntermediateDirectories: true)
            try "#!/bin/sh\nexec /bin/sleep 0.1\n".write(toFile: folder.file("bin/sleep"), atomically: false, encoding: .utf8)
            try "#!/bin/sh\necho \"$1\" >>\(folder.file("calls"))\nexec \(try Programs.agent) \"$@\"\n"
                .write(toFile: folder.file("agent"), atomically: false, encoding: .utf8)
            for name in ["bin/sleep", "agent"] {
                try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.file(name))
            }
            let options = RunningAgent.quick.flatMap { ["--set", $0] }.map { "'\($0)'" }.joined(separator: " ")
            let loop = """
                while :; do
                    echo start >>\(folder.file("starts"))
                    PATH=\(folder.file("bin")):$PATH HARBORSEAL_AGENT=\(folder.file("agent")) \(script) --config \(agent.configuration) \(options) &
                    echo $! >\(folder.file("pid"))
                    wait $!
                    echo "ended $?" >>\(folder.file("ends"))
                    /bin/sleep 0.05
                done
                """
            process = try ChildProcess(["/bin/sh", "-c", loop], logFile: folder.file("log"))
        }

        private func lines(_ name: String) -> [String] {
            ((try? String(contentsOfFile: folder.file(name), encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
        }

        var startCount: Int { lines("starts").count }
        var runCount: Int { lines("calls").count { $0 == "run" } }
        var checkCount: Int { lines("calls").count { $0 == "check-config" } }
        var ends: [String] { lines("ends") }
        var log: String { process.log }
        /// The process that it started last.
        var child: pid_t { lines("pid").first.flatMap { pid_t($0) } ?? -1 }
        func stop() { process.kill() }

        func waitUntilListening() throws {
            try wait(until: "the agent's sockets", instead: { log }) { UnixStream(agent.intakeSocket) != nil && UnixStream(agent.controlSocket) != nil }
        }
    }

    private func agent() throws -> RunningAgent { try RunningAgent(try Self.alliance.get(), brokerPorts: []) }

    @Test("what only a person can mend is told once, not started again for ever, and starts by itself once it is mended", arguments: Fault.allCases)
    func waits(fault: Fault) throws {
        // Without a broker the link's key is nobody's to look at.
        let agent = try RunningAgent(try Self.alliance.get(), brokerPorts: fault == .openLinkKey ? [1] : [])
        let files = FileManager.default
        let key = agent.keys + (fault == .openLinkKey ? "/link.key" : "/seal.key")
        let trust = agent.folder.file("alliance.hstrust")
        let mend: () throws -> Void
        switch fault {
        case .wrongConfiguration:
            try agent.reconfigure("[journal]", "[journal]\ncolour = blue")
            mend = { try agent.reconfigure("colour = blue\n", "") }
        case .noConfiguration:
            try files.moveItem(atPath: agent.configuration, toPath: agent.folder.file("aside"))
            mend = { try files.moveItem(atPath: agent.folder.file("aside"), toPath: agent.configuration) }
        case .noSealKey:
            try files.moveItem(atPath: key, toPath: agent.folder.file("aside"))
            mend = { try files.moveItem(atPath: agent.folder.file("aside"), toPath: key) }
        case .openSealKey, .openLinkKey:
            try files.setAttributes([.posixPermissions: 0o644], ofItemAtPath: key)
            mend = { try files.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key) }
        case .damagedTrustFile:
            let good = try Data(contentsOf: URL(fileURLWithPath: trust))
            try Data("garbage".utf8).write(to: URL(fileURLWithPath: trust))
            mend = { try good.write(to: URL(fileURLWithPath: trust)) }
        }
        // What a supervisor would see again and again.
        #expect(try AgentCommand.run(["run", "--config", agent.configuration]).code == fault.code)

        let supervisor = try Supervisor(agent)
        defer { supervisor.stop() }
        try wait(until: "five looks", instead: { supervisor.log }) { supervisor.checkCount >= 5 }
        #expect(supervisor.startCount == 1 && supervisor.runCount == 0, "\(supervisor.log)")
        #expect(supervisor.log.contains(fault.reason) && supervisor.log.components(separatedBy: "not started until that is corrected").count == 2, "\(supervisor.log)")
        try mend()
        try supervisor.waitUntilListening()
        #expect(supervisor.startCount == 1 && supervisor.runCount == 1, "\(supervisor.log)")
    }

    @Test("files that the agent records without keep nothing from starting; a killed agent is started again; SIGTERM ends the agent itself")
    func starts() throws {
        let agent = try agent()
        try FileManager.default.removeItem(atPath: agent.folder.file("alliance.hstrust"))
        try FileManager.default.removeItem(atPath: agent.keys + "/seal.crt")
        #expect(try agent.command("check-config").code == 66)
        let supervisor = try Supervisor(agent)
        defer { supervisor.stop() }
        try supervisor.waitUntilListening()
        guard case .stored = try agent.intake().send(IntakeClient.line(number: 1)) else { throw IntegrationFailure(supervisor.log) }
        for (signal, end) in [(SIGKILL, "ended 137"), (SIGTERM, "ended 0")] {
            let before = supervisor.startCount
            kill(supervisor.child, signal)
            try wait(until: "another start", instead: { supervisor.log }) { supervisor.startCount == before + 1 && supervisor.ends.last == end }
            try supervisor.waitUntilListening()
        }
        #expect(supervisor.startCount == 3 && supervisor.runCount == 3)
    }

    @Test("systemd is told the same: what stays wrong until somebody corrects it is not started again")
    func systemd() throws {
        let unit = try String(contentsOfFile: Programs.packageRoot + "/Firmware-Config/systemd/harborseal-agent.service", encoding: .utf8)
        let line = try #require(unit.split(separator: "\n").first { $0.hasPrefix("RestartPreventExitStatus=") })
        let codes = line.dropFirst("RestartPreventExitStatus=".count).split(separator: " ").compactMap { Int32($0) }
        #expect(codes.contains(64) && codes.contains(Fault.wrongConfiguration.code))
        let agent = try agent()
        #expect(try AgentCommand.run(["run", "--colour", "--config", agent.configuration]).code == 64)
    }
}
