import AllianceTrust
public import AttestationFormat
import MerkleTree

/// What a firm's own registry asks of the alliance's, and tells it.
extension Registry {
    /// A link certificate lives as long as CAs are allowed to at most.
    private static let linkDaysLimit: Int64 = 825
    private static let leastLifeSeconds: Int64 = 3_600

    /// Asks the alliance's registry, and judges what it answers as if a stranger had.
    func linkCertificate(
        of device: StoredDevice, _ request: CertificateRequest, from source: any LinkSource, nowSeconds: Int64
    ) throws -> CertificateBytes {
        let name = device.gatewayID
        let der = try SigningDesk.answer(to: name.text.bytes + [0] + request.der) { try source.linkCertificate(for: name, request: request.der).der }
        guard let wrong = fault(of: der, for: gatewayName(name), request, nowSeconds: nowSeconds) else { return CertificateBytes(der: der) }
        throw RegistryError(
            .allianceRefused, "what \(source.url) answered is no link certificate for \(name): \(wrong)",
            nextStep: "compare [link] certificate and registry with the alliance's, and tell its operator")
    }

    /// What is wrong with a link certificate that was answered; nil: nothing.
    private func fault(of der: [UInt8], for gateway: GatewayName, _ request: CertificateRequest, nowSeconds: Int64) -> String? {
        guard let facts = CertificateFacts(der: der) else { return "it is no certificate" }
        let subject = "O=\(gateway.firm), CN=\(gateway.gatewayID)"
        func shown(_ text: String) -> String { PrintableText.line(text, limit: 100) }
        if !issuers.link.authority.hasIssued(der) { return "the link CA did not sign it, which \(shown(facts.issuer)) is to have done" }
        if facts.isAuthority { return "it is a CA's" }
        if facts.subject != subject { return "it is for \(shown(facts.subject)), not for \(subject)" }
        if facts.names != [gateway.issuer.string] { return "it is for \(shown(facts.names.joined(separator: " and "))), not for \(gateway.issuer) alone" }
        if facts.keyID != request.publicKey.keyID(using: SHA256.self) { return "it certifies another key than was asked for" }
        if facts.usages != ["digital signature", "TLS client"] { return "it is for \(shown(facts.usages.joined(separator: " and "))), not for a TLS client alone" }
        let (from, until) = (facts.validFromSeconds, facts.validUntilSeconds)
        let isSane = from <= nowSeconds + Self.clockSlackSeconds && until > nowSeconds + Self.leastLifeSeconds
            && until - from <= (Self.linkDaysLimit + 1) * 86_400 && until <= issuers.link.validUntilSeconds
        return isSane ? nil : "it is valid from \(UTCText.text(seconds: from)) to \(UTCText.text(seconds: until)), and here it is \(UTCText.text(seconds: nowSeconds))"
    }

    /// The certificate as the store has it, where the alliance's registry gave it before; nil: it is new.
    ///
    /// - Throws: ``RegistryError`` with code `allianceAway`: it is revoked here, and the alliance's registry does not know that yet.
    func knownCertificate(
        _ certificate: CertificateBytes, of device: StoredDevice, from source: any LinkSource, in transaction: RegistryTransaction
    ) throws -> IssuedCertificate? {
        guard let known = try transaction.certificate(hash: SHA256.hash(certificate.der)) else { return nil }
        guard known.issued.revokedSinceSeconds == nil, known.device == device.id else {
            throw RegistryError(
                .allianceAway, "\(source.url) answers the certificate of \(device.gatewayID) that is revoked here: it has not been told yet",
                nextStep: "try again once it has: harborseal device show \(device.gatewayID) says so")
        }
        return known.issued
    }

    /// Puts what is revoked, and what the alliance's registry was not told of, into the outbox to it. To be called at the start: what was revoked while the link
    /// CA's key was here, and what a version before this one revoked, is not there yet.
    public func noteLinkReports(nowSeconds: Int64) throws {
        guard settings.linkSource != nil, try store.read({ try !$0.unreportedLinks(issuer: issuers.link.keyID).isEmpty }) else { return }
        try store.write { try noteLinkReports(nowSeconds: nowSeconds, in: $0) }
    }

