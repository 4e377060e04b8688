import CMosquittoShims

extension BrokerLink {
    /// Hands one message to the broker. Returns its id: `.published` will name it, with QoS 0 as soon as it is written.
    ///
    /// The library is never asked while down: it would queue without bound, although it returns an error.
    /// - Parameter contentType: a media type, told to an MQTT 5 broker.
    /// - Throws: `offline` (nothing is queued), `windowFull`, `payloadTooLarge`, `badTopic`, `refusedByLibrary`.
    public func publish(
        topic: [UInt8], payload: [UInt8], qualityOfService: QualityOfService = .atLeastOnce, isRetained: Bool = false,
        contentType: StaticString? = nil, nowMilliseconds: Int64
    ) throws(LinkError) -> UInt16 {
        guard Topic.isValidName(topic) else { throw LinkError(.badTopic) }
        guard supervisor.isConnected, let client else { throw refused(.offline) }
        guard !window.isFull, !window.isStale else { throw refused(.windowFull) }
        let (result, messageID) = client.publish(
            topic: topic, payload: payload, qualityOfService: qualityOfService, isRetained: isRetained,
            contentType: contentType)
        switch result {
        case 0: break
        case MQTT_ERROR_PAYLOAD_SIZE, MQTT_ERROR_TOO_LARGE: throw refused(.payloadTooLarge)
        case MQTT_ERROR_BAD_TEXT, MQTT_ERROR_ARGUMENT: throw refused(.badTopic)
        default:
            // Whatever it was, the library may have kept the message: only a new client is sure not to send it later.
            settle(result, nowMilliseconds: nowMilliseconds)
            throw isConnected ? LinkError(.refusedByLibrary, detail: result) : refused(.offline)
        }
        _ = window.insert(messageID: messageID, nowMilliseconds: nowMilliseconds)
        counters.publishedCount &+= 1
        // QoS 0 is done when it is written, which may have been just now.
        settle(0, nowMilliseconds: nowMilliseconds)
        return messageID
    }

    private func refused(_ code: LinkError.Code) -> LinkError {
        counters.refusedPublishCount &+= 1
        return LinkError(code)
    }
}
