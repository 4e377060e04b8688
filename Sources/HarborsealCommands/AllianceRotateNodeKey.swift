internal import AllianceTrust
internal import AttestationFormat
internal import MerkleTree

/// `harborseal alliance rotate-node-key`: makes a node's next receipt key and puts it into the draft beside the one it has.
///
/// Both are in force for some days, so that gateways, verifiers and the node itself learn of the new key before it is used; what the old
/// one signed stays valid for ever.
public struct AllianceRotateNodeKey: Sendable {
    public var directory: String
    public var node: String
    /// Days for which the key before stays in force; 0 ends it now, for one that others may have.
    public var overlapDays: Int
    /// Whether a key that waits already is followed by one more.
    public var makesAnother: Bool
    public var nowSeconds: Int64

    /// Time for the trust file to reach everybody and for the node's operator to start it with the new key.
    public static let usualOverlapDays = 14

    public init(
        directory: String, node: String, overlapDays: Int = Self.usualOverlapDays, makesAnother: Bool = false, nowSeconds: Int64 = WallClock.nowSeconds
    ) {
        self.directory = directory
        self.node = node
        self.overlapDays = overlapDays
        self.makesAnother = makesAnother
        self.nowSeconds = nowSeconds
    }

    public func run() throws -> CommandResult {
        guard (0...366).contains(overlapDays) else {
            throw CommandError(.usage, "an overlap of \(overlapDays) days is not possible", nextStep: "give --overlap-days 0 to 366")
        }
        let place = AllianceDirectory(directory)
        var draft = try place.draft()
        let index = try draft.nodeIndex(node)
        let now = UInt64(max(0, nowSeconds))
        guard draft.nodes[index].keys.contains(where: { $0.untilSeconds.map { $0 > now } ?? true }) else {
            throw CommandError(
                .failed, "node \(node) is retired, and gets no key any more", nextStep: "harborseal alliance add-node NAME, under a new name")
        }
        // A key that others may have ends now, whatever waits.
        if overlapDays > 0, !makesAnother { try checkNone(draft.nodes[index].keys, now) }
        let end = now + UInt64(overlapDays) * 86_400
        for key in draft.nodes[index].keys.indices {
            draft.nodes[index].keys[key].untilSeconds = min(draft.nodes[index].keys[key].untilSeconds ?? .max, end)
        }
        let folder = place.nodePath(node)
        try place.makeDirectory(folder)
        let path = "\(folder)/receipt-\(draft.nodes[index].keys.count + 1).key"
        let key = try AllianceSigningKey()
        try key.write(to: path)
        let text = { (digest: Digest) in Hexadecimal.text(of: digest.bytes).string }
        draft.nodes[index].keys.append(
            .init(x: text(key.publicKey.x), y: text(key.publicKey.y), fromSeconds: now, untilSeconds: nil))
        try place.save(draft)
        return CommandResult(
            output: """
                node \(node): next receipt key in \(path); the one before ends at \(UTCText.text(seconds: Int64(clamping: end)))
                  key id       \(text(key.keyID))
                  next: harborseal alliance sign --alliance \(directory), let the node take that file, then start it with [node] key = the new one

                """)
    }

    /// While the key before is in force, the next one waits for its node to be started with it.
    private func checkNone(_ keys: [AllianceDraft.Key], _ now: UInt64) throws {
        guard keys.contains(where: { $0.untilSeconds == nil }), let end = keys.compactMap(\.untilSeconds).filter({ $0 > now }).max() else { return }
        throw CommandError(
            .failed, "node \(node) has its next key already, receipt-\(keys.count).key, and the one before ends at \(UTCText.text(seconds: Int64(clamping: end)))",
            nextStep: "harborseal alliance sign --alliance \(directory), and start the node with it; --another makes one more key all the same")
    }
}

/// `harborseal alliance retire-firm`: a firm leaves; what its gateways did until then stays proven.
public struct AllianceRetireFirm: Sendable {
    public var directory: String
    public var firm: String
    public var nowSeconds: Int64

    public init(directory: String, firm: String, nowSeconds: Int64 = WallClock.nowSeconds) {
        self.directory = directory
        self.firm = firm
        self.nowSeconds = nowSeconds
    }

    public func run() throws -> CommandResult {
        let place = AllianceDirectory(directory)
        var draft = try place.draft()
        guard let index = draft.firms.firstIndex(where: { $0.firm == firm }) else {
            throw draft.unknownFirm(firm)
        }
        guard draft.firms[index].untilSeconds == nil else {
            throw CommandError(.failed, "firm \(firm) is retired already", nextStep: "harborseal alliance sign --alliance \(directory)")
        }
        draft.firms[index].untilSeconds = UInt64(max(0, nowSeconds))
        try place.save(draft)
        return CommandResult(
            output: """
                firm \(firm) is retired in the draft; what its gateways have receipts for up to now stays proven
                  next: harborseal alliance sign --alliance \(directory)

                """)
    }
}

extension AllianceDraft {
    /// Where a node stands in the draft.
    func nodeIndex(_ node: String) throws -> Int {
        guard let index = nodes.firstIndex(where: { $0.node == node }) else {
            throw unknown("node", node, among: nodes.map(\.node))
        }
        return index
    }

    /// An error about a firm that the draft does not have.
    func unknownFirm(_ name: String) -> CommandError { unknown("firm", name, among: firms.map(\.firm)) }

    private func unknown(_ what: String, _ name: String, among known: [String]) -> CommandError {
        let hint = MeantName.find(name, among: known).map { "did you mean \($0)? " } ?? ""
        let all = known.isEmpty ? "it has none: harborseal alliance add-\(what) makes one" : "its \(what)s are: \(known.joined(separator: ", "))"
        return CommandError(.failed, "there is no \(what) \(TerminalStyle.safe(name)) in the draft", nextStep: hint + all)
    }
}
