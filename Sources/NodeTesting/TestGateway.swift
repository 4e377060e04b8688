public import AllianceTrust
public import AnchorNode
public import AttestationFormat
public import MerkleTree

/// A gateway that signs whatever a test asks for, right or wrong.
public struct TestGateway: Sendable {
    public let name: GatewayName
    public let key: AllianceSigningKey
    /// DER.
    public let certificate: [UInt8]
    /// iat of what it signs.
    public var nowSeconds: UInt64
    public var epoch = Epoch(1)
    /// Where the next batch goes, and what it names.
    public var next: UInt64 = 0
    public var previous = Digest()

    /// - Parameter certificate: its seal certificate in DER, whoever issued it.
    public init(name: GatewayName, key: AllianceSigningKey, certificate: [UInt8], nowSeconds: UInt64) {
        self.name = name
        self.key = key
        self.certificate = certificate
        self.nowSeconds = nowSeconds
    }

    /// The bytes of a small event.
    ///
    /// - Parameter saltByteCount: 0 leaves the salt out; the rest takes about 20 bytes.
    public static func event(_ number: Int, what: [String] = [], saltByteCount: Int = 0) -> [UInt8] {
        var writer = CBORWriter()
        writer.beginMap(3 + (what.isEmpty ? 0 : 1) + (saltByteCount == 0 ? 0 : 1))
        writer.write(UInt64(0))
        writer.write(UInt64(20))
        writer.write(UInt64(1))
        writer.write(UInt64(1_800_000_000_000 + number))
        writer.write(UInt64(2))
        writer.write(UInt64(number))
        if !what.isEmpty {
            writer.write(UInt64(4))
            writer.beginArray(what.count)
            for name in what { writer.write(UTF8Text(name)) }
        }
        if saltByteCount > 0 {
            writer.write(UInt64(13))
            writer.write([UInt8](repeating: UInt8(truncatingIfNeeded: number), count: saltByteCount))
        }
        return writer.bytes
    }

    /// Events with numbers from `next` on.
    public func events(_ count: Int, what: [String] = []) -> [[UInt8]] {
        (0..<count).map { Self.event(Int(next) + $0, what: what) }
    }

    /// Signs the next batch and moves on.
    public mutating func batch(_ events: [[UInt8]]) throws -> TestBatch {
        let batch = try signed(events, first: next, previous: previous)
        next += UInt64(events.count)
        previous = batch.hash
        return batch
    }

    /// Signs the next batch of small events and moves on.
    public mutating func batch(count: Int = 3) throws -> TestBatch {
        try batch(events(count))
    }

    /// Opens another epoch; `previous` stays.
    public mutating func open(epoch: UInt64) {
        self.epoch = Epoch(epoch)
        next = 0
    }

    /// Signs any batch, and stays where it is.
    public func signed(_ events: [[UInt8]], first: UInt64, previous: Digest, count: Int? = nil) throws -> TestBatch {
        let header = try BatchHeader(
            keyID: key.keyID, gateway: name, epoch: epoch, issuedAtSeconds: nowSeconds, first: first,
            count: count ?? events.count, previous: previous)
        let root = MerkleTree<SHA256>.root(ofLeafHashes: events.map { MerkleTree<SHA256>.leafHash(of: $0) })
        let signature = try key.sign(Statement.bytesToSign(header: header, root: root))
        return TestBatch(statement: Statement(header: header, root: root, signature: signature), events: events)
    }

    /// The hello of this moment.
    public func hello(oldestHeld: UInt64 = 0, trustVersion: UInt64 = 1, certificates: [[UInt8]]? = nil) -> BrokerMessage {
        let hello = Hello(
            epoch: epoch, next: next, oldestHeld: oldestHeld, lastStatement: nil, trustVersion: trustVersion,
            sealCertificates: certificates ?? [certificate])
        let topic = Topic(name.gatewayID, .hello, using: SHA256.self)
        return BrokerMessage(broker: 0, topic: topic.text.bytes, payload: hello.encoded())
    }
}

/// A signed batch, and the messages that can be made of it.
public struct TestBatch: Sendable {
    public let statement: Statement
    public let events: [[UInt8]]

    public init(statement: Statement, events: [[UInt8]]) {
        self.statement = statement
        self.events = events
    }

    public var hash: Digest { statement.hash(using: SHA256.self) }

    /// The batch-message with some events as their hashes only.
    public func payload(withholding withheld: Set<Int> = [], statement bytes: [UInt8]? = nil) -> [UInt8] {
        var writer = CBORWriter()
        BatchMessage.begin(statement: bytes ?? statement.bytes, itemCount: events.count, in: &writer)
        for (index, event) in events.enumerated() {
            if withheld.contains(index) {
                BatchMessage.append(leafHash: MerkleTree<SHA256>.leafHash(of: event), to: &writer)
            } else {
                BatchMessage.append(event: event[...], to: &writer)
            }
        }
        return writer.bytes
    }

    /// The batch-message that says that the event bytes are lost.
    public func payloadWithoutEvents() -> [UInt8] {
        var writer = CBORWriter()
        BatchMessage.begin(statement: statement.bytes, itemCount: nil, in: &writer)
        return writer.bytes
    }

    /// As the broker delivers it.
    public func message(withholding withheld: Set<Int> = []) -> BrokerMessage {
        message(payload: payload(withholding: withheld))
    }

    public func message(payload: [UInt8], broker: Int = 0) -> BrokerMessage {
        let topic = Topic(statement.header.gateway.gatewayID, .batch, using: SHA256.self)
        return BrokerMessage(broker: broker, topic: topic.text.bytes, payload: payload)
    }
}
