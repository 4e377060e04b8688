internal import AllianceTrust
internal import AttestationFormat
internal import Foundation
internal import MerkleTree

/// `harborseal alliance add-node`: makes a node's receipt key and its link certificates and puts it into the draft; or gives one
/// that is there another URL.
public struct AllianceAddNode: Sendable {
    public var directory: String
    public var node: String
    /// Where the node's HTTP side is reached, for the trust file.
    public var url: String?
    /// Workers that connect to the broker beside the node itself, `node.<node>.w1` and on.
    public var workerCount: Int
    /// `host:port` of the broker, for the node's configuration.
    public var broker: String
    public var nowSeconds: Int64

    /// Days that a node's link certificate lives: nodes have operators, and no re-enrolment yet.
    static let linkDays = 825
    /// The HTTP port of the first node; each further one gets the next, so that all may run on one machine.
    static let firstPort = 8480
    /// A broker on this machine, for tries.
    public static let usualBroker = "localhost:8883"

    public init(
        directory: String, node: String, url: String? = nil, workerCount: Int = 0, broker: String = Self.usualBroker,
        nowSeconds: Int64 = WallClock.nowSeconds
    ) {
        self.directory = directory
        self.node = node
        self.url = url
        self.workerCount = workerCount
        self.broker = broker
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
        if let index = draft.nodes.firstIndex(where: { $0.node == node }) { return try move(index, &draft, in: place) }
        let alliance = try CheckedNames.name(draft.alliance, as: "an alliance")
        let folder = place.nodePath(node)
        try place.makeDirectory(folder)
        let receiptKey = try AllianceSigningKey()
        try receiptKey.write(to: "\(folder)/receipt.key")
        let issuer = NodeName(alliance: alliance, node: name).issuer.string
        let link = try place.link()
        try writeLink(by: link, commonName: "node.\(node)", issuer: issuer, to: "\(folder)/link", draft: draft, place: place)
        for worker in 0..<workerCount {
            let suffix = "w\(worker + 1)"
            try writeLink(
                by: link, commonName: "node.\(node).\(suffix)", issuer: issuer, to: "\(folder)/link-\(suffix)", draft: draft,
                place: place)
        }
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
        guard let url, workerCount == 0, broker == Self.usualBroker else {
            throw CommandError(
                .failed, "node \(node) is in the draft already, and --url alone changes something of it",
                nextStep: "give --url; a node whose state was lost goes on under a new name, origin and key")
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
            port = \(Self.firstPort + draft.nodes.count)

            """
    }

    private func writeLink(
        by link: CertificateAuthority, commonName: String, issuer: String, to path: String, draft: AllianceDraft,
        place: AllianceDirectory
    ) throws {
        let key = try AllianceSigningKey()
        let certificate = try link.issueLink(
            organisation: draft.alliance, commonName: commonName, issuer: issuer, publicKey: key.publicKey,
            lifetime: .starting(at: nowSeconds, days: Self.linkDays))
        try place.write(key: key, keyPath: "\(path).key", certificate: certificate, certificatePath: "\(path).crt")
    }
}
