import CMosquittoShims

extension LinkCause {
    /// What a failed call of the library means.
    /// - Parameters:
    ///   - result: the library's error number.
    ///   - systemError: the errno that came with it, or the socket's pending error; 0 if none.
    ///   - log: what the library logged as errors since the connect.
    ///   - wasAccepted: whether the broker had accepted the connection.
    init(libraryResult result: Int32, systemError: Int32, log: [UInt8], wasAccepted: Bool) {
        if result == MQTT_ERROR_TOO_LARGE {
            self.init(.oversizePacket)
        } else if result == MQTT_ERROR_NO_MEMORY {
            self.init(.outOfMemory)
        } else if result == MQTT_ERROR_LOOKUP {
            self.init(.nameNotFound)
        } else if Self.isIdentityProblem(log) {
            self.init(.identityUnusable, detail: log)
        } else if !log.isEmpty, Self.isTLSProblem(log) {
            self.init(.tlsFailed, detail: log)
        } else if systemError != 0, wasAccepted || !Self.isHangUp(systemError) {
            self.init(wasAccepted ? .connectionLost : .networkError, reason: systemError)
        } else if Self.isProtocolProblem(result) {
            self.init(.protocolError)
        } else {
            self.init(wasAccepted ? .connectionLost : .closedBeforeAnswer, reason: systemError)
        }
    }

    /// What a CONNACK other than "accepted" means: MQTT 3.1.1, table 3.1, or MQTT 5, 3.2.2.2.
    init(connectRefusal code: Int32) {
        self.init(code == 1 || code == 0x84 ? .versionRefused : .refusedByBroker, reason: code)
    }

    /// What the broker's own DISCONNECT (MQTT 5, 3.14.2.1) means.
    init(brokerDisconnect code: Int32) {
        self.init(code == 0x8E ? .takenOver : .closedByBroker, reason: code)
    }

    /// ECONNRESET, EPIPE: there was a connection, and the other side ended it.
    private static func isHangUp(_ systemError: Int32) -> Bool { systemError == 104 || systemError == 32 }

    private static func isIdentityProblem(_ log: [UInt8]) -> Bool {
        log.contains("Unable to load") || log.contains("are inconsistent")
    }

    private static func isTLSProblem(_ log: [UInt8]) -> Bool {
        log.contains("OpenSSL") || log.contains("SSL routines") || log.contains("host name verification") || log.contains("TLS")
    }

    /// MOSQ_ERR_PROTOCOL, MALFORMED_UTF8, MALFORMED_PACKET, DUPLICATE_PROPERTY.
    private static func isProtocolProblem(_ result: Int32) -> Bool {
        result == 2 || result == 18 || result == 21 || result == 22
    }
}
