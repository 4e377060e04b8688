internal import AllianceTrust
internal import AttestationFormat
internal import DeviceRegistry

/// `harborseal registry policy`: whether a firm asks for a second person, which the registry keeps itself.
public struct RegistryPolicy: Sendable {
    public enum Step: Sendable, Equatable {
        /// nil: of all firms.
        case show(firm: String?)
        case set(firm: String, isOn: Bool)
        /// The second person's, to switch it off.
        case approve(firm: String)

        var firm: String? {
            switch self {
            case .show(let firm): firm
            case .set(let firm, _), .approve(let firm): firm
            }
        }
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
            if let unknown = step.firm.flatMap({ desk.unknownFirm($0) }) { throw unknown }
            let rules: [SecondPersonRule]
            switch step {
            case .show(let firm): rules = try desk.registry.secondPersonRules().filter { firm == nil || $0.firm.text.string == firm }
            case .set(let firm, let isOn): rules = [try desk.registry.setSecondPerson(isOn, of: firm, by: desk.requester, nowSeconds: nowSeconds)]
            case .approve(let firm): rules = [try desk.registry.approveSecondPersonOff(of: firm, by: desk.requester, nowSeconds: nowSeconds)]
            }
            return CommandResult(output: asJSON ? JSONValue.array(rules.map(Self.json)).json : rules.map(Self.text).joined())
        }
    }

    private static func text(_ rule: SecondPersonRule) -> String {
        let origin =
            rule.setSeconds.map { "since \(UTCText.text(seconds: $0)), set by \(TerminalStyle.safe(rule.setBy ?? ""))" }
            ?? "as registry.conf says; \(rule.isOn ? "the next code or start of the registry keeps that" : "nothing was ever set")"
        var text = "firm \(rule.firm): second person \(rule.isOn ? "on" : "off"), \(origin)\n"
        if let asked = rule.offAskedBy, let seconds = rule.offAskedSeconds {
            text += """
                  \(TerminalStyle.safe(asked)) wants it switched off since \(UTCText.text(seconds: seconds)), which waits for another person
                  next: harborseal registry policy approve \(rule.firm), or policy set \(rule.firm) --second-person on to take it back

                """
        }
        return text
    }

    private static func json(_ rule: SecondPersonRule) -> JSONValue {
        .members(
            ("firm", .string(rule.firm.text.string)), ("secondPerson", .bool(rule.isOn)), ("inConfiguration", .bool(rule.isOnInConfiguration)),
            ("setSeconds", rule.setSeconds.map { .integer($0) } ?? .null), ("setBy", .optional(rule.setBy)),
            ("offAskedBy", .optional(rule.offAskedBy)), ("offAskedSeconds", rule.offAskedSeconds.map { .integer($0) } ?? .null))
    }

    /// Of each firm that the configuration says something else of than the store, which is what counts.
    static func contradictions(_ rules: [SecondPersonRule], configurationFile: String) -> [(firm: String, words: String, nextStep: String)] {
        rules.filter(\.isContradicted).map { rule in
            let (firm, other) = (rule.firm.text.string, rule.isOnInConfiguration ? "on" : "off")
            let words = "\(configurationFile) has second-person = \(rule.isOnInConfiguration) for firm \(firm), and the registry holds \(rule.isOn ? "on" : "off") since "
                + "\(UTCText.text(seconds: rule.setSeconds ?? 0)), set by \(TerminalStyle.safe(rule.setBy ?? "")), which is what counts"
            return (firm, words, "set second-person = \(rule.isOn) in [firm.\(firm)], or harborseal registry policy set \(firm) --second-person \(other)")
        }
    }
}