    func noteLinkReports(nowSeconds: Int64, in transaction: RegistryTransaction) throws {
        for (gatewayID, certificate, revocation) in try transaction.unreportedLinks(issuer: issuers.link.keyID) {
            try transaction.setLinkReport(
                StoredLinkReport(certificate: certificate, revocation: revocation, madeSeconds: nowSeconds, takenSeconds: nil))
            try transaction.audit(.revoke, on: gatewayID, LinkReportWords.told.detail(of: revocation), by: Self.itself, nowSeconds: nowSeconds)
        }
    }

    /// Gateways of which the alliance's registry has not taken everything yet, by the oldest that it has not.
    public func dueLinkGateways() throws -> [GatewayID] {
        try store.read { try $0.dueLinkGateways() }
    }

    /// Gateways with revoked link certificates that the alliance's registry has taken, and that have not ended: it may have lost them since.
    public func takenLinkGateways(nowSeconds: Int64) throws -> [GatewayID] {
        try store.read { try $0.takenLinkGateways(endingAfterSeconds: nowSeconds) }
    }

    /// What the alliance's registry is to be told of a gateway.
    ///
    /// - Parameter againSeconds: the time, where it is told again of certificates that it has taken and that have not ended; nil: what is due alone.
    public func linkReports(of gatewayID: GatewayID, againSeconds: Int64? = nil) throws -> [LinkReport] {
        let rows = try store.read { try $0.linkReports(of: gatewayID, orEndingAfterSeconds: againSeconds ?? .max) }
        return stride(from: 0, to: rows.count, by: LinkReport.lineLimit).map { start in
            let some = rows[start..<min(start + LinkReport.lineLimit, rows.count)]
            return LinkReport(
                gatewayID: gatewayID, revocations: some.map(\.revocation),
                certificates: Dictionary(some.map { ($0.revocation.serialNumber, $0.certificate) }) { first, _ in first })
        }
    }

    /// Stores that the alliance's registry has taken a report. What was revoked otherwise meanwhile stays due, and what it had taken before stays as it is.
    public func recordTaken(_ report: LinkReport, nowSeconds: Int64) throws {
        try store.write { transaction in
            for revocation in report.revocations {
                guard try transaction.takeLinkReport(revocation, issuer: issuers.link.keyID, nowSeconds: nowSeconds) else { continue }
                try transaction.audit(.revoke, on: report.gatewayID, LinkReportWords.taken.detail(of: revocation), by: Self.itself, nowSeconds: nowSeconds)
            }
        }
    }
}

/// What the audit table says of a revoked link certificate that two registries know.
enum LinkReportWords: String, CaseIterable {
    /// A firm's registry is going to tell the alliance's.
    case told = "for the alliance's registry"
    case taken = "taken by the alliance's registry"
    /// The alliance's registry was told.
    case heard = "as the firm's registry says"

    /// `link certificate 0a1b…, for the alliance's registry: revoked, since 2026-11-22 15:47:23Z`.
    func detail(of revocation: LinkRevocation) -> String {
        "link certificate \(Hexadecimal.text(of: revocation.serialNumber)), \(rawValue): \(revocation.reason.rawValue), since \(UTCText.text(seconds: revocation.sinceSeconds))"
    }

    /// nil: other words.
    static func parse(_ detail: String) -> (words: LinkReportWords, serial: String, reason: String, since: String)? {
        guard let (label, rest) = AuditedFacts.labelled(detail), label == .link else { return nil }
        for words in allCases {
            guard let middle = rest.firstRange(of: ", \(words.rawValue): ") else { continue }
            let end = rest[middle.upperBound...]
            guard let since = end.firstRange(of: ", since ") else { return nil }
            return (words, String(rest[..<middle.lowerBound]), String(end[..<since.lowerBound]), String(end[since.upperBound...]))
        }
        return nil
    }
}
