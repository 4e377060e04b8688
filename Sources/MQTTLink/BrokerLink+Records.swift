import CMosquittoShims

extension BrokerLink {
    /// Turns what the library reported into events, in order.
    func drainRecords(nowMilliseconds: Int64) {
        while let record = client?.takeRecord() {
            switch record.kind {
            case MQTT_RECORD_CONNECTED: connected(code: record.code, nowMilliseconds: nowMilliseconds)
            case MQTT_RECORD_DISCONNECTED:
                // Below 128 it is the library's own error number, which the call returns as well.
                if record.code >= 128 { brokersVerdict = LinkCause(brokerDisconnect: record.code) }
            case MQTT_RECORD_PUBLISHED: published(record, nowMilliseconds: nowMilliseconds)
            case MQTT_RECORD_SUBSCRIBED: subscribed(record)
            case MQTT_RECORD_MESSAGE: received(record)
            default: break
            }
        }
    }

    private func connected(code: Int32, nowMilliseconds: Int64) {
        guard code == 0 else {
            brokersVerdict = LinkCause(connectRefusal: code)
            return
        }
        guard !supervisor.isConnected else { return }
        supervisor.wasAccepted(nowMilliseconds: nowMilliseconds)
        lastProgressMilliseconds = nowMilliseconds
        events.append(.connected(brokerIndex: supervisor.brokerIndex, version: supervisor.version))
        for (index, subscription) in configuration.subscriptions.enumerated() {
            guard let client else { return }
            let (result, messageID) = client.subscribe(to: subscription)
            guard result == 0 else {
                brokersVerdict = LinkCause(
                    libraryResult: result, systemError: client.systemError, log: client.log, wasAccepted: true)
                return
            }
            window.skipID()
            pendingSubscriptions.append((messageID, index))
        }
    }

    private func published(_ record: mqtt_record, nowMilliseconds: Int64) {
        guard window.remove(messageID: record.message_id) else { return }
        lastProgressMilliseconds = nowMilliseconds
        counters.acknowledgedCount &+= 1
        events.append(.published(messageID: record.message_id, reasonCode: UInt8(clamping: record.code)))
    }

    private func subscribed(_ record: mqtt_record) {
        guard let position = pendingSubscriptions.firstIndex(where: { $0.messageID == record.message_id }) else { return }
        let index = pendingSubscriptions.remove(at: position).index
        // 128 and above: refused; MQTT 3.1.1 knows only 128.
        events.append(
            record.code >= 128
                ? .subscriptionRefused(index: index, reasonCode: UInt8(clamping: record.code)) : .subscribed(index: index))
    }

    private func received(_ record: mqtt_record) {
        counters.receivedCount &+= 1
        let message = InboundMessage(
            topic: Array(UnsafeBufferPointer(start: record.topic, count: record.topic_byte_count)),
            payload: Array(UnsafeBufferPointer(start: record.payload, count: record.payload_byte_count)),
            qualityOfService: record.qos, isRetained: record.retained)
        events.append(.message(message))
    }
}
