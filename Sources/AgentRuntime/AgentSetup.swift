internal import AgentConfiguration
internal import AttestationFormat
internal import CPosixShims
internal import ConfigurationFile
internal import DeviceCrypto
internal import DeviceEnrolment
internal import EventJournal
internal import GatewayAgent
internal import MQTTLink
internal import MerkleTree
internal import SealToken
internal import SensorSources
internal import SmallFiles

/// What `status` tells of this run beside the state machine's own numbers.
struct RunFacts {
    var gatewayID: String
    var keyClass: String
    /// Seconds since 1970 after which the seal certificate is out of date; `nil` without a certificate.
    var certificateUntilSeconds: UInt64?
    /// The same of the link certificate; `nil` also without a broker.
    var linkCertificateUntilSeconds: UInt64?
    var startedMilliseconds: UInt64
}

/// Why the agent cannot start: what happened, the value, what to do, and the exit code.
final class SetupError: Error {
    let code: ExitCode
    let text: String
    /// Whether starting again before somebody has acted could do harm, such as lock a token.
    let needsPerson: Bool

    init(_ code: ExitCode, _ text: String, needsPerson: Bool = false) {
        self.code = code
        self.text = text
        self.needsPerson = needsPerson
    }
}

/// Opens everything that a run needs, in the order in which failures are cheapest to explain.
final class AgentSetup {
    let configuration: AgentConfiguration
    let log: Log
    let now: Moment
    let journal: JournalAdapter<PosixFileSystem>
    let link: LinkAdapter
    let sources: [Source]
    let control: ControlSocket?
    let signer: SignerAdapter
    let gateway: Gateway<AgentPlatform>
    let facts: RunFacts
    /// The link certificate in use.
    let linkCertificate: UnverifiedCertificate?

    init(_ configuration: AgentConfiguration, log: Log, now: Moment) throws(SetupError) {
        self.configuration = configuration
        self.log = log
        self.now = now
        let name = try Self.gatewayName(configuration.identity)
        Self.recoverIdentity(configuration, log: log)
        let (signer, publicKey) = try Self.signer(configuration.seal, name: name)
        self.signer = signer
        try Self.checkLinkKey(configuration.link)
        linkCertificate = Self.linkCertificate(configuration.link)
        if let linkCertificate, linkCertificate.publicKey == publicKey {
            throw SetupError(.configuration, EnrolmentError(.sameKey, configuration.link.certificateFile ?? "").message)
        }
        let certificate = Self.sealCertificate(configuration.seal, name: name, publicKey: publicKey, log: log)
        let keyClass = configuration.seal.key.keyClass
        let trust = try Self.trustFile(configuration, log: log)
        journal = try Self.openJournal(configuration.journal, gatewayID: name.gatewayID, now: now)
        link = LinkAdapter(try Self.makeLink(configuration, gatewayID: name.gatewayID), gatewayID: name.gatewayID)
        sources = try Self.makeSources(configuration, journal: journal)
        // The control socket's folder is emptied by a boot: what an earlier run left there tells a restart from a boot.
        let isRestart = SmallFile.exists(configuration.control.socketPath)
        control = try Self.makeControl(configuration.control)
        let facts = AgentFacts(
            bootID: Self.bootID(), version: UTF8Text(stringLiteral: AgentVersion.number),
            configurationHash: SHA256.hash(configuration.resolved.canonicalText.bytes).bytes, keyClass: keyClass,
            why: isRestart ? .restart : .boot, gaps: Self.gaps(journal.journal.recovery))
        gateway = Gateway(
            identity: GatewayIdentity(
                name: name, publicKey: publicKey, certificates: certificate.map { [$0.derBytes] } ?? [], hashing: SHA256.self),
            policy: GatewayPolicy(configuration), trust: trust, facts: facts, at: now, journal: journal, link: link,
            signer: signer, trustStore: TrustFileAdapter(path: configuration.trust.file), salts: SaltWell())
        self.facts = RunFacts(
            gatewayID: name.gatewayID.text.string, keyClass: keyClass.string,
            certificateUntilSeconds: certificate.map { UInt64(clamping: $0.notAfterSeconds) },
            linkCertificateUntilSeconds: linkCertificate.map { UInt64(clamping: $0.notAfterSeconds) },
            startedMilliseconds: now.monotonicMilliseconds)
        Self.report(journal.journal.recovery, suspendedBy: journal.journal.suspended, log: log)
    }

    /// The kernel's boot id; `unknown` where `/proc` does not show it.
    private static func bootID() -> UTF8Text {
        guard let bytes = try? SmallFile.read("/proc/sys/kernel/random/boot_id", limit: 64) else { return "unknown" }
        return UTF8Text(validating: bytes.filter { $0 > 0x20 }) ?? "unknown"
    }

    /// Ends what a power cut interrupted between the two renames of a renewal.
    private static func recoverIdentity(_ configuration: AgentConfiguration, log: Log) {
        var pairs = [IdentityFiles(key: configuration.seal.key, certificate: configuration.seal.certificateFile)]
        if let key = configuration.link.keyFile, let certificate = configuration.link.certificateFile {
            pairs.append(IdentityFiles(key: .file(key), certificate: certificate))
        }
        for pair in pairs {
            do throws(EnrolmentError) { try pair.recover() } catch { log(.warning, error.message) }
        }
    }

    static func linkCertificate(_ link: AgentConfiguration.Link) -> UnverifiedCertificate? {
        link.certificateFile.flatMap { try? UnverifiedCertificate.load(from: $0) }
    }

    // MARK: - Identity

    static func gatewayName(_ identity: AgentConfiguration.Identity) throws(SetupError) -> GatewayName {
        guard let alliance = Name(identity.alliance), let firm = Name(identity.firm), let device = Name(identity.device),
            let name = GatewayName(alliance: alliance, firm: firm, device: device)
        else {
            throw SetupError(
                .configuration,
                "[identity] alliance \(identity.alliance.string), firm \(identity.firm.string), device "
                    + "\(identity.device.string): names have 1 to 32 of a-z 0-9 -, firm and device together at most 64")
        }
        return name
    }

    /// The link's key is libmosquitto's to read, and by the same rule the agent's alone. What is missing waits for the first connection.
    private static func checkLinkKey(_ link: AgentConfiguration.Link) throws(SetupError) {
        guard !link.brokers.isEmpty, let path = link.keyFile else { return }
        do throws(DeviceCryptoError) {
            try SigningKey.refuseReaders(of: path)
        } catch {
            throw SetupError(.noPermission, "the link key cannot be used: \(error.message)")
        }
    }

    /// The seal certificate that the hello carries. Without one the agent still reads, signs and stores.
    private static func sealCertificate(
        _ seal: AgentConfiguration.Seal, name: GatewayName, publicKey: PublicKey, log: Log
    ) -> UnverifiedCertificate? {
        let certificate: UnverifiedCertificate
        do throws(DeviceCryptoError) {
            certificate = try UnverifiedCertificate.load(from: seal.certificateFile)
        } catch {
            log(.warning, "no seal certificate: \(error.message): enroll this gateway, or put the one of harborseal device issue there; events are signed and stored, nodes refuse them until then")
            return nil
        }
        guard certificate.publicKey == publicKey, certificate.subjectURI == name.issuer else {
            log(
                .warning, "\(seal.certificateFile.string) is not for this gateway's name and seal key: enroll this gateway, or put key and certificate there that belong together")
            return nil
        }
        return certificate
    }
}
