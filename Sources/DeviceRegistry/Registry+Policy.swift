import AllianceTrust
public import AttestationFormat

/// Whether a firm asks for a second person, and who set that.
public struct SecondPersonRule: Equatable, Sendable {
    public let firm: Name
    /// What holds.
    public let isOn: Bool
    /// What the configuration says, which decides only until something is set.
    public let isOnInConfiguration: Bool
    /// When it was set, in seconds since 1970; nil: it never was.
    public let setSeconds: Int64?
    public let setBy: String?
    /// Who wants it switched off, which another person has to approve; nil: nobody.
    public let offAskedBy: String?
    public let offAskedSeconds: Int64?

    /// Whether the configuration says otherwise than what was set.
    public var isContradicted: Bool { setSeconds != nil && isOn != isOnInConfiguration }
}

extension Registry {
    /// What holds for each firm, in the order of the settings.
    public func secondPersonRules() throws -> [SecondPersonRule] {
        try store.read { transaction in try settings.firms.map { try rule(of: $0.firm, in: transaction) } }
    }

    /// Takes over from the configuration where a firm asks for a second person, unless the store says already what holds. To be called at the start; a code
    /// that is made does it too. From then on another configuration changes nothing.
    public func adoptPolicies(nowSeconds: Int64) throws {
        let isDue = try store.read { transaction in
            try settings.firms.contains { try $0.policy.needsSecondPerson && transaction.policy(of: $0.firm) == nil }
        }
        guard isDue else { return }
        try store.write { transaction in
            for firm in settings.firms { _ = try policy(of: firm.firm, nowSeconds: nowSeconds, in: transaction) }
        }
    }

    /// What a firm asks of enrolments: lifetimes and tries as configured, the second person as the store has it.
    ///
    /// - Throws: ``RegistryError`` with code `unknownFirm`.
    func policy(of firm: Name, nowSeconds: Int64, in transaction: RegistryTransaction) throws -> FirmPolicy {
        var policy = try issuers.policy(of: firm)
        if let stored = try transaction.policy(of: firm) {
            policy.needsSecondPerson = stored.needsSecondPerson
        } else if policy.needsSecondPerson {
            try transaction.setPolicy(StoredPolicy(needsSecondPerson: true, setSeconds: nowSeconds, setBy: Self.itself.name), of: firm)
            try transaction.audit(.policy, on: nil, PolicyWords.adopted.detail(of: firm), by: Self.itself, nowSeconds: nowSeconds)
        }
        return policy
    }

    /// Switches the rule of a second person on, or asks for it to be switched off: while it is on, another person has to approve that. Switching on what
    /// somebody wants switched off takes the wish back.
    ///
    /// - Throws: ``RegistryError`` with code `unknownFirm` or `state` (it is so already).
    public func setSecondPerson(_ isOn: Bool, of firm: String, by requester: Requester, nowSeconds: Int64) throws -> SecondPersonRule {
        try perform(.policy, on: nil, by: requester, nowSeconds: nowSeconds) { transaction in
            let firm = try configured(firm)
            _ = try policy(of: firm, nowSeconds: nowSeconds, in: transaction)
            let stored = try transaction.policy(of: firm)
            let (next, words) = try Self.next(isOn, stored, of: firm, by: requester, nowSeconds: nowSeconds)
            try transaction.setPolicy(next, of: firm)
            return (try rule(of: firm, in: transaction), words.detail(of: firm))
        }
    }

    private static func next(
        _ isOn: Bool, _ stored: StoredPolicy?, of firm: Name, by requester: Requester, nowSeconds: Int64
    ) throws -> (StoredPolicy, PolicyWords) {
        let set = StoredPolicy(needsSecondPerson: isOn, setSeconds: nowSeconds, setBy: requester.name)
        guard var stored, stored.needsSecondPerson else {
            guard stored == nil || isOn else { throw RegistryError(.state, "firm \(firm) asks for no second person already") }
            return (set, isOn ? .on : .off)
        }
        switch (isOn, stored.request) {
        case (true, nil): throw RegistryError(.state, "firm \(firm) asks for a second person already, since \(UTCText.text(seconds: stored.setSeconds))")
        case (true, let request?):
            stored.request = nil
            return (stored, .withdrawn(request.askedBy))
        case (false, let request?):
            throw RegistryError(
                .state, "\(request.askedBy) asked for it at \(UTCText.text(seconds: request.askedSeconds)), and it waits for another person",
                nextStep: "another person than \(request.askedBy): harborseal registry policy approve \(firm)")
        case (false, nil):
            stored.request = StoredPolicy.Request(askedSeconds: nowSeconds, askedBy: requester.name, account: requester.address)
            return (stored, .offAsked)
        }
    }

