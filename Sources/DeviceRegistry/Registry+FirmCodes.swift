import AllianceTrust
public import AttestationFormat

/// The code in force of a firm that runs a registry of its own, without the code itself.
public struct FirmCode: Equatable, Sendable {
    public let firm: Name
    public let madeSeconds: Int64
    public let madeBy: String
}

extension Registry {
    /// Makes the code with which a firm's own registry gets its link certificates from this one; the one before is dead at once. It is shown this once.
    ///
    /// - Throws: ``RegistryError`` with code `name`, `firmRetired`, or `state`: this registry has the firm's issuing key, and registers its devices itself.
    public func makeFirmCode(_ firm: String, by requester: Requester, nowSeconds: Int64) throws -> EnrolmentCode {
        try perform(.firmCode, on: nil, by: requester, nowSeconds: nowSeconds) { transaction in
            let name = try NewDevice(firm: firm, device: "any").checkedName().firm
            guard !issuers.hasFirm(name) else {
                throw RegistryError(
                    .state, "this registry has the issuing key of firm \(name), and registers its devices itself",
                    nextStep: "a firm code is for a firm that runs a registry of its own: take [firm.\(name)] out of registry.conf then")
            }
            try checkMember(name, nowSeconds: nowSeconds, nextStep: "a code is for a firm that harborseal alliance show names without an end")
            let isOther = try transaction.firmCode(name) != nil
            let code = EnrolmentCode()
            let hash = code.hash(forFirm: name)
            try transaction.setFirmCode(StoredFirmCode(hash: hash, madeSeconds: nowSeconds, madeBy: requester.name), of: name)
            return (code, FirmCodeWords.made(mark: hash.auditMark).detail(of: name) + (isOther ? "; the one before is dead" : ""))
        }
    }

    /// Ends a firm's code: its registry gets nothing from this one any more. Certificates stay as they are.
    ///
    /// - Throws: ``RegistryError`` with code `unknownFirm`: it has no code.
    public func withdrawFirmCode(_ firm: String, by requester: Requester, nowSeconds: Int64) throws {
        try perform(.firmCode, on: nil, by: requester, nowSeconds: nowSeconds) { transaction in
            guard let name = Name(UTF8Text(firm)), try transaction.firmCode(name) != nil else {
                throw RegistryError(
                    .unknownFirm, "firm \(PrintableText.line(firm, limit: 40)) has no code here", nextStep: "harborseal registry firm-code --list names those that have one")
            }
            try transaction.removeFirmCode(of: name)
            return ((), FirmCodeWords.withdrawn.detail(of: name))
        }
    }

    /// Firms that have a code, by name.
    public func firmCodes() throws -> [FirmCode] {
        try store.read { transaction in
            try transaction.firmCodes().compactMap { row in
                Name(UTF8Text(row.firm)).map { FirmCode(firm: $0, madeSeconds: row.code.madeSeconds, madeBy: row.code.madeBy) }
            }
        }
    }

    /// nil: the firm's devices enrol here, or nowhere that is known here.
    func firmCode(of firm: Name, in transaction: RegistryTransaction) throws -> StoredFirmCode? {
        issuers.hasFirm(firm) ? nil : try transaction.firmCode(firm)
    }
}

/// What the audit table says of a firm's code.
enum FirmCodeWords: Equatable {
    case made(mark: String)
    case withdrawn

    private static let start = "code of firm "
    private static let madeWords = " made, mark "
    private static let withdrawnWords = " withdrawn"

    func detail(of firm: Name) -> String {
        switch self {
        case .made(let mark): "\(Self.start)\(firm)\(Self.madeWords)\(mark)"
        case .withdrawn: "\(Self.start)\(firm)\(Self.withdrawnWords)"
        }
    }

    /// nil: other words.
    static func parse(_ detail: String) -> (firm: String, words: FirmCodeWords)? {
        guard detail.hasPrefix(start) else { return nil }
        let rest = detail.dropFirst(start.count).prefix { $0 != ";" }
        if let middle = rest.firstRange(of: madeWords) { return (String(rest[..<middle.lowerBound]), .made(mark: String(rest[middle.upperBound...]))) }
        return rest.hasSuffix(withdrawnWords) ? (String(rest.dropLast(withdrawnWords.count)), .withdrawn) : nil
    }
}
