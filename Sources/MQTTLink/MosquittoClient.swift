import CMosquittoShims

/// The owner of one libmosquitto client: made for one connection and freed with it, never connected twice.
final class MosquittoClient {
    private let handle: OpaquePointer

    /// - Returns: nil when there is no memory or the library refuses the identifier.
    init?(configuration: LinkConfiguration, version: MQTTVersion) {
        var limits = mqtt_limits(
            payload_byte_count: configuration.maximumPayloadByteCount,
            queue_byte_count: configuration.inboundQueueByteCount,
            receive_maximum: configuration.receiveMaximum,
            send_maximum: UInt16(clamping: configuration.publishWindow))
        let made = configuration.clientID.withCString { mqtt_client_new($0, version == .v5, &limits) }
        guard let made else { return nil }
        handle = made
    }

    deinit { mqtt_client_free(handle) }

    /// Files, will and user name, then the first step of the connection. Returns the library's result.
    func connect(
        to broker: BrokerAddress, configuration: LinkConfiguration, lastWill: LastWill?
    ) -> Int32 {
        var result = apply(
            configuration.security, userName: configuration.userName ?? configuration.clientID, password: configuration.password)
        if result == 0, let lastWill { result = apply(lastWill) }
        guard result == 0 else { return result }
        return broker.host.withCString {
            mqtt_client_connect(handle, $0, broker.port, max(5, configuration.keepAliveSeconds))
        }
    }

    private func apply(_ security: LinkSecurity, userName: String, password: String?) -> Int32 {
        if security.certificateFile == nil {
            // Without certificate there is no name that the broker could take from it.
            let result = userName.withCString { name in
                guard let password else { return mqtt_client_set_user(handle, name, nil) }
                return password.withCString { mqtt_client_set_user(handle, name, $0) }
            }
            guard result == 0 else { return result }
        }
        guard let authority = security.authorityFile else { return 0 }
        return authority.withCString { authority in
            guard let certificate = security.certificateFile, let key = security.keyFile else {
                return mqtt_client_set_tls(handle, authority, nil, nil)
            }
            return certificate.withCString { certificate in
                key.withCString { mqtt_client_set_tls(handle, authority, certificate, $0) }
            }
        }
    }

    private func apply(_ will: LastWill) -> Int32 {
        withTopic(will.topic) { topic in
            will.payload.withUnsafeBufferPointer {
                mqtt_client_set_will(
                    handle, topic, $0.baseAddress, $0.count, Int32(will.qualityOfService.rawValue), will.isRetained)
            }
        }
    }

    var descriptor: Int32 { mqtt_client_socket(handle) }
    var wantsWrite: Bool { mqtt_client_wants_write(handle) }
    var droppedCount: UInt64 { mqtt_client_dropped_count(handle) }
    var systemError: Int32 { mqtt_client_system_error(handle) }
    var socketError: Int32 { mqtt_client_socket_error(handle) }

    /// What the library logged as errors, at most 400 bytes.
    var log: [UInt8] {
        guard let text = mqtt_client_log(handle) else { return [] }
        var bytes: [UInt8] = []
        var index = 0
        while text[index] != 0 {
            bytes.append(UInt8(bitPattern: text[index]))
            index += 1
        }
        return bytes
    }

    /// Reads at most `packetCount` packets. `isDrained`: the socket has nothing more.
    func read(packetCount: Int32) -> (result: Int32, isDrained: Bool) {
        var isDrained = false
        let result = mqtt_client_read(handle, packetCount, &isDrained)
        return (result, isDrained)
    }

    func write() -> Int32 { mqtt_client_write(handle) }
    func tick() -> Int32 { mqtt_client_tick(handle) }
    func sayGoodbye() { mqtt_client_disconnect(handle) }

    /// Hands one message over. The library's result, and the message's id.
    func publish(
        topic: [UInt8], payload: [UInt8], qualityOfService: QualityOfService, isRetained: Bool, contentType: StaticString?
    ) -> (result: Int32, messageID: UInt16) {
        var messageID: UInt16 = 0
        let result = withTopic(topic) { topic in
            payload.withUnsafeBufferPointer { payload in
                withContentType(contentType) { contentType in
                    mqtt_client_publish(
                        handle, topic, payload.baseAddress, payload.count, Int32(qualityOfService.rawValue), isRetained,
                        contentType, &messageID)
                }
            }
        }
        return (result, messageID)
    }

    func subscribe(to subscription: Subscription) -> (result: Int32, messageID: UInt16) {
        var messageID: UInt16 = 0
        let result = withTopic(subscription.filter) {
            mqtt_client_subscribe(handle, $0, Int32(subscription.qualityOfService.rawValue), &messageID)
        }
        return (result, messageID)
    }

    /// The oldest record that was not taken yet; nil: none. Its pointers live until the next call.
    func takeRecord() -> mqtt_record? {
        var record = mqtt_record()
        mqtt_client_take(handle, &record)
        return record.kind == MQTT_RECORD_NONE ? nil : record
    }
}

/// Calls `body` with the bytes and a zero behind them.
private func withTopic(_ topic: [UInt8], _ body: (UnsafePointer<CChar>) -> Int32) -> Int32 {
    var terminated: [CChar] = []
    terminated.reserveCapacity(topic.count + 1)
    for byte in topic { terminated.append(CChar(bitPattern: byte)) }
    terminated.append(0)
    return terminated.withUnsafeBufferPointer { buffer in
        // Never nil: it holds at least the zero.
        guard let base = buffer.baseAddress else { return MQTT_ERROR_NO_MEMORY }
        return body(base)
    }
}

private func withContentType(_ text: StaticString?, _ body: (UnsafePointer<CChar>?) -> Int32) -> Int32 {
    guard let text else { return body(nil) }
    // A static string ends with a zero in memory, yet its type does not promise it.
    return withTopic(text.withUTF8Buffer { Array($0) }) { body($0) }
}
