import AllianceTrust
import AttestationFormat
import MerkleTree

extension Registry {
    /// Of 65,536 bytes, which nodes and verifiers read, a statement's own fields take some; 950 revoked certificates fit.
    static let firmListByteLimit = Limits.registrationByteCount - 1_024
    /// A list that was in bounds is so when it is signed anew: a signature has a few bytes more or less.
    private static let signatureSlackByteCount = 64
    /// What `alliance init` and `add-firm` make on the first day has number 1.
    private static let firstDayNumber: Int64 = 1
    /// A list is dated back, as certificates are, so that a broker whose clock is a little slow takes it at once.
    static let backdatingSeconds: Int64 = 300

    /// Makes those revocation lists anew that are past half of their life, and those that were never made. To be called at the start, and
    /// hourly from then on.
    ///
    /// - Returns: whether any was made.
    /// - Throws: ``RegistryError`` with code `keyAway` where a token is away, once all others' lists are made.
    @discardableResult
    public func refreshRevocationLists(nowSeconds: Int64) throws -> Bool {
        let issuers = issuers.inOrder(settings)
        let someDue = try store.read { transaction in
            try issuers.contains { try isDue(transaction.list(issuer: $0.keyID), nowSeconds: nowSeconds) }
        }
        guard someDue else { return false }
        // One transaction a list: a token that is away keeps no other firm's list, and not the link CA's, from being made.
        var failure: RegistryError?
        for issuer in issuers {
            do {
                try store.write { transaction in
                    guard try isDue(transaction.list(issuer: issuer.keyID), nowSeconds: nowSeconds) else { return }
                    try makeList(of: issuer.keyID, nowSeconds: nowSeconds, in: transaction)
                }
            } catch let error as RegistryError where error.code == .keyAway {
                let whose = issuer.firm.map { "firm \($0)" } ?? "the link CA"
                failure = failure ?? RegistryError(.keyAway, "the revocation list of \(whose) is not made anew: \(error.message)", nextStep: error.nextStep)
            }
        }
        if let failure { throw failure }
        return true
    }

    /// The link CA's list in DER, which brokers take; nil before the first refresh, and where the alliance's registry has it.
    public func linkRevocationList() throws -> [UInt8]? {
        guard settings.linkSource == nil else { return nil }
        return try store.read { try publishedList(of: issuers.link.keyID, in: $0) }
    }

    /// A firm's lists in DER: that of its issuing key first, then those of its former ones. Empty before the first refresh.
    ///
    /// - Throws: ``RegistryError`` with code `unknownFirm`.
    public func revocationLists(firm: String) throws -> [[UInt8]] {
        guard let name = Name(UTF8Text(firm)), settings.firms.contains(where: { $0.firm == name }) else {
            throw RegistryError(
                .unknownFirm, "this registry has no issuing key of firm \(PrintableText.line(firm, limit: 40))",
                nextStep: "compare the name with the registry's configuration")
        }
        let keys = issuers.inOrder(settings).filter { $0.firm == name }.map(\.keyID)
        return try store.read { transaction in try keys.compactMap { try publishedList(of: $0, in: transaction) } }
    }

    /// When the first of the lists ends, in seconds since 1970; nil before the first refresh.
    public func firstListEndSeconds() throws -> Int64? {
        try store.read { transaction in
            try issuers.inOrder(settings).compactMap { try transaction.list(issuer: $0.keyID)?.nextSeconds }.min()
        }
    }

    /// Also one that a clock ahead of its time made: nobody takes it before that time.
    private func isDue(_ list: StoredList?, nowSeconds: Int64) -> Bool {
        guard let list else { return true }
        return nowSeconds >= list.madeSeconds + (list.nextSeconds - list.madeSeconds) / 2 || list.madeSeconds > nowSeconds + Self.backdatingSeconds
    }

    /// Signs the list of an issuing key as it is now, with the next number.
    ///
    /// - Parameters:
    ///   - isGrowing: whether certificates come on it.
    ///   - published: a number that was published, which is to be passed.
    /// - Throws: ``RegistryError`` with code `listFull` for a firm's list that nodes could not read.
    @discardableResult
    func makeList(of keyID: Digest, isGrowing: Bool = false, above published: Int64 = 0, nowSeconds: Int64, in transaction: RegistryTransaction) throws -> [UInt8] {
        guard !issuers.isAlliances(keyID) else {
            try noteLinkReports(nowSeconds: nowSeconds, in: transaction)
            return []
        }
        let issuer = try listIssuer(keyID)
        let before = try transaction.list(issuer: keyID)
        let entries = try transaction.revokedEntries(
            issuer: keyID, endingAfterSeconds: issuer.firm == nil ? nowSeconds - linkEntrySeconds : .min)
        // The time, so that a store restored from a copy goes on above what it had published since; the order is the number's alone.
        let number = max(max(before?.number ?? Self.firstDayNumber, published) + 1, nowSeconds)
        let next = nowSeconds + Int64(settings.listDays) * 86_400
        let der = try issuer.authority.issueRevocationList(
            entries: entries, number: number, thisUpdateSeconds: nowSeconds - Self.backdatingSeconds, nextUpdateSeconds: next)
        guard issuer.firm == nil || der.count <= Self.firmListByteLimit + (isGrowing ? 0 : Self.signatureSlackByteCount) else {
            throw RegistryError(
                .listFull,
                "the revocation list of firm \(issuer.firm?.description ?? "") is full: with \(entries.count) certificates it would have \(der.count) of "
                    + "\(Self.firmListByteLimit) bytes",
                nextStep: "give the firm a new issuing key: harborseal alliance add-firm \(issuer.firm?.description ?? "FIRM") --new-key")
        }
        try transaction.setList(StoredList(number: number, madeSeconds: nowSeconds, nextSeconds: next, der: der), issuer: keyID)
        try transaction.audit(
            .list, on: nil,
            "list \(number) of \(issuer.firm.map { "firm \($0)" } ?? "the link CA"), \(entries.count) revoked, until \(UTCText.text(seconds: next)), by key \(Hexadecimal.text(of: keyID.bytes))",
            by: Self.itself, nowSeconds: nowSeconds)
        return der
    }

    /// Link certificates leave the list once they have ended and can renew nothing, one list later (RFC 5280, section 3.3). Seal certificates
    /// stay on theirs for ever: evidence outlives them.
    private var linkEntrySeconds: Int64 { Int64(settings.renewalGraceDays + settings.listDays + 1) * 86_400 }

    /// - Throws: ``RegistryError`` with code `unknownFirm`.
    func listIssuer(_ keyID: Digest) throws -> Issuer {
        guard let issuer = issuers.all[keyID] else {
            throw RegistryError(
                .unknownFirm, "the key \(Hexadecimal.text(of: keyID.bytes)), which issued the certificate, is not configured",
                nextStep: "name it as a former issuing key of its firm")
        }
        return issuer
    }

    /// What the registry does by itself.
    static let itself = Requester("registry")
}
