internal import AgentConfiguration
internal import AttestationFormat
internal import CPosixShims
internal import ConfigurationFile
internal import DeviceCrypto
internal import EventJournal
internal import GatewayAgent
internal import LogisticsEvents
internal import MQTTLink
internal import MerkleTree
internal import SealToken

extension AgentLoop {
    /// The retained status is said again this often while connected, and at once after a connect.
    private static var statusMilliseconds: UInt64 { 300_000 }

    // MARK: - Signals

    func handleSignals() {
        guard entries.first.map({ $0.revents != 0 }) ?? false else { return }
        while true {
            switch posix_signals_next(signals) {
            case POSIX_SIGNAL_TERMINATE, POSIX_SIGNAL_INTERRUPT: isLeaving = true
            case POSIX_SIGNAL_HANGUP: reload()
            case ...0: return
            default: break
            }
        }
    }

    /// Takes a new configuration where that needs no new files or sockets; a wrong one changes nothing.
    private func reload() {
        let new: AgentConfiguration
        do throws(ConfigurationProblems) {
            new = try loadConfiguration()
        } catch {
            return log(.error, "the new configuration is wrong, the old one stays in force: \(error.message.string)")
        }
        let waiting = configuration.adopt(new)
        if let first = waiting.first {
            let more = waiting.count > 1 ? " and \(waiting.count - 1) more" : ""
            log(.warning, "some of the new configuration (\(first.string)\(more)) takes effect at the next start")
        }
        log.leastImportant = Log.Level(configuration.log.level)
        gateway.adopt(GatewayPolicy(configuration))
        journal.journal.keepsUntilArchived = configuration.journal.keepsUntilArchived
        gateway.adopt(configurationHash: SHA256.hash(configuration.resolved.canonicalText.bytes).bytes, at: now)
        adoptSensors()
        adoptLinkCertificate()
        // A person has acted: a token that refused the PIN, or is away, is tried again.
        if let token = signer.token, token.trouble != nil { token.retry(nowMilliseconds: now.monotonicMilliseconds) }
        log(.notice, "configuration read again")
    }

    // MARK: - Service manager

    /// READY after the first durable event; the watchdog is fed by turns of the loop, so a loop that hangs is restarted.
    func tellServiceManager() {
        if !isReady, journal.journal.durableUpTo > startPlace.sequence || journal.epoch != startPlace.epoch {
            isReady = true
            _ = posix_notify("READY=1\nSTATUS=storing events")
            log(.notice, "ready: \(journal.journal.durableUpTo) events are stored, \(journal.nextSequence - journal.quorumEnd) wait for a quorum")
        }
        guard let watchdogMilliseconds, now.milliseconds(since: lastWatchdogMilliseconds) >= watchdogMilliseconds else { return }
        lastWatchdogMilliseconds = now.monotonicMilliseconds
        _ = posix_notify("WATCHDOG=1")
    }

    /// A quarter of the time after which systemd calls the loop stuck (sd_watchdog_enabled(3)).
    static func watchdogPeriod() -> UInt64? {
        guard let text = posix_environment("WATCHDOG_USEC"), let microseconds = UTF8Text(String(cString: text)).number(after: ""),
            microseconds > 0
        else { return nil }
        return max(250, microseconds / 4_000)
    }

    // MARK: - Status

    /// A short retained message for dashboards.
    func publishStatusIfDue() {
        guard link.link?.isConnected ?? false, now.monotonicMilliseconds >= nextStatusMilliseconds else { return }
        nextStatusMilliseconds = now.monotonicMilliseconds &+ Self.statusMilliseconds
        let text = "{\"online\":true,\"events\":\(journal.nextSequence),\"unreceipted\":\(journal.nextSequence - journal.quorumEnd),"
            + "\"epoch\":\"\(journal.epoch.text.string)\",\"time\":\(now.wallSeconds)}"
        link.publishStatus(Array(text.utf8))
    }
}
