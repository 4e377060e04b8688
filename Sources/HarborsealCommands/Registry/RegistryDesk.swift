internal import AllianceTrust
internal import AttestationFormat
internal import DeviceRegistry
internal import Foundation
internal import MerkleTree

/// A registry as an operator's command has it: the same store that the server has open, and who is asking.
struct RegistryDesk {
    let configuration: RegistryConfiguration
    let registry: Registry
    let requester: Requester
    /// Of the trust file in force.
    let trustHash: Digest

    /// Opens the registry, runs `work`, and closes it.
    ///
    /// - Parameters:
    ///   - name: who asks, for the audit table; nil: the user of this process.
    ///   - gateway: which device it is about, as it was given, for what may have been meant.
    static func open<Answer>(
        _ configurationFile: String, by name: String?, about gateway: String? = nil, _ work: (RegistryDesk) throws -> Answer
    ) throws -> Answer {
        do {
            return try opened(configurationFile, by: name, about: gateway, work)
        } catch {
            throw GivenConfiguration.keep(configurationFile, in: error)
        }
    }

    private static func opened<Answer>(
        _ configurationFile: String, by name: String?, about gateway: String?, _ work: (RegistryDesk) throws -> Answer
    ) throws -> Answer {
        let requester = try requester(name)
        let environment = ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }
        let configuration = try RegistryConfiguration(file: configurationFile, environment: environment)
        let trustFile = try TrustFileInput.verified(configuration.trustPath)
        let trustHash = SHA256.hash(trustFile.bytes)
        let registry = try OpenedRegistry.open(configuration)
        defer { try? registry.close() }
        registry.setRetiredFirms(RegistryTrust.firmEnds(of: trustFile))
        let desk = RegistryDesk(configuration: configuration, registry: registry, requester: requester, trustHash: trustHash)
        do {
            return try work(desk)
        } catch let error as RegistryError where error.code == .unknownDevice {
            throw desk.naming(error, gateway)
        }
    }

    /// The same for a command's result, below which stands where the configuration says otherwise than the registry about second persons.
    static func result(
        _ configurationFile: String, by name: String?, about gateway: String? = nil, _ work: (RegistryDesk) throws -> CommandResult
    ) throws -> CommandResult {
        let (answer, notes) = try open(configurationFile, by: name, about: gateway) { desk in
            let answer = try work(desk)
            let contradictions = RegistryPolicy.contradictions(try desk.registry.secondPersonRules(), configurationFile: desk.configuration.path)
            let unserved = ServingMark.notes(folder: desk.configuration.dataPath, configured: desk.configuration.settings.firms.map(\.firm.text.string))
            return (answer, unserved + contradictions.map { "note: \($0.words)\n  next: \($0.nextStep)\n" }.joined())
        }
        var result = answer
        result.notes += notes
        return GivenConfiguration.keep(configurationFile, in: result)
    }

    /// Most characters of a name: the audit table keeps as many.
    private static let nameLimit = 128

    static func requester(_ name: String?) throws -> Requester {
        let account = OperatorAccount.current
        if let name {
            let trimmed = name.trimmingCharacters(in: .whitespaces)
            guard !trimmed.isEmpty, trimmed.count <= nameLimit, TerminalStyle.safe(trimmed) == trimmed else {
                throw CommandError(.usage, "--by \(TerminalStyle.safe(name)) is no name", nextStep: "give 1 to \(nameLimit) printable characters")
            }
            return Requester(trimmed, account: account)
        }
        // Behind sudo and runuser the person, not root or the service.
        return Requester(account.name, account: account)
    }

    /// An error about a device that is not registered, with the one that may have been meant.
    private func naming(_ error: RegistryError, _ gateway: String?) -> RegistryError {
        guard let gateway, let names = try? registry.devices().map(\.gatewayID.text.string),
            let meant = MeantName.find(gateway, among: names) ?? names.first(where: { $0.hasSuffix(".\(gateway)") })
        else { return error }
        return RegistryError(error.code, error.message, nextStep: "did you mean \(meant)? harborseal device list shows all")
    }

    /// An error about a firm that this registry has no key of, with the one that may have been meant; nil: it has the key.
    func unknownFirm(_ name: String) -> RegistryError? {
        let known = configuration.settings.firms.map(\.firm.text.string)
        guard !known.contains(name) else { return nil }
        let (shown, hint) = (TerminalStyle.safe(name), MeantName.find(name, among: known).map { "did you mean \($0)? " } ?? "")
        return RegistryError(
            .unknownFirm, "this registry has no issuing key of firm \(shown)",
            nextStep: "\(hint)its firms are \(known.joined(separator: ", ")); another needs harborseal alliance add-firm and a section [firm.\(shown)] in registry.conf")
    }

    /// Where this machine's clock stands before what the registry has written down: a code that is made now ends by the time that it is then. To be asked
    /// before the command writes a row of its own.
    func clockNote(_ nowSeconds: Int64) throws -> String {
        guard let seconds = ClockWatch.backwards(newestRowSeconds: try registry.newestAuditSeconds(), nowSeconds: nowSeconds) else { return "" }
        return """
            note: this machine's clock stands \(RevocationReach.span(seconds)) before the newest row of the registry's audit table: it is slow now, or ran ahead then; a code holds
            by the registry's clock, and may have ended already
              next: timedatectl shows whether the clock is set; with the right time harborseal device code makes a new code

            """
    }

    /// Where no enrolment text tells a gateway of its broker.
    var brokerNote: String {
        guard configuration.brokers == nil else { return "" }
        return """
            note: [registry] brokers in \(configuration.path) is empty, and the enrolment text names no broker
              next: set it before the codes are handed out, or have the technician give harborseal-agent enroll --broker HOST:PORT

            """
    }

    /// What a technician gets for a code.
    func enrolmentText(_ added: AddedDevice) throws -> EnrolmentText {
        try EnrolmentText(
            url: configuration.url, gatewayID: added.gatewayID, code: added.code,
            linkAuthorityHash: SHA256.hash(configuration.settings.link.certificate.der), trustFileHash: trustHash, brokers: configuration.brokers)
    }

    /// A gateway id of firm and device as they are given on the command line.
    func gatewayID(firm: String, device: String) throws -> String {
        try CheckedNames.gateway(alliance: configuration.settings.alliance.text.string, firm: firm, device: device).gatewayID.text.string
    }
}
