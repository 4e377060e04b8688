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
    public var nowSeconds: Int64

    /// Years that an issuing certificate lives, longer than the seal certificates below it.
    static let issuingDays = 15 * 365

    public init(directory: String, firm: String, rootKeyPath: String? = nil, makesNewKey: Bool = false, nowSeconds: Int64 = WallClock.nowSeconds) {
        self.directory = directory
        self.firm = firm
        self.rootKeyPath = rootKeyPath
        self.makesNewKey = makesNewKey
        self.nowSeconds = nowSeconds
    }

    public func run() throws -> CommandResult {
        _ = try CheckedNames.firm(firm)
        let place = AllianceDirectory(directory)
        var draft = try place.draft()
        let root = try place.root(keyPath: rootKeyPath)
        let folder = place.firmPath(firm)
        try place.makeDirectory(folder)
        let name = place.issuingName(of: firm, isNext: makesNewKey)
        let keyPath = "\(folder)/\(name).key"
        let isNew = !DurableFile.exists(keyPath)
        let key = isNew ? try AllianceSigningKey() : try AllianceSigningKey(file: keyPath)
        let issuing = try root.issueFirmAuthority(
            firm: firm, key: key, lifetime: .starting(at: nowSeconds, days: Self.issuingDays))
        if isNew { try key.write(to: keyPath) }
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
}
