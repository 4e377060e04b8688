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
    public var nowSeconds: Int64

    public init(
        directory: String, rootKeyPath: String? = nil, receiptsNeeded: UInt64? = nil, nowSeconds: Int64 = WallClock.nowSeconds
    ) {
        self.directory = directory
        self.rootKeyPath = rootKeyPath
        self.receiptsNeeded = receiptsNeeded
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

                """)
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
        guard let index = draft.nodes.firstIndex(where: { $0.node == node }) else {
            let known = draft.nodes.map(\.node).joined(separator: ", ")
            throw CommandError(.failed, "there is no node \(TerminalStyle.safe(node)) in the draft", nextStep: "its nodes are: \(known)")
        }
        let seconds = UInt64(max(0, nowSeconds))
        for key in draft.nodes[index].keys.indices where draft.nodes[index].keys[key].untilSeconds == nil {
            draft.nodes[index].keys[key].untilSeconds = seconds
        }
        try place.save(draft)
        return CommandResult(
            output: """
                node \(node) is retired in the draft; its receipts up to now stay valid
                  next: harborseal alliance sign --alliance \(directory)

                """)
    }
}
