internal import AllianceTrust
internal import AttestationFormat
internal import Foundation
internal import MerkleTree

/// `harborseal alliance sign`: signs the draft as the next version of the trust file.
public struct AllianceSign: Sendable {
    public var directory: String
    /// Where the root key is; nil: in the directory.
    public var rootKeyPath: String?
    /// Receipts a batch needs from this version on; nil: as the draft has it.
    public var receiptsNeeded: UInt64?
    /// Where firms' revocation lists are published from this version on, beside those of other firms that the draft has.
    public var revocationLists: [String]
    /// Firms whose lists are published no more.
    public var droppedLists: [String]
    /// Days from now after which the file says that it is out of date; nil: as the draft has it, 0: never.
    public var validDays: Int?
    public var nowSeconds: Int64

    public init(
        directory: String, rootKeyPath: String? = nil, receiptsNeeded: UInt64? = nil, revocationLists: [String] = [],
        droppedLists: [String] = [], validDays: Int? = nil, nowSeconds: Int64 = WallClock.nowSeconds
    ) {
        self.directory = directory
        self.rootKeyPath = rootKeyPath
        self.receiptsNeeded = receiptsNeeded
        self.revocationLists = revocationLists
        self.droppedLists = droppedLists
        self.validDays = validDays
        self.nowSeconds = nowSeconds
    }

    public func run() throws -> CommandResult {
        let place = AllianceDirectory(directory)
        var draft = try place.draft()
        guard !draft.nodes.isEmpty else {
            throw CommandError(
                .failed, "the draft has no node, so no batch could ever have a receipt",
                nextStep: "harborseal alliance add-node NODE --alliance \(directory)")
        }
        if let receiptsNeeded { draft.receiptsNeeded = receiptsNeeded }
        try setPublication(&draft)
        let held = try heldFile(place)
        // The file signed last decides, in case the draft was restored from an older copy.
        draft.signedVersion = max(draft.signedVersion, held?.content.version ?? 0)
        let seconds = UInt64(max(0, nowSeconds))
        let signed = try TrustFileSigner.sign(
            draft.content(atSeconds: seconds), root: place.root(keyPath: rootKeyPath), held: held, nowSeconds: seconds)
        let version = signed.content.version
        try place.makeDirectory("\(directory)/history")
        try DurableFile.write(signed.bytes, to: place.historyPath(version))
        try DurableFile.write(signed.bytes, to: place.trustFilePath)
        draft.signedVersion = version
        try place.save(draft)
        let hash = Hexadecimal.text(of: SHA256.hash(signed.bytes).bytes)
        let content = signed.content
        return CommandResult(
            output: """
                signed \(place.trustFilePath), version \(version): firms \(content.firms.count), nodes \(content.nodes.count), \
                \(content.quorum.receiptsNeeded) receipts needed
                  sha-256 \(hash)
                  next: give the file, or this hash, to nodes, gateways and verifiers by a way that they trust

                """,
            notes: draft.publicationConcerns(atSeconds: seconds, directory: directory))
    }

    private func setPublication(_ draft: inout AllianceDraft) throws {
        for word in droppedLists { draft.revocationLists = try PublishedLists.removing(word, from: draft.revocationLists) }
        draft.revocationLists = try PublishedLists.adding(revocationLists, to: draft.revocationLists, firms: draft.firms.map(\.firm))
        guard let validDays else { return }
        guard (0...36_500).contains(validDays) else {
            throw CommandError(.usage, "\(validDays) days are not possible", nextStep: "give --valid-days 0 to 36500; 0 means for ever")
        }
        draft.notAfterSeconds = validDays == 0 ? nil : UInt64(max(0, nowSeconds)) + UInt64(validDays) * 86_400
    }

    private func heldFile(_ place: AllianceDirectory) throws -> TrustFile? {
        guard DurableFile.exists(place.trustFilePath) else { return nil }
        return try TrustFileInput.verified(place.trustFilePath)
    }
}

/// `harborseal alliance retire-node`: ends a node's keys; its old receipts stay valid.
public struct AllianceRetireNode: Sendable {
    public var directory: String
    public var node: String
    public var nowSeconds: Int64

    public init(directory: String, node: String, nowSeconds: Int64 = WallClock.nowSeconds) {
        self.directory = directory
        self.node = node
        self.nowSeconds = nowSeconds
    }

    public func run() throws -> CommandResult {
        let place = AllianceDirectory(directory)
        var draft = try place.draft()
        let index = try draft.nodeIndex(node)
        let seconds = UInt64(max(0, nowSeconds))
        for key in draft.nodes[index].keys.indices {
            draft.nodes[index].keys[key].untilSeconds = min(draft.nodes[index].keys[key].untilSeconds ?? .max, seconds)
        }
        try place.save(draft)
        return CommandResult(
            output: """
                node \(node) is retired in the draft; its receipts up to now stay valid
                  next: harborseal alliance sign --alliance \(directory)

                """)
    }
}
