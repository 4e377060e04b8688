internal import AllianceTrust
internal import Foundation

/// `harborseal alliance add-firm`: makes a firm's issuing key and certificate and puts it into the draft; for a firm that
/// is there, renews the certificate for the same key, or adds one for a new key beside it.
public struct AllianceAddFirm: Sendable {
    public var directory: String
    public var firm: String
    /// Where the root key is; nil: in the directory.
    public var rootKeyPath: String?
    /// Whether a firm that is there gets a new key beside the one it has: for one that is lost, or that others may have.
    public var makesNewKey: Bool
    /// The issuing key in a PKCS#11 token, as a `pkcs11:` URI; nil: a new file, or where the firm's key is.
    public var issuingKey: String?
    /// Whether the token makes that key.
    public var makesTokenKey: Bool
    public var nowSeconds: Int64

    /// Years that an issuing certificate lives, longer than the seal certificates below it.
    static let issuingDays = 15 * 365

    public init(
        directory: String, firm: String, rootKeyPath: String? = nil, makesNewKey: Bool = false, issuingKey: String? = nil,
        makesTokenKey: Bool = false, nowSeconds: Int64 = WallClock.nowSeconds
    ) {
        self.directory = directory
        self.firm = firm
        self.rootKeyPath = rootKeyPath
        self.makesNewKey = makesNewKey
        self.issuingKey = issuingKey
        self.makesTokenKey = makesTokenKey
        self.nowSeconds = nowSeconds
    }

    public func run() throws -> CommandResult {
        _ = try CheckedNames.firm(firm)
        let place = AllianceDirectory(directory)
        var draft = try place.draft()
        // A firm that an earlier version took goes on, without a registry.
        if !draft.firms.contains(where: { $0.firm == firm }) { try CheckedNames.newFirm(firm) }
        let folder = place.firmPath(firm)
        let name = place.issuingName(of: firm, isNext: makesNewKey)
        let keyPath = "\(folder)/\(name).key"
        let isNew = !AuthorityKey.exists(keyPath)
        try checkPlace(keyPath, isNew: isNew)
        let root = try place.root(keyPath: rootKeyPath)
        let key = try isNew ? AuthorityKey.given(issuingKey, by: "--issuing-key", isNew: makesTokenKey) : AuthorityKey.open(AuthorityKey.place(keyPath))
        if isNew { try checkRole(of: key, draft) }
        try place.makeDirectory(folder)
        let issuing = try root.issueFirmAuthority(
            firm: firm, key: key, lifetime: .starting(at: nowSeconds, days: Self.issuingDays))
        if isNew, let issuingKey { try AuthorityKey.write(uri: issuingKey, keyPath: keyPath) } else if isNew { try key.write(to: keyPath) }
        try DurableFile.write(Array(issuing.certificate.pem.utf8), to: "\(folder)/\(name).crt")
        if isNew { try RevocationListFile.writeEmpty(by: issuing, to: "\(folder)/\(name).crl", nowSeconds: nowSeconds) }
        let certificate = Data(issuing.certificate.der)
        if let index = draft.firms.firstIndex(where: { $0.firm == firm }) {
            draft.firms[index].certificates.append(certificate)
        } else {
            draft.firms.append(.init(firm: firm, certificates: [certificate], untilSeconds: nil))
        }
        try place.save(draft)
        return CommandResult(
            output: """
                firm \(firm): \(isNew ? "new issuing key and certificate" : "issuing certificate renewed for the same key") in \(folder)/\(name).crt
                  next: harborseal alliance sign --alliance \(directory)

                """)
    }

    /// A firm that is there has its key.
    private func checkPlace(_ keyPath: String, isNew: Bool) throws {
        guard !isNew, issuingKey != nil || makesTokenKey, makesTokenKey || issuingKey != AuthorityKey.uri(keyPath) else { return }
        throw CommandError(
            .failed, "firm \(firm) has an issuing key already, another than --issuing-key names",
            nextStep: "add --new-key to put this one beside it, or leave --issuing-key out to renew the certificate of the one that it has")
    }

    /// One key, one role (wire-format.md, section 1): of keys that are made here this is so, and a URI may be copied.
    private func checkRole(of key: AllianceSigningKey, _ draft: AllianceDraft) throws {
        let others = [("the root", [draft.rootCertificate]), ("the link CA", [draft.linkCertificate])] + draft.firms.map { ("firm \($0.firm)", $0.certificates) }
        let owner = others.first { $0.1.contains { CertificateBytes(der: Array($0)).publicKey == key.publicKey } }?.0
        guard let owner else { return }
        throw CommandError(.failed, "the key is that of \(owner) already, and a key has one role", nextStep: "name another key in --issuing-key")
    }
}
