internal import AgentConfiguration
internal import AttestationFormat
internal import CPosixShims
internal import ConfigurationFile
internal import DeviceCrypto

/// `run`: everything is opened in order, then the loop goes round.
enum RunCommand {
    static func run(_ arguments: Arguments) -> ExitCode {
        var log = Log()
        let configuration: AgentConfiguration
        do throws(ConfigurationProblems) {
            configuration = try arguments.configuration()
        } catch {
            for problem in error.problems { log(.error, problem.message.string) }
            return error.exitCode
        }
        log.leastImportant = Log.Level(configuration.log.level)
        for warning in configuration.warnings { log(.warning, warning.string) }
        let signals = posix_signals_open()
        guard signals >= 0 else {
            log(.error, "signals cannot be received: \(SystemWords.of(-signals))")
            return .system
        }
        // Name lookups block the one thread: two dead servers then cost 2 s, not 20.
        _ = posix_environment_set("RES_OPTIONS", "timeout:1 attempts:1", false)
        _ = posix_umask(0o027)
        _ = posix_deny_memory_dumps()
        for outcome in SelfTest.run(MachineAnswers.journal) where !outcome.isPassed {
            log(.error, "selftest: \(outcome.name.string) gives a wrong answer: this machine computes wrongly and must not sign")
            return .failure
        }
        var clock = ClockReader()
        do throws(SetupError) {
            let setup = try AgentSetup(configuration, log: log, now: clock.read())
            log(.notice, "harborseal-agent \(AgentVersion.number) for \(setup.facts.gatewayID), epoch \(setup.journal.epoch.text.string)")
            let loop = AgentLoop(setup, signals: signals, clock: clock, renewalWords: arguments.renewalWords) { () throws(ConfigurationProblems) in
                try arguments.configuration()
            }
            loop.run()
            return .success
        } catch {
            log(.error, error.text)
            // A supervisor that starts the agent again and again would lock the token.
            guard error.needsPerson, waitForPerson(signals) else { return error.code }
            return run(arguments)
        }
    }

    /// Waits for a signal: true for SIGHUP, which asks for another try.
    private static func waitForPerson(_ signals: Int32) -> Bool {
        while true {
            switch posix_signals_next(signals) {
            case POSIX_SIGNAL_HANGUP: return true
            case POSIX_SIGNAL_TERMINATE, POSIX_SIGNAL_INTERRUPT: return false
            case ..<0: return false
            default: break
            }
            var entry = posix_poll_entry(descriptor: signals, events: Int16(POSIX_POLL_IN), revents: 0)
            _ = posix_poll(&entry, 1, -1)
        }
    }
}
