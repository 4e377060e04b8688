import AttestationFormat

/// What the rows of the audit table say has happened, read out of their words, which ``Registry`` writes.
struct AuditedFacts {
    struct Revocation: Hashable {
        let gatewayID: String
        let generation: Int
        /// As ``AllianceTrust/UTCText`` writes it.
        let since: String
    }

    struct Receipt: Hashable {
        let statementID: Int64
        let node: String
    }

    /// By serial number in hex: the row that tells of the certificate's issue.
    private(set) var certificates: [String: Int64] = [:]
    private(set) var revocations: [Revocation: Int64] = [:]
    private(set) var receipts: [Receipt: Int64] = [:]

    private static let sealWords = "seal certificate "
    private static let linkWords = "link certificate "
    static let receiptWords = "in its ledger"

    mutating func add(_ entry: AuditEntry) {
        guard entry.outcome == AuditEntry.ok else { return }
        switch entry.action {
        case .enrol, .renew: addCertificate(entry)
        case .revoke: addRevocation(entry, entry.detail[...])
        case .replace:
            // `generation 2, code until T; ` and then what became of the old key.
            guard let mark = entry.detail.firstRange(of: "; ") else { return }
            addRevocation(entry, entry.detail[mark.upperBound...])
        case .statement: addReceipt(entry)
        case .add, .approve, .reissue, .list, .configure: return
        }
    }

    /// `seal certificate 0a1b…, until …`; `the same …` is none that is new.
    private mutating func addCertificate(_ entry: AuditEntry) {
        for words in [Self.sealWords, Self.linkWords] where entry.detail.hasPrefix(words) {
            certificates[String(entry.detail.dropFirst(words.count).prefix { $0 != "," })] = entry.number
        }
    }

    /// `generation 1, since 2026-11-22 15:47:23Z: stolen`.
    private mutating func addRevocation(_ entry: AuditEntry, _ words: Substring) {
        let (start, middle) = ("generation ", ", since ")
        guard let gatewayID = entry.gatewayID, words.hasPrefix(start) else { return }
        let digits = words.dropFirst(start.count).prefix { $0.isNumber }
        let rest = words.dropFirst(start.count + digits.count)
        guard let generation = Int(digits), rest.hasPrefix(middle), let end = rest.firstRange(of: "Z: ") else { return }
        let since = rest[rest.index(rest.startIndex, offsetBy: middle.count)..<end.lowerBound] + "Z"
        revocations[Revocation(gatewayID: gatewayID, generation: generation, since: String(since))] = entry.number
    }

    /// `registration statement 5, node hk-1: in its ledger`.
    private mutating func addReceipt(_ entry: AuditEntry) {
        guard entry.detail.hasSuffix(": \(Self.receiptWords)") else { return }
        let words = entry.detail.dropLast(Self.receiptWords.count + 2).split(separator: " ")
        guard words.count == 5, let statementID = Int64(words[2].dropLast()) else { return }
        receipts[Receipt(statementID: statementID, node: String(words[4]))] = entry.number
    }
}
