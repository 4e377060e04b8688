public import MerkleTree

/// An MQTT topic of section 7: `hs/1/<shard>/<gateway>/<channel>`.
public struct Topic: Hashable, Sendable {
    /// What stands after the gateway.
    public enum Channel: Hashable, Sendable {
        case batch
        case hello
        case status
        /// Replies of one node.
        case reply(node: Name)
    }

    /// The byte in the topic. One that was parsed is a claim: ``isShardRight(using:)``.
    public let shard: UInt8
    public let gatewayID: GatewayID
    public let channel: Channel

    /// The topic of one gateway.
    public init<Hash: HashFunction>(_ gatewayID: GatewayID, _ channel: Channel, using hash: Hash.Type) {
        self.gatewayID = gatewayID
        self.channel = channel
        shard = gatewayID.shard(using: hash)
    }

    /// Parses a topic, also in the form of brokers that make firm and device two levels (RabbitMQ).
    ///
    /// - Throws: `name`, at offset 0, for any topic that section 7 does not have.
    public init(parsing text: UTF8Text) throws(FormatError) {
        let levels = text.bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard let topic = Topic(levels: levels) else { throw FormatError(.name, at: 0) }
        self = topic
    }

    private init?(levels: [ArraySlice<UInt8>]) {
        guard levels.count >= 5, UTF8Text("hs").bytes[...] == levels[0], levels[1] == [UInt8(ascii: "1")],
            let shard = Hexadecimal.bytes(of: UTF8Text(validated: Array(levels[2]))), shard.count == 1
        else { return nil }
        // A gateway id has a dot, a firm's name has none.
        let isOneLevel = levels[3].contains(UInt8(ascii: "."))
        let gatewayID: GatewayID? =
            if isOneLevel { GatewayID(bytes: levels[3]) } else {
                Name(bytes: levels[3]).flatMap { firm in
                    Name(bytes: levels[4]).flatMap { GatewayID(firm: firm, device: $0) }
                }
            }
        guard let gatewayID, let channel = Channel(levels: levels[(isOneLevel ? 4 : 5)...]) else { return nil }
        self.shard = shard[0]
        self.gatewayID = gatewayID
        self.channel = channel
    }

    /// Whether the shard in the topic is the gateway's; a node refuses others as malformed (section 6).
    public func isShardRight<Hash: HashFunction>(using hash: Hash.Type) -> Bool {
        shard == gatewayID.shard(using: hash)
    }

    /// `hs/1/<shard>/<gateway>/<channel>`, the form that is published to.
    public var text: UTF8Text {
        Topic.prefix(shard) + gatewayID.text + "/" + channel.text
    }

    static func prefix(_ shard: UInt8) -> UTF8Text {
        "hs/1/" + Hexadecimal.text(of: [shard]) + "/"
    }
}

extension Topic.Channel {
    var text: UTF8Text {
        switch self {
        case .batch: "batch"
        case .hello: "hello"
        case .status: "status"
        case .reply(let node): "reply/" + node.text
        }
    }

    fileprivate init?(levels: ArraySlice<ArraySlice<UInt8>>) {
        guard let first = levels.first else { return nil }
        let word = UTF8Text(validated: Array(first))
        switch (word, levels.count) {
        case ("batch", 1): self = .batch
        case ("hello", 1): self = .hello
        case ("status", 1): self = .status
        case ("reply", 2):
            guard let last = levels.last, let node = Name(bytes: last) else { return nil }
            self = .reply(node: node)
        default: return nil
        }
    }
}

/// What nodes and gateways subscribe to (section 7): each both as one level `<firm>.<device>` and as two.
public enum TopicFilter {
    /// All batches and hellos; for a node, or a worker that holds every shard.
    public static let allGateways: [UTF8Text] = [
        "hs/1/+/+/batch", "hs/1/+/+/hello", "hs/1/+/+/+/batch", "hs/1/+/+/+/hello",
    ]

    /// Batches and hellos of one shard.
    public static func gateways(ofShard shard: UInt8) -> [UTF8Text] {
        let prefix = Topic.prefix(shard)
        return [prefix + "+/batch", prefix + "+/hello", prefix + "+/+/batch", prefix + "+/+/hello"]
    }

    /// Replies of every node to one gateway.
    public static func replies<Hash: HashFunction>(to gatewayID: GatewayID, using hash: Hash.Type) -> [UTF8Text] {
        let prefix = Topic.prefix(gatewayID.shard(using: hash))
        return [
            prefix + gatewayID.text + "/reply/+",
            prefix + gatewayID.firm.text + "/" + gatewayID.device.text + "/reply/+",
        ]
    }
}
