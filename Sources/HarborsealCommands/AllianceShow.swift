internal import AllianceTrust
internal import AttestationFormat

/// `harborseal alliance show`: verifies a trust file and says what is in it; of a directory also what is not signed yet.
public struct AllianceShow: Sendable {
    /// A trust file, or an alliance's directory.
    public var path: String
    /// The trust file that the reader holds: the other one is judged as an update of it.
    public var held: String?
    public var asJSON: Bool
    public var nowSeconds: Int64

    public init(path: String, held: String? = nil, asJSON: Bool = false, nowSeconds: Int64 = WallClock.nowSeconds) {
        self.path = path
        self.held = held
        self.asJSON = asJSON
        self.nowSeconds = nowSeconds
    }

    public func run() throws -> CommandResult {
        let place = AllianceDirectory(path)
        let isDirectory = DurableFile.exists(place.draftPath)
        let file = isDirectory ? place.trustFilePath : path
        var notes = ""
        if isDirectory {
            let draft = try place.draft()
            guard DurableFile.exists(file) else {
                return CommandResult(
                    output: "alliance \(draft.alliance): \(draft.firms.count) firms and \(draft.nodes.count) nodes in the draft\n",
                    notes: "nothing is signed yet\n  next: harborseal alliance sign --alliance \(path)\n")
            }
            notes = try unsignedChanges(draft, file: file)
        }
        let bytes = try DurableFile.read(file, byteLimit: Limits.trustFileByteCount)
        let trusted = try TrustFileInput.verified(file)
        if let held {
            _ = try TrustFileVerifier.verify(bytes, asUpdateOf: TrustFileInput.verified(held))
            notes += "it follows the file held and may take its place\n"
        }
        if trusted.isExpired(atSeconds: UInt64(max(0, nowSeconds))) { notes += "the file is out of date by its own words; it is used all the same: ask the alliance for a newer one\n" }
        let value = InspectedSigned.trustFile(try UnverifiedTrustFile(parsing: bytes))
        if asJSON { return CommandResult(output: value.json, notes: notes) }
        return CommandResult(
            output: "trust file of \(trusted.content.alliance), signed by its own root key\n" + value.text(indent: 1), notes: notes)
    }

    private func unsignedChanges(_ draft: AllianceDraft, file: String) throws -> String {
        let signed = try UnverifiedTrustFile(parsing: DurableFile.read(file, byteLimit: Limits.trustFileByteCount))
        var content = try draft.content(atSeconds: signed.issuedAtSeconds)
        content.version = signed.content.version
        guard content != signed.content else { return "" }
        return "the draft has changes that are not signed\n  next: harborseal alliance sign --alliance \(path)\n"
    }
}
