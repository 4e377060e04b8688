import CMosquittoShims
import CPosixShims

extension LinkCause {
    /// One line for `status` and the log: what happened and what to do.
    public var text: String {
        let words = summary
        guard isIdentityShared else { return words }
        return code == .takenOver
            ? "another client uses this identity and took the connection over again: give each gateway its own certificate, and look for a clone"
            : words + "; again and again soon after being accepted: another client may use this identity, or the broker takes no message of this size"
    }

    // Joined with +: an interpolation outside AttestationFormat's reach is the standard library's, at a hundred bytes a part.
    private var summary: String {
        switch code {
        case .notStarted: "not started"
        case .nameNotFound: "the broker's host name was not found: check the name and this machine's DNS"
        case .networkError: "no connection to the broker: " + systemText
        case .noAnswer: "the broker did not answer in time: check that this port is an MQTT broker's"
        case .closedBeforeAnswer: "the broker closed the connection without an answer: check port, TLS and the broker's log"
        case .tlsFailed: tlsText
        case .identityUnusable: "a certificate or key file cannot be used (" + detailText + "): check path, permissions and that key and certificate fit"
        case .refusedByBroker: "the broker refused this client (" + reasonText + "): check its access list and the certificate's name"
        case .versionRefused: "the broker refused the MQTT version; another one is tried"
        case .takenOver: "another client connected with the same client id"
        case .connectionLost: reason == 0 ? "the connection was lost" : "the connection was lost: " + systemText
        case .closedByBroker: "the broker closed the connection (" + reasonText + ")"
        case .silence: "nothing came from the broker for two keep-alive times: the connection was made anew"
        case .noProgress: "the broker acknowledges nothing: the connection was made anew"
        case .protocolError: "what the broker sent is no valid MQTT: check host and port"
        case .oversizePacket: "the broker sent a packet larger than any valid message: the connection was cut"
        case .outOfMemory: "not enough memory for the connection"
        case .stopped: "stopped"
        }
    }

    private var tlsText: String {
        for hint in Self.tlsHints where detail.contains(hint.sign) { return hint.text + " (" + detailText + ")" }
        return "the TLS handshake failed (" + detailText + ")"
    }

    /// What the TLS library says, and what it means here; the first that fits counts.
    private static var tlsHints: [(sign: StaticString, text: String)] {
        [
            ("wrong version number", "the broker's port does not speak TLS: check the port"),
            ("alert certificate revoked", "this gateway's link certificate is revoked: ask the firm's operator for a new code (harborseal device code), and enroll with it"),
            ("alert", "the broker refused this gateway's certificate: check that the alliance's link CA issued it and that it is valid"),
            ("certificate has expired", "the broker's certificate has expired, or this machine's clock is wrong"),
            ("not yet valid", "the broker's certificate is not valid yet: this machine's clock is probably wrong"),
            ("host name verification", "the broker's certificate names another host: use the name in the certificate"),
            ("certificate verify failed", "the broker's certificate was not issued by the CA in the CA file"),
        ]
    }

    private var detailText: String { String(decoding: detail, as: UTF8.self) }

    private var systemText: String {
        // 64: longer than any of the C library's error texts in use here.
        var text = [CChar](repeating: 0, count: 64)
        text.withUnsafeMutableBufferPointer { posix_error_text(reason, $0.baseAddress, $0.count) }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private var reasonText: String {
        switch reason {
        case 2: "client id not allowed"
        case 3: "not available"
        case 4: "bad user name or password"
        case 5: "not authorised"
        default: Self.words(ofReason: reason)
        }
    }

    /// MQTT 5's reason codes in words, for example "Not authorized" for 0x87.
    public static func words(ofReason reason: Int32) -> String {
        mqtt_reason_text(reason).map { String(cString: $0) } ?? "reason " + String(reason)
    }
}

extension [UInt8] {
    /// Whether `sign` stands somewhere in these bytes.
    func contains(_ sign: StaticString) -> Bool {
        let length = sign.utf8CodeUnitCount
        guard length > 0, count >= length else { return length == 0 }
        return sign.withUTF8Buffer { wanted in
            (0...(count - length)).contains { start in
                (0..<length).allSatisfy { self[start + $0] == wanted[$0] }
            }
        }
    }
}
