import AllianceTrust
import AttestationFormat
import MerkleTree

/// A key that issues, with what its certificate says.
struct Issuer: Sendable {
    let authority: CertificateAuthority
    /// nil: the link CA.
    let firm: Name?
    let validFromSeconds: Int64
    let validUntilSeconds: Int64

    var keyID: Digest { authority.key.keyID }

    init(_ authority: CertificateAuthority, firm: Name?) throws {
        guard let facts = CertificateFacts(der: authority.certificate.der), facts.isAuthority else {
            throw RegistryError(.argument, "the issuing certificate of \(firm?.description ?? "the link CA") is not a CA's")
        }
        if let firm, facts.subject != "O=\(firm)", !facts.subject.hasPrefix("O=\(firm), ") {
            throw RegistryError(
                .argument, "the issuing certificate given for firm \(firm) is for \(facts.subject)", nextStep: "name that firm's certificate")
        }
        self.authority = authority
        self.firm = firm
        validFromSeconds = facts.validFromSeconds
        validUntilSeconds = facts.validUntilSeconds
    }

    /// How long a certificate from now on lives: not longer than its issuer's, and not from before it.
    ///
    /// - Throws: ``RegistryError`` with code `issuerNotValid`.
    func lifetime(nowSeconds: Int64, days: Int) throws -> CertificateLifetime {
        guard validFromSeconds <= nowSeconds, nowSeconds < validUntilSeconds else {
            throw RegistryError(
                .issuerNotValid,
                "the issuing certificate of \(firm.map { "firm \($0)" } ?? "the link CA") is valid from \(UTCText.text(seconds: validFromSeconds)) "
                    + "to \(UTCText.text(seconds: validUntilSeconds)), and it is \(UTCText.text(seconds: nowSeconds))",
                nextStep: "set the registry's clock, or give it a new issuing certificate")
        }
        var lifetime = CertificateLifetime.starting(at: nowSeconds, days: days)
        lifetime.notBeforeSeconds = max(lifetime.notBeforeSeconds, validFromSeconds)
        lifetime.notAfterSeconds = min(lifetime.notAfterSeconds, validUntilSeconds)
        return lifetime
    }
}

/// All keys that issue, or did.
struct Issuers: Sendable {
    let link: Issuer
    private let firms: [Name: Issuer]
    private let policies: [Name: FirmPolicy]
    /// By key id, the former ones too.
    let all: [Digest: Issuer]
    /// Keys that no device may have: those, and the root's.
    let keyIDs: Set<Digest>

    init(_ settings: RegistrySettings) throws {
        link = try Issuer(settings.link, firm: nil)
        var (firms, all): ([Name: Issuer], [Digest: Issuer]) = ([:], [link.keyID: link])
        for firm in settings.firms {
            for (index, authority) in ([firm.authority] + firm.former).enumerated() {
                let issuer = try Issuer(authority, firm: firm.firm)
                if let known = all[issuer.keyID], known.firm != firm.firm {
                    throw RegistryError(
                        .argument, "firm \(firm.firm) has the issuing key of \(known.firm.map { "firm \($0)" } ?? "the link CA")",
                        nextStep: "give each its own key")
                }
                // A renewed certificate of the same key stands in front of the one it follows.
                if all[issuer.keyID] == nil { all[issuer.keyID] = issuer }
                if index == 0, firms.updateValue(issuer, forKey: firm.firm) != nil {
                    throw RegistryError(.argument, "firm \(firm.firm) is named twice", nextStep: "name its earlier keys as former ones")
                }
            }
        }
        (self.firms, self.all) = (firms, all)
        policies = Dictionary(settings.firms.map { ($0.firm, $0.policy) }, uniquingKeysWith: { first, _ in first })
        keyIDs = Set(all.keys).union([CertificateFacts(der: settings.root.der)?.keyID].compactMap { $0 })
    }

    /// - Throws: ``RegistryError`` with code `unknownFirm`.
    func issuer(of label: CertificateLabel, firm: Name) throws -> Issuer {
        if label == .link { return link }
        guard let issuer = firms[firm] else { throw Self.unknown(firm) }
        return issuer
    }

    /// - Throws: ``RegistryError`` with code `unknownFirm`.
    func policy(of firm: Name) throws -> FirmPolicy {
        guard let policy = policies[firm] else { throw Self.unknown(firm) }
        return policy
    }

    /// Whether the key is the link CA's, and the alliance's registry has it, with its list.
    func isAlliances(_ keyID: Digest) -> Bool { link.authority.hasNoKey && keyID == link.keyID }

    /// Whether devices of the firm enrol here.
    func hasFirm(_ firm: Name) -> Bool { firms[firm] != nil }

    /// Those that sign here, in the order of the settings: firms, and the link CA last.
    func inOrder(_ settings: RegistrySettings) -> [Issuer] {
        let keys = settings.firms.flatMap { [$0.authority] + $0.former }.map(\.key.keyID) + (link.authority.hasNoKey ? [] : [link.keyID])
        var seen: Set<Digest> = []
        return keys.compactMap { seen.insert($0).inserted ? all[$0] : nil }
    }

    private static func unknown(_ firm: Name) -> RegistryError {
        RegistryError(
            .unknownFirm, "this registry has no issuing key of firm \(firm)",
            nextStep: "harborseal alliance add-firm \(firm), then name its key in the registry's configuration")
    }
}

extension RegistrySettings {
    /// - Throws: ``RegistryError`` with code `argument`.
    func check() throws {
        try Self.check(sealDays, in: 1...36_500, "the life of a seal certificate, in days,")
        try Self.check(linkDays, in: 1...36_500, "the life of a link certificate, in days,")
        try Self.check(renewalGraceDays, in: 0...365, "the time for a late renewal, in days,")
        try Self.check(listDays, in: 1...3_650, "the life of a revocation list, in days,")
        guard link.hasNoKey == (linkSource != nil) else {
            throw RegistryError(
                .argument, "link certificates are issued here, with the link CA's key, or come from the alliance's registry: one of the two",
                nextStep: "give the key, or that registry")
        }
        for firm in firms {
            try Self.check(firm.policy.tryLimit, in: 1...50, "the tries of firm \(firm.firm)")
            try Self.check(Int(firm.policy.codeLifetimeSeconds), in: 60...366 * 86_400, "the lifetime of firm \(firm.firm)'s codes, in seconds,")
        }
    }

    private static func check(_ value: Int, in range: ClosedRange<Int>, _ what: String) throws {
        guard range.contains(value) else {
            throw RegistryError(.argument, "\(what) cannot be \(value)", nextStep: "choose \(range.lowerBound) to \(range.upperBound)")
        }
    }
}
