internal import AllianceTrust
internal import AttestationFormat
internal import Foundation
internal import MerkleTree

/// `harborseal alliance add-node`: makes a node's receipt key and its link certificates and puts it into the draft; or gives one
/// that is there another URL, or new link certificates.
public struct AllianceAddNode: Sendable {
    public var directory: String
    public var node: String
    /// Where the node's HTTP side is reached, for the trust file.
    public var url: String?
    /// Workers that connect to the broker beside the node itself, `node.<node>.w1` and on.
    public var workerCount: Int
    /// `host:port` of the broker, for the node's configuration.
    public var broker: String
    /// Whether a node that is there gets new link keys and certificates, and nothing else.
    public var renewsLinks: Bool
    public var nowSeconds: Int64

    /// Days that a node's link certificate lives: nodes have operators, who renew it by hand.
    static let linkDays = 825
    /// The HTTP port of the first node; each further one gets the next, so that all may run on one machine.
    static let firstPort = 8480
    /// A broker on this machine, for tries.
    public static let usualBroker = "localhost:8883"

    public init(
        directory: String, node: String, url: String? = nil, workerCount: Int = 0, broker: String = Self.usualBroker,
        renewsLinks: Bool = false, nowSeconds: Int64 = WallClock.nowSeconds
    ) {
        self.directory = directory
        self.node = node
        self.url = url
        self.workerCount = workerCount
        self.broker = broker
        self.renewsLinks = renewsLinks
        self.nowSeconds = nowSeconds
    }

    public func run() throws -> CommandResult {
        let name = try CheckedNames.name(node, as: "a node")
        guard !broker.contains(where: \.isNewline) else { throw CommandError(.usage, "--broker has a line break") }
        if let url, !["http://", "https://"].contains(where: { url.hasPrefix($0) }) {
            throw CommandError(.usage, "\(TerminalStyle.safe(url)) is no address of a node", nextStep: "give --url https://HOST:PORT")
        }
        guard (0...256).contains(workerCount) else {
            throw CommandError(.usage, "\(workerCount) workers are not possible", nextStep: "there are 256 shards: 0 to 256 workers")
        }
        let place = AllianceDirectory(directory)
        var draft = try place.draft()
        if renewsLinks { return try renewLinks(name, draft, in: place) }
        if let index = draft.nodes.firstIndex(where: { $0.node == node }) { return try move(index, &draft, in: place) }
        let alliance = try CheckedNames.name(draft.alliance, as: "an alliance")
        let folder = place.nodePath(node)
        try place.makeDirectory(folder)
        let receiptKey = try AllianceSigningKey()
        try receiptKey.write(to: "\(folder)/receipt.key")
        try writeLinks(NodeName(alliance: alliance, node: name), workerCount: workerCount, place)
        let text = { (digest: Digest) in Hexadecimal.text(of: digest.bytes).string }
        let key = AllianceDraft.Key(
            x: text(receiptKey.publicKey.x), y: text(receiptKey.publicKey.y), fromSeconds: UInt64(max(0, nowSeconds)),
            untilSeconds: nil)
        let base = URL(fileURLWithPath: folder).standardizedFileURL.path
        try DurableFile.write(Array(configuration(draft, in: base).utf8), to: "\(folder)/node.conf")
        draft.nodes.append(.init(node: node, keys: [key], url: url, workerCount: workerCount))
        try place.save(draft)
        return CommandResult(
            output: """
                node \(node): receipt key, link certificate and node.conf in \(folder), to be taken to the node
                  key id       \(text(receiptKey.keyID))
                  starts with: harborseal node serve --config \(folder)/node.conf
                  next: harborseal alliance sign --alliance \(directory)

                """,
            notes: draft.quorumConcern(atSeconds: UInt64(max(0, nowSeconds)), directory: directory) ?? "")
    }

    /// A node that is there gets another URL, and nothing else.
    private func move(_ index: Int, _ draft: inout AllianceDraft, in place: AllianceDirectory) throws -> CommandResult {
        let given = [broker == Self.usualBroker ? nil : "--broker", workerCount == 0 ? nil : "--workers"].compactMap(\.self)
        guard given.isEmpty else {
            throw CommandError(
                .failed, "node \(node) is in the draft already, and \(given.joined(separator: " and ")) would change nothing: its node.conf is written once",
                nextStep: "edit \(place.nodePath(node))/node.conf, or where it was taken to, and give --url alone to change its URL")
        }
        guard let url else {
            throw CommandError(
                .failed, "node \(node) is in the draft already, and --url alone changes something of it",
                nextStep: "give --url, or edit its node.conf; a node whose state was lost goes on under a new name, origin and key")
        }
        let former = draft.nodes[index].url
        draft.nodes[index].url = url
        try place.save(draft)
        return CommandResult(
            output: """
                node \(node): reached at \(url) from the next trust file on\(former.map { ", before at \(TerminalStyle.safe($0))" } ?? "")
                  next: harborseal alliance sign --alliance \(directory)

                """)
    }

    /// The ones before go on until they end: the broker takes both meanwhile.
    private func renewLinks(_ name: Name, _ draft: AllianceDraft, in place: AllianceDirectory) throws -> CommandResult {
        guard url == nil, workerCount == 0, broker == Self.usualBroker else {
            throw CommandError(.usage, "--renew-link makes new link certificates of node \(node), and nothing else", nextStep: "give it alone")
        }
        let workerCount = draft.nodes[try draft.nodeIndex(node)].workerCount
        try place.makeDirectory(place.nodePath(node))
        try writeLinks(NodeName(alliance: CheckedNames.name(draft.alliance, as: "an alliance"), node: name), workerCount: workerCount, place)
        let end = UTCText.text(seconds: CertificateLifetime.starting(at: nowSeconds, days: Self.linkDays).notAfterSeconds)
        return CommandResult(
            output: """
                node \(node): new link key and certificate\(workerCount > 0 ? ", and its workers'," : "") in \(place.nodePath(node)), until \(end)
                  next: put link*.key and link*.crt over the node's own, and start the node again

                """)
    }

    /// A node.conf that works where it is written: for another machine its paths and its broker are changed.
    private func configuration(_ draft: AllianceDraft, in base: String) -> String {
        let alliance = URL(fileURLWithPath: directory).standardizedFileURL.path
        return """
            # Written by harborseal alliance add-node. `harborseal node example-config` explains every key.
            [node]
            alliance = \(draft.alliance)
            name = \(node)
            key = \(base)/receipt.key
            trust = \(alliance)/alliance.hstrust
            data = \(base)

            [link]
            brokers = \(broker)
            ca = \(alliance)/link-ca.crt
            certificate = \(base)/link.crt
            key = \(base)/link.key

            [http]
            port = \(url.flatMap { URLComponents(string: $0)?.port } ?? Self.firstPort + draft.nodes.count)

            """
    }

    /// What the node and its workers connect to the broker with.
    private func writeLinks(_ name: NodeName, workerCount: Int, _ place: AllianceDirectory) throws {
        let (link, folder) = (try place.link(), place.nodePath(node))
        for (suffix, file) in [("", "link")] + (1...).prefix(workerCount).map({ (".w\($0)", "link-w\($0)") }) {
            let key = try AllianceSigningKey()
            let certificate = try link.issueLink(
                organisation: name.alliance.text.string, commonName: "node.\(node)\(suffix)", issuer: name.issuer.string, publicKey: key.publicKey,
                lifetime: .starting(at: nowSeconds, days: Self.linkDays))
            try place.write(key: key, keyPath: "\(folder)/\(file).key", certificate: certificate, certificatePath: "\(folder)/\(file).crt")
        }
    }
}
