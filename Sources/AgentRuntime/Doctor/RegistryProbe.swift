internal import AgentConfiguration
internal import AttestationFormat
internal import CPosixShims
internal import DeviceCrypto
internal import DeviceEnrolment
internal import GatewayAgent
internal import SealToken
internal import SmallFiles

/// Whether certificates can be renewed: the registry is asked as a renewal would ask it, and nothing is issued.
enum RegistryProbe {
    static func run(_ configuration: AgentConfiguration, _ findings: inout Findings) {
        _ = unfinished(configuration.seal.key, configuration.seal.certificateFile, &findings)
        guard let registry = configuration.registry.address else { return }
        var (holdsLong, hasEnded) = (false, false)
        do throws(SetupError) {
            let name = try AgentSetup.gatewayName(configuration.identity)
            let user = RenewCommand.user(configuration)
            defer { try? user?.actAsRoot() }
            do throws(EnrolmentError) {
                try user?.act()
                if let certificate = AgentSetup.linkCertificate(configuration.link) {
                    let now = posix_realtime_milliseconds() / 1_000
                    (holdsLong, hasEnded) = (RenewalSchedule.holdsLong(certificate, nowSeconds: now), now > certificate.notAfterSeconds)
                }
                guard let enroller = try RenewCommand.makeEnroller(configuration, name, locks: false) else {
                    findings.add(.problem, "registry", registry.name, "[link] has no ca, certificate and key to renew", advice: "enroll this gateway: harborseal-agent enroll TEXT")
                    return
                }
                var refusal: EnrolmentError?
                do throws(EnrolmentError) {
                    _ = try enroller.registrySeconds()
                } catch {
                    guard error.code == .forbidden || error.code == .superseded else { throw error }
                    // The lists say more of what is refused.
                    refusal = error
                }
                try enroller.refuseRevoked()
                if let refusal { throw refusal }
                // Its TLS takes one that has ended, for a renewal, and whether that is granted only a request tells.
                findings.ok("registry", registry.name, hasEnded ? "answers; a renewal was not tried" : "answers, and accepts this gateway's link certificate")
            } catch {
                findings.add(
                    error.isTemporary && holdsLong ? .warning : .problem, "registry", registry.name, error.reason, advice: error.advice.description)
            }
        } catch {}
    }

    /// An enrolment that was not finished says why, also while the configuration is not usable yet.
    static func unfinished(_ sealKey: KeyLocation, _ certificate: UTF8Text, _ findings: inout Findings) -> Bool {
        guard let note = note(sealKey, certificate) else { return false }
        findings.add(.problem, "enrolment", "", "was \(note.reason)", advice: note.advice)
        return true
    }

    /// The two lines that `enroll` left: `begun on DATE and not finished: REASON`, and the step.
    static func note(_ sealKey: KeyLocation, _ certificate: UTF8Text) -> (reason: String, advice: String)? {
        let folder = IdentityFiles(key: sealKey, certificate: certificate).folder
        guard let bytes = try? SmallFile.read(EnrolmentPlaces.note(in: folder), limit: 4_096) else { return nil }
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        guard lines.count == 2 else { return nil }
        return (String(decoding: lines[0], as: UTF8.self), String(decoding: lines[1], as: UTF8.self))
    }
}
