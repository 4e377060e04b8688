import Foundation
import Testing

extension BrokersAndNodes {
    /// The real Embedded binary against a real datagram socket: what systemd would hear.
    @Suite struct ServiceManager {
        private static let alliance = Result { try Alliance(name: "gba-service", nodes: ["hk-1"], quorum: 1) }

        private func agent(_ settings: [String] = RunningAgent.quick) throws -> RunningAgent {
            try RunningAgent(try Self.alliance.get(), brokerPorts: [], settings: settings)
        }

        private func launch(_ agent: RunningAgent, _ socket: NotificationSocket, watchdogSeconds: Double? = nil) throws {
            let watchdog = watchdogSeconds.map { ["WATCHDOG_USEC=\(Int($0 * 1_000_000))"] } ?? []
            try agent.launch(under: ["/usr/bin/env", "NOTIFY_SOCKET=\(socket.address)"] + watchdog)
        }

        /// Whether the watchdog is fed about once a second. On a busy machine a feed or two may be late: one pair of them that is not is enough.
        private func isFedEverySecond(_ socket: NotificationSocket) -> Bool {
            guard socket.wait(for: "WATCHDOG=1", seconds: 60) else { return false }
            return (1...20).contains { _ in
                let begun = ContinuousClock.now
                return socket.wait(for: "WATCHDOG=1", seconds: 60) && begun.duration(to: .now) < .seconds(1.8)
            }
        }

        @Test("READY comes once, when the first event of this run is durable; STOPPING at its end", arguments: [false, true])
        func ready(isAbstract: Bool) throws {
            let socket = try NotificationSocket(isAbstract: isAbstract)
            let agent = try agent()
            for run in 1...2 {
                try launch(agent, socket)
                #expect(socket.wait(for: "READY=1", seconds: 60), "run \(run): \(agent.tail)")
                #expect(try agent.report().number("journal", "durable") >= run)
                #expect(agent.terminate().ending == .exited(0))
                let rest = socket.drain()
                #expect(rest.contains("STOPPING=1") && !rest.contains { $0.contains("READY") }, "\(rest)")
            }
        }

        @Test(
            "READY does not come while nothing can be stored, and comes when it can; the agent runs meanwhile",
            .enabled(if: SmallDisk.isPossible, "\(SmallDisk.reason)"))
        func notReady() throws {
            let disk = try SmallDisk(byteCount: 4 << 20)
            let socket = try NotificationSocket()
            let agent = try agent(RunningAgent.quick + ["journal.directory=\(disk.path)/journal", "journal.cap=1 MiB", "journal.segment-bytes=64 KiB"])
            let filler = try disk.fill(leaving: 0)
            try launch(agent, socket)
            #expect(!socket.wait(for: "READY=1", seconds: 3), "nothing is durable")
            #expect(agent.process?.isRunning == true, "the agent always starts: \(agent.tail)")
            try FileManager.default.removeItem(atPath: filler)
            #expect(socket.wait(for: "READY=1", seconds: 60), "\(agent.tail)")
        }

        @Test("the watchdog is fed four times in its time while the loop goes round, and not at all while it is stuck") func watchdog() throws {
            let socket = try NotificationSocket()
            let agent = try agent()
            try launch(agent, socket, watchdogSeconds: 4)
            #expect(socket.wait(for: "READY=1", seconds: 60), "\(agent.tail)")
            #expect(isFedEverySecond(socket))
            let process = try #require(agent.process)
            process.signal(SIGSTOP)
            defer { process.signal(SIGCONT) }
            usleep(100_000)
            _ = socket.drain()
            #expect(!socket.wait(for: "WATCHDOG=1", seconds: 4.5), "a stuck loop feeds nothing")
            process.signal(SIGCONT)
            #expect(socket.wait(for: "WATCHDOG=1", seconds: 60), "it goes on where it was")
        }

