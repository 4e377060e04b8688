internal import AgentConfiguration
internal import AttestationFormat
internal import CPosixShims
internal import ConfigurationFile
internal import DeviceCrypto
internal import GatewayAgent

/// `doctor [--json]`: looks at everything that a gateway needs, and says what to do. The worst finding is the exit code.
enum DoctorCommand {
    static func run(_ arguments: Arguments) -> ExitCode {
        let configuration: AgentConfiguration
        let gatewayID: GatewayID
        do throws(ConfigurationProblems) {
            configuration = try arguments.configuration()
        } catch {
            show(unusable(arguments, error), arguments)
            return error.exitCode
        }
        do throws(SetupError) {
            gatewayID = try AgentSetup.gatewayName(configuration.identity).gatewayID
        } catch {
            Output.complain(error.text)
            return error.code
        }
        let findings = examine(configuration, gatewayID)
        show(findings, arguments)
        switch findings.worst {
        case .ok: return .success
        case .warning: return .warning
        case .problem: return .failure
        }
    }

    private static func show(_ findings: Findings, _ arguments: Arguments) { Output.write(arguments.wantsJSON ? findings.json : findings.text) }

    /// Why the configuration cannot be used. Where only a name is missing, it is what an enrolment brings that was begun and did not end: its reason
    /// is the cause.
    private static func unusable(_ arguments: Arguments, _ problems: ConfigurationProblems) -> Findings {
        var findings = Findings()
        if let settings = try? EnrolmentSettings(arguments.layers), RegistryProbe.unfinished(settings.sealKey, settings.sealCertificate, &findings) {
            return findings
        }
        findings.add(.problem, "configuration", "", problems.message.string, advice: "correct it: harborseal-agent check-config then shows what is in effect")
        return findings
    }

    private static func examine(_ configuration: AgentConfiguration, _ gatewayID: GatewayID) -> Findings {
        var findings = Findings()
        for outcome in SelfTest.run() where !outcome.isPassed {
            findings.add(.problem, "selftest", outcome.name.string, "a wrong answer", advice: "check memory, supply and libraries: this machine must not sign")
        }
        let isRunning = agent(configuration, &findings)
        if !isRunning { clock(&findings) }
        let now = posix_realtime_milliseconds() / 1_000
        var files = FileChecks(configuration: configuration, agentUser: agentUser(configuration), nowSeconds: now, looksAtToken: !isRunning)
        files.run()
        for finding in files.findings.all { findings.add(finding) }
        brokers(configuration, gatewayID, isRunning: isRunning, &findings)
        RegistryProbe.run(configuration, &findings)
        if !isRunning { SourceChecks.run(configuration, &findings) }
        return findings
    }

    /// What the running agent says of itself; `false` when none answers.
    private static func agent(_ configuration: AgentConfiguration, _ findings: inout Findings) -> Bool {
        do throws(SetupError) {
            findings.add(lines: try ControlQuestion(configuration).ask(Array("doctor\n".utf8)))
            return true
        } catch {
            let isAway = error.code == .notRunning
            findings.add(
                .problem, "agent", "", isAway ? "is not running: nobody listens at \(configuration.control.socketPath.string)" : error.text,
                advice: isAway ? "systemctl start harborseal-agent, or look at its log: why did it end?" : "run this as root")
            return false
        }
    }

    /// Whether somebody listens at a control socket.
    static func isRunning(_ socketPath: UTF8Text) -> Bool {
        let descriptor = socketPath.withCText { posix_unix_connect($0) }
        guard descriptor >= 0 else { return false }
        _ = posix_socket_close(descriptor)
        return true
    }

    /// Whoever listens at the control socket; else whoever owns the journal.
    static func agentUser(_ configuration: AgentConfiguration) -> UInt32? {
        let descriptor = configuration.control.socketPath.withCText { posix_unix_connect($0) }
        if descriptor >= 0 {
            defer { _ = posix_socket_close(descriptor) }
            var peer = posix_peer()
            if posix_socket_peer(descriptor, &peer) == 0 { return peer.user_id }
        }
        var facts = posix_path_facts()
        return configuration.journal.directory.withCText { posix_path_facts_of($0, &facts) } == 0 ? facts.user_id : nil
    }

    private static func clock(_ findings: inout Findings) {
        var reader = ClockReader()
        findings.add(reader.read().finding)
    }

    /// A broker that the agent is connected to is told by the agent; the others are tried.
    private static func brokers(
        _ configuration: AgentConfiguration, _ gatewayID: GatewayID, isRunning: Bool, _ findings: inout Findings
    ) {
        if configuration.link.brokers.isEmpty {
            findings.ok("broker", "", "none is configured: batches leave with harborseal-agent journal export")
        }
        let isConnected = findings.all.contains { $0.level == .ok && $0.check.utf8.elementsEqual("link".utf8) }
        for broker in configuration.link.brokers {
            guard isConnected else {
                BrokerProbe.connect(broker, configuration, gatewayID: gatewayID, into: &findings)
                continue
            }
            let name = broker.name
            if let words = BrokerProbe.reach(broker.host, broker.port) {
                findings.add(.warning, "broker", name, words, advice: "the agent is connected to another broker; mend this one, or take it out of [link] brokers")
            } else {
                findings.ok("broker", name, "TCP answers; the agent's own connection is above")
            }
        }
    }
}

extension Moment {
    /// What `doctor` says of the clock.
    var finding: Finding {
        // 2026-01-01: this program is not older.
        if wallMilliseconds < 1_767_225_600_000 {
            return Finding(
                level: .problem, check: "clock", item: "", value: "says a time before 2026",
                advice: "set it, or let gpsd or an NTP service do so; events are recorded and flagged meanwhile, TLS cannot work")
        }
        guard isSynchronised else {
            return Finding(
                level: .warning, check: "clock", item: "", value: "no time service disciplines it: events are flagged as unsynchronised",
                advice: "start chrony or systemd-timesyncd; in a container the host's clock counts")
        }
        return Finding(
            level: .ok, check: "clock", item: "", value: "disciplined, estimated error \(errorMilliseconds ?? 0) ms", advice: "")
    }
}
