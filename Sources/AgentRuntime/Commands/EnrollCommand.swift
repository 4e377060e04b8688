internal import AgentConfiguration
internal import AttestationFormat
internal import ConfigurationFile
internal import DeviceCrypto
internal import DeviceEnrolment
internal import MerkleTree
internal import SealToken
internal import SmallFiles

/// `enroll TEXT`: keys, certificates, configuration and trust file of a new gateway. Run again it goes on where it was interrupted.
enum EnrollCommand {
    /// The options of `enroll` and `renew`; other commands have none of them.
    static func options(of command: UTF8Text) -> [UTF8Text] {
        switch command {
        case "enroll": ["--device", "--code", "--ca", "--trust-hash", "--accept-trust", "--broker", "--replace"]
        case "renew": ["--seal", "--automatic"]
        default: []
        }
    }

    static func run(_ arguments: Arguments) -> ExitCode {
        let settings: EnrolmentSettings
        do throws(ConfigurationProblems) {
            settings = try EnrolmentSettings(arguments.layers)
        } catch {
            for problem in error.problems { Output.complain(problem.message.string) }
            return error.exitCode
        }
        let places = EnrolmentPlaces(settings)
        do throws(EnrolmentError) {
            let order = try EnrolmentOrder(arguments)
            if let other = otherName(settings, order.gateway) { return complain(.configuration, other) }
            try places.lock()
            do throws(EnrolmentError) {
                let code = try enroll(order, settings, places, arguments)
                places.remember(nil)
                try places.endReplacement()
                return code
            } catch {
                places.remember(error)
                throw error
            }
        } catch {
            return complain(error.exitCode, error.message)
        }
    }

    static func complain(_ code: ExitCode, _ text: String) -> ExitCode {
        Output.complain(text)
        return code
    }

    /// A gateway that has a name keeps it: its journal and its chain are of that name.
    private static func otherName(_ settings: EnrolmentSettings, _ gateway: GatewayID) -> String? {
        guard let firm = settings.firm, let device = settings.device, firm + "." + device != gateway.text else { return nil }
        return "this gateway is \(firm.string).\(device.string), the enrolment is for \(gateway.text.string); "
            + "take the right text, or clear [identity], keys and journal first"
    }

    private static func enroll(
        _ order: EnrolmentOrder, _ settings: EnrolmentSettings, _ places: EnrolmentPlaces, _ arguments: Arguments
    ) throws(EnrolmentError) -> ExitCode {
        let replaces = arguments.has("--replace")
        let anchor = try order.anchor()
        try places.user?.act()
        if let known = try? UnverifiedCertificate.load(from: places.authority), known.derBytes != anchor.derBytes, !replaces {
            throw EnrolmentError(.untrusted, order.address.text)
        }
        let time = BelievedTime.now(knowing: [anchor])
        let enroller = Enroller(
            gateway: order.gateway, alliance: settings.alliance.flatMap { Name($0) }, link: places.link, seal: places.seal,
            client: RegistryClient(order.address, anchor: anchor.derBytes, time: time))
        let ended = try places.endedKeys(beginning: replaces)
        try places.write(places.authority, anchor.pem)
        for role in [CertificateRole.link, .seal] {
            let outcome = try enroller.enroll(role, code: order.code, replacing: ended)
            say(role, outcome, role == .link ? places.link : places.seal)
        }
        guard let alliance = enroller.alliance else { throw EnrolmentError(.foreignName) }
        let name = GatewayName(alliance: alliance, gatewayID: order.gateway)
        try configure(name, order, settings, places, arguments)
        let code = try takeTrustFile(enroller, alliance, order, places, accepts: arguments.has("--accept-trust"))
        Output.print("gateway \(name.issuer.string) is enrolled; this took \(RenewCommand.peakMemory())")
        var check = arguments
        (check.values, check.flags) = ([], [])
        if let problems = problems(check) { return complain(.configuration, problems) }
        Output.print(nextStep(order, settings))
        return code
    }

    private static func say(_ role: CertificateRole, _ outcome: Enroller.Outcome, _ files: IdentityFiles) {
        let what = role == .link ? "link" : "seal"
        let days = (outcome.certificate.notAfterSeconds - outcome.certificate.notBeforeSeconds) / 86_400
        Output.print(
            outcome.isNew
                ? "\(what) certificate for \(days) days in \(files.certificate.string), its key in \(files.key.text.string)"
                : "\(what) certificate was there already: \(files.certificate.string); --replace makes new keys")
    }

    private static func problems(_ arguments: Arguments) -> String? {
        do throws(ConfigurationProblems) {
            _ = try arguments.configuration()
            return nil
        } catch {
            return "the configuration is not usable yet: \(error.message.string)"
        }
    }

    private static func nextStep(_ order: EnrolmentOrder, _ settings: EnrolmentSettings) -> String {
        if order.brokers == nil, settings.brokers == nil {
            return "next: name the brokers in [link] of agent.conf, then systemctl enable --now harborseal-agent"
        }
        return "next: systemctl enable --now harborseal-agent, or restart it if it runs; then harborseal-agent doctor"
    }

    // MARK: - Trust file

    /// A first trust file counts by its hash, which came by a way that somebody trusts; later ones come from nodes.
    private static func takeTrustFile(
        _ enroller: Enroller, _ alliance: Name, _ order: EnrolmentOrder, _ places: EnrolmentPlaces, accepts: Bool
    ) throws(EnrolmentError) -> ExitCode {
        let path = places.trustFile
        guard !path.bytes.isEmpty, !SmallFile.exists(path) else {
            Output.print("trust file was there already: \(path.string)")
            return .success
        }
        let bytes = try enroller.client.trustFile(named: order.trustHash)
        let hash = SHA256.hash(bytes.span)
        guard let trust = AgentSetup.verifiedTrust(bytes), trust.content.alliance == alliance,
            trust.content.linkCertificate == enroller.client.anchor
        else {
            Output.complain("the registry's trust file is not this alliance's; copy alliance.hstrust to \(path.string) by a way that you trust")
            return .data
        }
        if let expected = order.trustHash, expected != hash {
            Output.complain(
                "the registry's trust file has the hash \(hash.hexadecimal), expected was \(expected.hexadecimal); "
                    + "ask the alliance which one is right, then run this again with --trust-hash HASH")
            return .data
        }
        guard order.trustHash != nil || accepts else {
            Output.complain(
                "the registry's trust file (version \(trust.content.version)) has the hash \(hash.hexadecimal) and was not stored; "
                    + "compare it with the alliance's, then run this again with --trust-hash HASH")
            return .warning
        }
        try places.write(path, bytes)
        Output.print("trust file version \(trust.content.version), hash \(hash.hexadecimal), in \(path.string)")
        return .success
    }
}