        /// A call that does not come back, made by a preloaded library.
        enum StuckCall: String, CaseIterable, Sendable {
            /// The journal's sync, on a memory card that hangs.
            case fdatasync
            /// A sensor's file, on a bus that hangs.
            case pread
        }

        @Test("a loop that a system call holds feeds no watchdog, and feeds it again when the call comes back", arguments: StuckCall.allCases)
        func stuck(call: StuckCall) throws {
            let socket = try NotificationSocket()
            let folder = try ScratchFolder(named: "hs-stuck")
            let (library, gate) = (folder.file("stuck-call.so"), folder.file("gate"))
            try ChildProcess.run([
                try Programs.tool("cc", package: "gcc"), "-Wall", "-Werror", "-shared", "-fPIC", "-o", library,
                Programs.packageRoot + "/Tests/IntegrationTests/Support/stuck-call.c",
            ])
            let sensor = folder.file("class/hwmon/hwmon0")
            try FileManager.default.createDirectory(atPath: sensor, withIntermediateDirectories: true)
            try "sht4x\n".write(toFile: sensor + "/name", atomically: false, encoding: .utf8)
            try "23125\n".write(toFile: sensor + "/temp1_input", atomically: false, encoding: .utf8)
            let agent = try agent(RunningAgent.quick + [
                "source.air.type=hwmon", "source.air.device=sht4x", "source.air.channel=temp1", "source.air.period=300 ms", "source.air.sysfs=\(folder.path)",
            ])
            try agent.launch(under: [
                "/usr/bin/env", "NOTIFY_SOCKET=\(socket.address)", "WATCHDOG_USEC=4000000", "LD_PRELOAD=\(library)", "STUCK_CALL=\(call.rawValue)",
                "STUCK_GATE=\(gate)",
            ])
            #expect(socket.wait(for: "READY=1", seconds: 60), "\(agent.tail)")
            #expect(isFedEverySecond(socket))
            try Data().write(to: URL(fileURLWithPath: gate))
            let client = try agent.intake()
            try client.write([IntakeClient.line(number: 1)])
            try wait(until: "the call is held", instead: { agent.tail }) { FileManager.default.fileExists(atPath: gate + ".held") }
            _ = socket.drain()
            #expect(!socket.wait(for: "WATCHDOG=1", seconds: 4.5), "the process runs and its loop does not")
            #expect(agent.process?.isRunning == true)
            try FileManager.default.removeItem(atPath: gate)
            #expect(socket.wait(for: "WATCHDOG=1", seconds: 60), "it goes on where it was: \(agent.tail)")
            guard case .stored = try client.answer() else { throw IntegrationFailure("refused: \(agent.tail)") }
        }

        @Test("without a watchdog nothing is fed, and without a service manager nothing is missed") func unwatched() throws {
            let socket = try NotificationSocket()
            let agent = try agent()
            try launch(agent, socket)
            #expect(socket.wait(for: "READY=1", seconds: 60))
            #expect(!socket.wait(for: "WATCHDOG=1", seconds: 2))
            #expect(agent.terminate().ending == .exited(0))
            try agent.launch(under: ["/usr/bin/env", "NOTIFY_SOCKET=\(socket.address)-gone", "WATCHDOG_USEC=1000000"])
            try agent.waitUntilListening()
            #expect(try agent.intake().send(IntakeClient.line(number: 1)) != .refused(""))
            #expect(agent.terminate().ending == .exited(0))
        }

        @Test("a node is ready when it answers HTTP, also without its broker") func node() throws {
            let socket = try NotificationSocket()
            let node = try OfflineNode(try Self.alliance.get(), "hk-1")
            let scratch = try ScratchFolder(named: "hs-ready")
            let server = try ChildProcess(
                [try Programs.harborseal, "node", "serve", "--config", node.configurationFile, "--set", "http.port=0"],
                logFile: scratch.file("log"), environment: ["NOTIFY_SOCKET": socket.address])
            #expect(socket.wait(for: "READY=1", seconds: 60), "\(server.log)")
            #expect(server.terminate().ending == .exited(0))
        }
    }
}
