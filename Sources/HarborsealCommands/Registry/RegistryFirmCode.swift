internal import AllianceTrust
internal import AttestationFormat
internal import DeviceRegistry

/// `harborseal registry firm-code`: the code with which a firm's own registry gets link certificates from this one.
public struct RegistryFirmCode: Sendable {
    public enum Step: Sendable, Equatable {
        /// - Parameter output: the new file for the code; nil: standard output.
        case make(firm: String, output: String?)
        case withdraw(firm: String)
        case list
    }

    public var configurationFile: String
    public var step: Step
    public var by: String?
    public var asJSON: Bool
    public var nowSeconds: Int64

    public init(configurationFile: String, _ step: Step, by: String? = nil, asJSON: Bool = false, nowSeconds: Int64 = WallClock.nowSeconds) {
        self.configurationFile = configurationFile
        self.step = step
        self.by = by
        self.asJSON = asJSON
        self.nowSeconds = nowSeconds
    }

    public func run() throws -> CommandResult {
        try RegistryDesk.result(configurationFile, by: by) { desk in
            switch step {
            case .make(let firm, let output): try make(firm, output, desk)
            case .withdraw(let firm): try withdraw(firm, desk)
            case .list: list(try desk.registry.firmCodes(), desk.configuration.settings)
            }
        }
    }

    private func make(_ firm: String, _ output: String?, _ desk: RegistryDesk) throws -> CommandResult {
        try checkIsUpstream(desk)
        let known = try TrustFileInput.verified(desk.configuration.trustPath).content.firms.map(\.name.text.string)
        guard known.contains(firm) else {
            let (shown, hint) = (TerminalStyle.safe(firm), MeantName.find(firm, among: known).map { "did you mean \($0)? " } ?? "")
            throw CommandError(
                .failed, "\(shown) is no firm of the trust file: it has \(known.joined(separator: ", "))", nextStep: "\(hint)harborseal alliance add-firm \(shown), and sign")
        }
        // Before the code before it is dead.
        if let output, DurableFile.exists(output) {
            throw CommandError(.cannotCreate, "\(TerminalStyle.safe(output)) is there already and is not overwritten", nextStep: "name a new file")
        }
        let code = try desk.registry.makeFirmCode(firm, by: desk.requester, nowSeconds: nowSeconds).text
        if let output { try DurableFile.write(Array("\(code)\n".utf8), to: output, mode: 0o600, replacing: false) }
        let notes = """
            the code of firm \(firm) is \(output.map { "in \(TerminalStyle.safe($0))" } ?? "shown this once, and stored as a hash alone"); one before it is dead
              next: bring it to the firm's registry, into the file that [link] code in its registry.conf names, mode 0600

            """ + ServingMark.notes(folder: desk.configuration.dataPath, left: firm)
        guard !asJSON else {
            return CommandResult(output: JSONValue.members(("firm", .string(firm)), ("code", .optional(output == nil ? code : nil)), ("file", .optional(output))).json, notes: notes)
        }
        return CommandResult(output: output == nil ? "\(code)\n" : "", notes: notes)
    }

    private func withdraw(_ firm: String, _ desk: RegistryDesk) throws -> CommandResult {
        try desk.registry.withdrawFirmCode(firm, by: desk.requester, nowSeconds: nowSeconds)
        guard !asJSON else { return CommandResult(output: JSONValue.members(("firm", .string(firm)), ("withdrawn", .bool(true))).json) }
        return CommandResult(
            output: """
                the code of firm \(firm) is withdrawn: its registry gets no link certificate from here, and renews none; those that it has stay
                  next: to end them now, device revoke each that harborseal device list --firm \(firm) names; under a new code, device replace lets each of the
                  honest ones come again

                """)
    }

    /// A code of a firm that is registered here again holds for nothing until it is not.
    private func list(_ codes: [FirmCode], _ settings: RegistrySettings) -> CommandResult {
        func isRegistered(_ code: FirmCode) -> Bool { settings.firms.contains { $0.firm == code.firm } }
        guard !asJSON else {
            return CommandResult(
                output: JSONValue.array(codes.map {
                    .members(("firm", .string($0.firm.text.string)), ("madeSeconds", .integer($0.madeSeconds)), ("madeBy", .string($0.madeBy)), ("inForce", .bool(!isRegistered($0))))
                }).json)
        }
        guard !codes.isEmpty else { return CommandResult(output: "no firm has a code here\n") }
        return CommandResult(output: codes.map { "firm \($0.firm): code made \(UTCText.text(seconds: $0.madeSeconds)) by \(TerminalStyle.safe($0.madeBy))\(isRegistered($0) ? "; not in force: registry.conf has [firm.\($0.firm)]" : "")\n" }.joined())
    }

    /// A firm's own registry has nothing to give to others.
    private func checkIsUpstream(_ desk: RegistryDesk) throws {
        guard let source = desk.configuration.settings.linkSource else { return }
        throw CommandError(
            .failed, "this registry has no link CA: it gets link certificates from \(source.url)", nextStep: "have the code made there")
    }
}
