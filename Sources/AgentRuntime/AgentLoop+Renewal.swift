internal import AgentConfiguration
internal import AttestationFormat
internal import CPosixShims
internal import DeviceCrypto
internal import DeviceEnrolment
internal import GatewayAgent
internal import MQTTLink

/// What became of the renewals of this run.
struct RenewalRecord {
    var schedule: RenewalSchedule
    var child: RenewalChild?
    /// When it is looked at again, by the monotonic clock.
    var nextLookMilliseconds: UInt64 = 0
    var attemptCount: UInt64 = 0
    /// The latest outcome in words, how it is to be taken, and when it came.
    var outcome: (words: String, level: StatusDocument.Level, atMilliseconds: UInt64)?
}

extension AgentLoop {
    /// A renewal's time is counted in weeks, its child's in seconds.
    private static var lookMilliseconds: UInt64 { 60_000 }
    private static var childLookMilliseconds: UInt64 { 1_000 }

    /// When ``renewIfDue()`` has something to do.
    var renewalDueMilliseconds: UInt64? { renewal.schedule.certificate == nil ? nil : renewal.nextLookMilliseconds }

    /// Starts a renewal when it is time, and takes what came of it. Never waits.
    func renewIfDue() {
        guard now.monotonicMilliseconds >= renewal.nextLookMilliseconds else { return }
        if let child = renewal.child {
            renewal.nextLookMilliseconds = now.monotonicMilliseconds &+ Self.childLookMilliseconds
            if let ending = child.ending(nowMilliseconds: now.monotonicMilliseconds) { take(ending.code, ending.line) }
            return
        }
        renewal.nextLookMilliseconds = now.monotonicMilliseconds &+ Self.lookMilliseconds
        guard configuration.registry.renewsByItself, configuration.registry.address != nil, let certificate = renewal.schedule.certificate
        else { return }
        let isDue = renewal.schedule.isDue(
            time: BelievedTime.now(knowing: [certificate]), isConnected: link.link?.isConnected ?? true,
            monotonicMilliseconds: now.monotonicMilliseconds)
        if isDue { startRenewal() }
    }

    private func startRenewal() {
        renewal.attemptCount += 1
        var error: Int32 = 0
        renewal.child = RenewalChild(renewalWords, nowMilliseconds: now.monotonicMilliseconds, error: &error)
        renewal.nextLookMilliseconds = now.monotonicMilliseconds &+ Self.childLookMilliseconds
        if renewal.child == nil { take(ExitCode.temporary.rawValue, "the renewal cannot be started: \(SystemWords.of(error))") }
    }

    private func take(_ code: Int32, _ line: String) {
        renewal.child = nil
        let succeeded = code == ExitCode.success.rawValue
        // A registry that is away has time as long as the certificate holds.
        let canWait = code == ExitCode.temporary.rawValue
            && renewal.schedule.certificate.map { RenewalSchedule.holdsLong($0, nowSeconds: Int64(clamping: now.wallSeconds)) } ?? false
        renewal.outcome = (line, succeeded ? .good : canWait ? .warning : .bad, now.monotonicMilliseconds)
        log(succeeded ? .notice : .warning, succeeded ? line : "the link certificate was not renewed: \(line)")
        renewal.schedule.ended(
            succeeded: succeeded, isLasting: code != ExitCode.temporary.rawValue, monotonicMilliseconds: now.monotonicMilliseconds,
            random: (try? SecureRandom.word()) ?? 0)
        adoptLinkCertificate()
    }

    /// Looks at the link certificate again; a new one is shown to the broker by connecting again.
    func adoptLinkCertificate() {
        let new = AgentSetup.linkCertificate(configuration.link)
        guard let new, new != renewal.schedule.certificate else { return }
        renewal.schedule.adopt(new)
        facts.linkCertificateUntilSeconds = UInt64(clamping: new.notAfterSeconds)
        guard let broker = link.link else { return }
        broker.stop()
        gateway.linkDisconnected()
        broker.start(nowMilliseconds: Int64(clamping: now.monotonicMilliseconds))
        log(.notice, "connecting again with the new link certificate")
    }

    func addRenewal(to document: inout StatusDocument) {
        document.section("renewal")
        guard let registry = configuration.registry.address else {
            return document.add("registry", text: "none", words: "no registry is configured: nothing is renewed")
        }
        document.add("registry", text: registry.name)
        document.add("by-itself", flag: configuration.registry.renewsByItself)
        if let due = renewal.schedule.dueSeconds {
            document.add("due-in-days", (due - Int64(clamping: now.wallSeconds)) / 86_400)
        } else {
            document.addUnknown("due-in-days", words: "no link certificate")
        }
        document.add("attempts", renewal.attemptCount)
        guard let outcome = renewal.outcome else {
            document.addUnknown("last-s-ago", words: "none since the start")
            return document.addUnknown("last-outcome", words: "none since the start")
        }
        document.add("last-s-ago", now.milliseconds(since: outcome.atMilliseconds) / 1_000)
        document.add("last-outcome", text: outcome.words, level: outcome.level)
    }

    /// The registry may refuse what its TLS accepts: only the try itself tells.
    func addRenewal(to findings: inout Findings) {
        guard let outcome = renewal.outcome, outcome.level != .good else { return }
        findings.add(outcome.level == .warning ? .warning : .problem, "renewal", splitting: "the link certificate was not renewed: " + outcome.words)
    }

    /// A renewal that fails is somebody's to mend before the certificate ends, and so is an enrolment that was left half done.
    func addRenewalConcern(to concerns: inout [OperatorConcern]) {
        if let outcome = renewal.outcome, outcome.level == .bad {
            concerns.add("renewal", "the link certificate was not renewed: \(outcome.words)")
        }
        if let certificate = renewal.schedule.certificate, case .clock(let seconds) = BelievedTime.now(knowing: [certificate]),
            let end = RenewalSchedule.end(of: certificate, nowSeconds: seconds) {
            concerns.add("link-certificate", "the link certificate " + end.happened + ": " + end.step.description)
        }
        if let note = RegistryProbe.note(configuration.seal.key, configuration.seal.certificateFile) {
            concerns.add("enrolment", "an enrolment was " + note.reason + "; " + note.advice)
        }
    }
}
