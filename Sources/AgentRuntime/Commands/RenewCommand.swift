internal import AgentConfiguration
internal import AttestationFormat
internal import CPosixShims
internal import ConfigurationFile
internal import DeviceCrypto
internal import DeviceEnrolment
internal import SealToken
internal import SmallFiles

/// `renew [--seal]`: a new link key and certificate by the old ones, or a new certificate for the seal key.
///
/// With `--automatic` it is the running agent's child: standard output gets one line for `status`, standard error nothing.
enum RenewCommand {
    static func run(_ arguments: Arguments) -> ExitCode {
        guard arguments.operands.isEmpty else { return AgentProgram.usage("renew takes no operand") }
        let isChild = arguments.has("--automatic")
        let configuration: AgentConfiguration
        do throws(ConfigurationProblems) {
            configuration = try arguments.configuration()
        } catch {
            tell(error.message.string, isChild: isChild)
            return error.exitCode
        }
        _ = posix_deny_memory_dumps()
        do throws(SetupError) {
            Output.print(try renew(configuration, arguments) + "; peak memory \(peakMemory())")
            return .success
        } catch {
            tell(error.text, isChild: isChild)
            return error.code
        }
    }

    private static func tell(_ text: String, isChild: Bool) {
        if isChild { Output.print(text) } else { Output.complain(text) }
    }

    private static func renew(_ configuration: AgentConfiguration, _ arguments: Arguments) throws(SetupError) -> String {
        let name = try AgentSetup.gatewayName(configuration.identity)
        do throws(EnrolmentError) {
            try user(configuration)?.act()
            guard let enroller = try makeEnroller(configuration, name) else {
                throw EnrolmentError(.badAddress, "[registry] address of agent.conf")
            }
            if arguments.has("--seal") {
                let outcome = try enroller.renewSeal()
                let words = "in \(configuration.seal.certificateFile.string), valid until \(Day.text(outcome.certificate.notAfterSeconds))"
                return outcome.isNew
                    ? "seal certificate renewed \(words), for the same key: systemctl restart harborseal-agent to use it"
                    : "the seal certificate is new enough for the registry, which gave the same one again: \(words)"
            }
            if arguments.has("--automatic"), let words = try isEarly(enroller, configuration) { return words }
            let certificate = try enroller.renewLink(keepsKey: EnrolmentPlaces.isReplacing(in: enroller.seal.folder))
            return "link certificate renewed, valid until \(Day.text(certificate.notAfterSeconds))"
                + (arguments.has("--automatic") ? "" : ": systemctl reload harborseal-agent to use it at once")
        } catch {
            throw SetupError(error.exitCode, error.message)
        }
    }

    /// Whose the link key is.
    static func user(_ configuration: AgentConfiguration) -> AgentUser? { configuration.link.keyFile.flatMap { AgentUser(owning: $0) } }

    /// Nil without a registry or link files in the configuration.
    /// - Parameter locks: keeps other renewals and enrolments away until this process ends.
    static func makeEnroller(
        _ configuration: AgentConfiguration, _ name: GatewayName, locks: Bool = true
    ) throws(EnrolmentError) -> Enroller? {
        guard let registry = configuration.registry.address, let key = configuration.link.keyFile,
            let certificate = configuration.link.certificateFile, let authority = configuration.link.authorityFile
        else { return nil }
        let link = IdentityFiles(key: .file(key), certificate: certificate)
        let seal = IdentityFiles(key: configuration.seal.key, certificate: configuration.seal.certificateFile)
        let anchor: UnverifiedCertificate
        do throws(DeviceCryptoError) { anchor = try UnverifiedCertificate.load(from: authority) } catch { throw EnrolmentError.crypto(error) }
        let own = [certificate, seal.certificate].compactMap { try? UnverifiedCertificate.load(from: $0) }
        let client = RegistryClient(
            RegistryAddress(host: registry.host, port: registry.port), anchor: anchor.derBytes, time: BelievedTime.now(knowing: own + [anchor]))
        if locks { try EnrolmentPlaces.lock(seal.folder) }
        let enroller = Enroller(gateway: name.gatewayID, alliance: name.alliance, link: link, seal: seal, client: client)
        enroller.trust = try? AgentSetup.trustFile(configuration, log: nil)
        return enroller
    }

    /// A clock that was never set cannot tell whether a renewal is due; the registry's can. Words if it is not.
    private static func isEarly(_ enroller: Enroller, _ configuration: AgentConfiguration) throws(EnrolmentError) -> String? {
        guard case .notBefore = enroller.client.time, let path = configuration.link.certificateFile,
            let certificate = try? UnverifiedCertificate.load(from: path), let now = try enroller.registrySeconds(),
            now < RenewalSchedule.dueSeconds(certificate, jitter: 0)
        else { return nil }
        return "not due yet by the registry's clock; this machine's was never set"
    }

    /// The most memory that this process had at once. Not getrusage's figure, which begins with the parent's.
    static func peakMemory() -> String {
        let status = (try? SmallFile.read("/proc/self/status", limit: 8_192)) ?? []
        for line in status.split(separator: UInt8(ascii: "\n")) where line.starts(with: Array("VmHWM:".utf8)) {
            return String(decoding: line.dropFirst(6).drop { $0 <= 0x20 }, as: UTF8.self)
        }
        return "an unknown amount of memory"
    }
}
