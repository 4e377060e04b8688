/// One MQTT packet as it stands on the wire.
public struct MQTTPacket: Sendable {
    /// Type in the upper four bits, flags in the lower.
    public var header: UInt8
    public var body: [UInt8]

    public static let connectType: UInt8 = 0x10
    public static let publishType: UInt8 = 0x30

    public init(header: UInt8, body: [UInt8]) {
        self.header = header
        self.body = body
    }

    public var type: UInt8 { header & 0xF0 }

    /// A PUBACK that says success, in both versions.
    public static func acknowledgement(of identifier: [UInt8]) -> MQTTPacket { MQTTPacket(header: 0x40, body: identifier) }

    public var bytes: [UInt8] {
        var bytes = [header]
        var length = body.count
        repeat {
            let low = UInt8(length & 0x7F)
            length >>= 7
            bytes.append(length > 0 ? low | 0x80 : low)
        } while length > 0
        return bytes + body
    }

    /// The protocol level of a CONNECT: 4 or 5.
    public var protocolLevel: UInt8? { type == Self.connectType && body.count > 6 ? body[6] : nil }
}

/// What a PUBLISH carries (MQTT 5, 3.3).
public struct MQTTPublication: Sendable {
    public var topic: [UInt8]
    public var payload: [UInt8]
    public var qualityOfService: UInt8
    public var isRetained: Bool
    /// The two bytes of the packet id; empty with QoS 0.
    public private(set) var identifier: [UInt8]
    /// The property section with its length, empty with MQTT 3.1.1.
    private var properties: [UInt8]

    /// nil when the packet is no PUBLISH, or a broken one.
    public init?(_ packet: MQTTPacket, protocolLevel: UInt8) {
        guard packet.type == MQTTPacket.publishType, packet.body.count >= 2 else { return nil }
        let body = packet.body
        qualityOfService = packet.header >> 1 & 3
        isRetained = packet.header & 1 == 1
        var position = 2 + Int(body[0]) << 8 + Int(body[1])
        guard body.count >= position + (qualityOfService > 0 ? 2 : 0) else { return nil }
        topic = Array(body[2..<position])
        identifier = qualityOfService > 0 ? Array(body[position..<(position + 2)]) : []
        position += identifier.count
        properties = []
        if protocolLevel == 5 {
            guard let end = Self.endOfProperties(body, from: position) else { return nil }
            properties = Array(body[position..<end])
            position = end
        }
        payload = Array(body[position...])
    }

    /// A publication of the proxy's own: QoS 0, so that nobody waits for its acknowledgement.
    public init(topic: [UInt8], payload: [UInt8], protocolLevel: UInt8) {
        self.topic = topic
        self.payload = payload
        qualityOfService = 0
        isRetained = false
        identifier = []
        properties = protocolLevel == 5 ? [0] : []
    }

    /// The same content once more, with QoS 0.
    public func copy(protocolLevel: UInt8) -> MQTTPublication {
        MQTTPublication(topic: topic, payload: payload, protocolLevel: protocolLevel)
    }

    public var packet: MQTTPacket {
        let header = MQTTPacket.publishType | qualityOfService << 1 | (isRetained ? 1 : 0)
        let length = [UInt8(topic.count >> 8 & 0xFF), UInt8(topic.count & 0xFF)]
        return MQTTPacket(header: header, body: length + topic + identifier + properties + payload)
    }

    private static func endOfProperties(_ body: [UInt8], from start: Int) -> Int? {
        var (length, shift, position) = (0, 0, start)
        while position < body.count, shift <= 21 {
            let byte = body[position]
            length |= Int(byte & 0x7F) << shift
            shift += 7
            position += 1
            if byte < 0x80 { return position + length <= body.count ? position + length : nil }
        }
        return nil
    }
}
