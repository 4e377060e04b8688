import CMosquittoShims
import CPosixShims
internal import SmallFiles

extension LinkCause {
    /// One line for `status` and the log: what happened and what to do.
    public var text: String {
        let step = step
        return step.isEmpty ? happened : happened + ": " + step
    }

    /// What happened.
    public var happened: String {
        let words = MessageForm.filled(form, text: seen)
        return isIdentityShared && code != .takenOver
            ? words + "; again and again soon after being accepted: another client may use this identity, or the broker takes no message of this size" : words
    }

    /// One step that mends it; empty where nothing is wrong.
    public var step: String { MessageForm.filled(form, isStep: true) }

    /// What happened, with `@` for what was seen, and the step.
    private var form: StaticString {
        switch code {
        case .notStarted: "not started"
        case .nameNotFound: "the broker's host name was not found|check the name and this machine's DNS"
        case .networkError: "no connection to the broker: @|check that it runs, its host and port, and the firewall between"
        case .noAnswer: "the broker did not answer in time|check that this port is an MQTT broker's"
        case .closedBeforeAnswer: "the broker closed the connection without an answer|check port, TLS and the broker's log"
        case .tlsFailed: tlsForm
        case .identityUnusable: "a certificate or key file cannot be used (@)|check path, permissions and that key and certificate fit"
        case .refusedByBroker: "the broker refused this client (@)|check its access list and the certificate's name"
        case .versionRefused: "the broker refused the MQTT version, and another one is tried|use a broker that speaks MQTT 5 or 3.1.1"
        case .takenOver:
            isIdentityShared
                ? "another client uses this identity and took the connection over again|give each gateway its own certificate, and look for a clone"
                : "another client connected with the same client id|if it happens again, look for another client with this gateway's certificate"
        case .connectionLost: reason == 0 ? "the connection was lost|check network and broker if it stays so" : "the connection was lost: @|check network and broker if it stays so"
        case .closedByBroker: "the broker closed the connection (@)|look at the broker's log if it stays so"
        case .silence: "nothing came from the broker for two keep-alive times, and the connection was made anew|check network and broker if it stays so"
        case .noProgress: "the broker acknowledges nothing, and the connection was made anew|look at the broker's log if it stays so"
        case .protocolError: "what the broker sent is no valid MQTT|check host and port"
        case .oversizePacket: "the broker sent a packet larger than any valid message, and the connection was cut|check host and port"
        case .outOfMemory: "not enough memory for the connection|free memory"
        case .stopped: "stopped"
        }
    }

    private var seen: String {
        switch code {
        case .tlsFailed, .identityUnusable: String(decoding: detail, as: UTF8.self)
        case .refusedByBroker, .closedByBroker: reasonText
        case .networkError, .connectionLost: systemText
        default: ""
        }
    }

    private var tlsForm: StaticString {
        for hint in Self.tlsHints where detail.contains(hint.sign) { return hint.form }
        return "the TLS handshake failed (@)|look at the broker's log"
    }

    /// What the TLS library says, and what it means here; the first that fits counts.
    private static var tlsHints: [(sign: StaticString, form: StaticString)] {
        [
            ("wrong version number", "the broker's port does not speak TLS (@)|check the port"),
            ("alert certificate revoked", "this gateway's link certificate is revoked (@)|harborseal-agent doctor asks the registry why, and says what to do"),
            ("alert certificate expired", "the broker refused this gateway's certificate, which has expired by its clock (@)|harborseal-agent renew brings a new one"),
            ("alert unknown ca", "the broker refused this gateway's certificate, whose CA it does not know (@)|enroll with a text of this broker's alliance, or correct host and port"),
            ("alert", "the broker refused this gateway's certificate (@)|check that the alliance's link CA issued it and that it is valid"),
            ("certificate has expired", "the broker's certificate has expired, or this machine's clock is wrong (@)|check the clock (timedatectl), then tell the broker's operator"),
            ("not yet valid", "the broker's certificate is not valid yet: this machine's clock is probably wrong (@)|set the clock (timedatectl)"),
            ("host name verification", "the broker's certificate names another host (@)|use the name in the certificate"),
            ("certificate verify failed", "the broker's certificate was not issued by the CA in the CA file (@)|check the broker's address, then the CA file"),
        ]
    }

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
