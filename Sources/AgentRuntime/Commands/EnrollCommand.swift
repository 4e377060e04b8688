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
    /// The options that only some commands have.
    static func options(of command: UTF8Text) -> [UTF8Text] {
        switch command {
        case "enroll": ["--device", "--code", "--ca", "--trust-hash", "--accept-trust", "--broker", "--replace", "--abandon", "--yes"]
        case "renew": ["--seal", "--automatic"]
        case "token": ["--module"]
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
            if arguments.has("--abandon") { return try abandon(places, arguments) }
            let order = try EnrolmentOrder(arguments)
            if let other = otherName(settings, order.gateway) { return complain(.configuration, other) }
            // A replacement ends the key that it has in use.
            if arguments.has("--replace") || places.isReplacing, DoctorCommand.isRunning(settings.control) { throw EnrolmentError(.running) }
            try places.check(isSaid(settings, order) ? nil : arguments.configPath + ".d")
            try places.lock()
            do throws(EnrolmentError) {
                let code = try enroll(order, settings, places, arguments)
                places.forget()
                try places.endReplacement()
                return code
            } catch {
                if error.code == .otherText { throw error }
                if error.isRefusal, try places.dropReplacement() { throw error }
                places.remember(error)
                guard places.isReplacing else { throw error }
                _ = complain(error.exitCode, error.message)
                return complain(error.exitCode, "the replacement of the keys is not finished; " + EnrolmentPlaces.replacementAdvice.description)
            }
        } catch {
            return complain(error.exitCode, error.message)
        }
    }

    /// `enroll --abandon`: what an enrolment began and did not finish is gone. With `--yes` also where that leaves keys that cannot connect.
    private static func abandon(_ places: EnrolmentPlaces, _ arguments: Arguments) throws(EnrolmentError) -> ExitCode {
        guard arguments.operands.isEmpty else { return AgentProgram.usage("enroll --abandon takes no text") }
        try places.lock()
        try places.user?.act()
        // Between its two renames a pair is in use, and nothing that waits. What cannot be read of one that waits goes.
        try? places.link.recover()
        try? places.seal.recover()
        // What waits was shown to the registry: whether it has answered, and so revoked the link certificate in use or told the ledgers of the new
        // seal key, is not known here.
        if !arguments.has("--yes"), try places.isReplacing ? !places.dropReplacement() : places.seal.isKeyPending {
            return complain(
                .failure, "the registry may have certified the waiting keys, for the ledgers too, and no others connect then; "
                    + "run harborseal-agent enroll again, or add --yes to forget the waiting keys all the same")
        }
        Output.print(
            try places.abandon()
                ? "the unfinished enrolment is forgotten, with its waiting keys and certificates; a key that it made in a token stays there, "
                    + "and a code that the registry has answered is used up"
                : "no enrolment was under way")
        return .success
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
            throw EnrolmentError(.otherText, places.authority)
        }
        let time = BelievedTime.now(knowing: [anchor])
        let enroller = Enroller(
            gateway: order.gateway, alliance: settings.alliance.flatMap { Name($0) }, link: places.link, seal: places.seal,
            client: RegistryClient(order.address, anchor: anchor.derBytes, time: time))
        let trust = try EnrolmentTrust(order, places.trustFile, enroller, accepts: arguments.has("--accept-trust"))
        enroller.trust = trust.file
        places.begin()
        let goesOn = places.isReplacing
        var ended = try places.endedKeys(beginning: replaces)
        if ended.isEmpty { ended = try endedByRevocation(enroller) }
        try places.write(places.authority, anchor.pem)
        let isAnyNew = try certify(enroller, order.code, ended, places, goesOn: goesOn)
        guard let alliance = enroller.alliance else { throw EnrolmentError(.foreignName) }
        let name = GatewayName(alliance: alliance, gatewayID: order.gateway)
        // A gateway that has what it needs goes to no other registry by the way.
        if !isAnyNew, let held = settings.registry, !order.address.text.hasPrefix(held) {
            places.forget()
            throw EnrolmentError(.otherText, held)
        }
        try configure(name, order, settings, places, arguments)
        let code = try trust.store(places)
        try enroller.refuseRevoked()
        Output.print(
            isAnyNew
                ? "gateway \(name.issuer.string) is enrolled; peak memory \(RenewCommand.peakMemory())"
                : "gateway \(name.issuer.string) has certificates already: the registry was not asked, and the code stays unused (harborseal device show); one for new keys needs --replace")
        var check = arguments
        (check.values, check.flags) = ([], [])
        if let problems = problems(check) { return complain(.configuration, problems) }
        Output.print(nextStep(order, settings))
        return code
    }

    /// The link key in use, if its certificate is revoked: the code may bring another one, and the registry says whether it does. A seal key
    /// that is revoked is at its end.
    private static func endedByRevocation(_ enroller: Enroller) throws(EnrolmentError) -> [Digest] {
        try enroller.refuseRevoked(.seal)
        do throws(EnrolmentError) {
            try enroller.refuseRevoked(.link)
            return []
        } catch {
            guard error.code == .linkRevoked || error.code == .superseded, let key = try enroller.link.publicKeyInUse() else { throw error }
            Output.print(error.reason + "; this code is tried")
            return [key.keyID(using: SHA256.self)]
        }
    }

    /// Both certificates; whether the registry was asked for one.
    /// - Parameter goesOn: an earlier run began to replace the keys, perhaps with another code: whether a new link key is of this one is asked.
    private static func certify(
        _ enroller: Enroller, _ code: EnrolmentCode, _ ended: [Digest], _ places: EnrolmentPlaces, goesOn: Bool
    ) throws(EnrolmentError) -> Bool {
        try places.link.recover()
        // A code may be of new keys. A seal key that stays is shown to the registry first then, whose refusal uses up nothing.
        let lacksLink = ended.isEmpty ? try enroller.good(.link) == nil : true
        let keepsSeal = lacksLink && !places.isReplacing && SmallFile.exists(places.seal.certificate)
        var isAnyNew = false
        for role in keepsSeal ? [CertificateRole.seal, .link] : [.link, .seal] {
            do throws(EnrolmentError) {
                let outcome = try enroller.enroll(role, code: code, replacing: ended, asksAnyway: keepsSeal || goesOn && role == .link)
                say(role, outcome, role == .link ? places.link : places.seal)
                if outcome.isNew { isAnyNew = true }
            } catch {
                throw error.code == .forbidden && role == .seal && keepsSeal ? EnrolmentError(.otherIdentity, error.detail) : error
            }
        }
        return isAnyNew
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
}