    /// Switches the rule of a second person off, as somebody else has asked for.
    ///
    /// - Throws: ``RegistryError`` with code `unknownFirm`, `state` (nobody asked for it) or `samePerson`.
    public func approveSecondPersonOff(of firm: String, by requester: Requester, nowSeconds: Int64) throws -> SecondPersonRule {
        try perform(.policy, on: nil, by: requester, nowSeconds: nowSeconds) { transaction in
            let firm = try configured(firm)
            guard let request = try transaction.policy(of: firm)?.request else {
                throw RegistryError(
                    .state, "nobody wants the second person of firm \(firm) switched off", nextStep: "harborseal registry policy set \(firm) --second-person off asks for it")
            }
            let asker = request.account.flatMap { LocalAccount($0) }
            let why = requester.name.lowercased() == request.askedBy.lowercased()
                ? "by this same name" : LocalAccount.refusal(of: requester.account, asker: asker)
            guard why == nil else {
                throw RegistryError(
                    .samePerson, "\(request.askedBy)\(asker?.person.map { ", from the account of \($0)," } ?? "") asked for it, who cannot approve it too: it was asked for \(why ?? "")",
                    nextStep: "let another person approve it, who has logged in with an account of their own")
            }
            try transaction.setPolicy(StoredPolicy(needsSecondPerson: false, setSeconds: nowSeconds, setBy: requester.name), of: firm)
            return (try rule(of: firm, in: transaction), PolicyWords.offApproved(request.askedBy).detail(of: firm))
        }
    }

    private func rule(of firm: Name, in transaction: RegistryTransaction) throws -> SecondPersonRule {
        let configured = try issuers.policy(of: firm).needsSecondPerson
        let stored = try transaction.policy(of: firm)
        return SecondPersonRule(
            firm: firm, isOn: stored?.needsSecondPerson ?? configured, isOnInConfiguration: configured, setSeconds: stored?.setSeconds,
            setBy: stored?.setBy, offAskedBy: stored?.request?.askedBy, offAskedSeconds: stored?.request?.askedSeconds)
    }

    private func configured(_ firm: String) throws -> Name {
        guard let name = Name(UTF8Text(firm)) else {
            throw RegistryError(
                .unknownFirm, "this registry has no issuing key of firm \(PrintableText.line(firm, limit: 40))", nextStep: "harborseal registry policy show names its firms")
        }
        _ = try issuers.policy(of: name)
        return name
    }
}

/// What the audit table says of a firm's rule of a second person.
enum PolicyWords: Equatable {
    case adopted
    case on
    case off
    case offAsked
    case offApproved(String)
    case withdrawn(String)

    static let start = "firm "
    static let rule = ": second person "

    func detail(of firm: Name) -> String { "\(Self.start)\(firm)\(Self.rule)\(end)" }

    private var end: String {
        switch self {
        case .adopted: "on, as the configuration says"
        case .on: "on"
        case .off: "off"
        case .offAsked: "off is asked for, and waits for another person"
        case .offApproved(let name): "off, as \(name) asked for"
        case .withdrawn(let name): "stays on, and what \(name) asked for is taken back"
        }
    }

    /// The firm and what was done; nil: other words.
    static func parse(_ detail: String) -> (firm: String, words: PolicyWords)? {
        guard detail.hasPrefix(start), let mark = detail.firstRange(of: rule) else { return nil }
        let firm = String(detail[detail.index(detail.startIndex, offsetBy: start.count)..<mark.lowerBound])
        let end = detail[mark.upperBound...]
        for words in [PolicyWords.adopted, .on, .off, .offAsked] where end == words.end { return (firm, words) }
        if end.hasPrefix("off, as ") { return (firm, .offApproved("")) }
        return end.hasPrefix("stays on, ") ? (firm, .withdrawn("")) : nil
    }
}
