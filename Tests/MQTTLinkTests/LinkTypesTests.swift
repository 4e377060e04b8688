import CMosquittoShims
import Testing

@testable import MQTTLink

@Suite struct LinkSecurityTests {
    @Test("without CA, certificate and key the link is refused, unless insecure is named", arguments: [
        (nil, nil, nil, false, .securityMissing), ("ca", nil, nil, false, .securityMissing),
        (nil, "crt", "key", false, .securityMissing), ("ca", "crt", nil, false, .incompleteIdentity),
        ("ca", nil, "key", true, .incompleteIdentity), (nil, "crt", "key", true, .securityMissing),
        ("ca", "crt", "key", false, nil), (nil, nil, nil, true, nil), ("ca", nil, nil, true, nil), ("ca", "crt", "key", true, nil),
    ] as [(String?, String?, String?, Bool, LinkError.Code?)])
    func combinations(authority: String?, certificate: String?, key: String?, insecure: Bool, refusal: LinkError.Code?) {
        do {
            let security = try LinkSecurity(
                authorityFile: authority, certificateFile: certificate, keyFile: key, isInsecure: insecure)
            #expect(refusal == nil)
            #expect(security.text.contains("INSECURE") == (certificate == nil))
            #expect(security.usesTLS == (authority != nil))
        } catch {
            #expect(error.code == refusal)
        }
    }

    @Test("addresses that cannot be are refused", arguments: [("", 1883), ("host", 0), (String(repeating: "a", count: 254), 1), ("a\0b", 1)] as [(String, UInt16)])
    func badAddress(host: String, port: UInt16) {
        #expect(throws: LinkError(.badAddress)) { try BrokerAddress(host: host, port: port) }
    }

    @Test("a link without broker, with a bad client id or a bad filter is refused") func badConfiguration() throws {
        var configuration = try LinkConfiguration.plain(1883)
        configuration.brokers = []
        #expect(throws: LinkError(.noBroker)) { try BrokerLink(configuration) }
        #expect(throws: LinkError(.badClientID)) { try BrokerLink(.plain(1883, clientID: "")) }
        #expect(throws: LinkError(.badClientID)) { try BrokerLink(.plain(1883, clientID: "a\0b")) }
        configuration = try .plain(1883)
        configuration.subscriptions = [Subscription(filter: Array("a/#/b".utf8))]
        #expect(throws: LinkError(.badTopic)) { try BrokerLink(configuration) }
        configuration = try .plain(1883)
        configuration.lastWill = LastWill(topic: Array("a/+".utf8), payload: [])
        #expect(throws: LinkError(.badTopic)) { try BrokerLink(configuration) }
    }

    @Test("filters keep MQTT's rules for wildcards", arguments: [
        ("#", true), ("+", true), ("a/+/b", true), ("a/#", true), ("hs/1/+/+/batch", true), ("/", true), ("+/", true),
        ("", false), ("a#", false), ("a/#/b", false), ("a+/b", false), ("+a", false), ("a\0", false), ("##", false), ("+#", false),
    ]) func filters(filter: String, isValid: Bool) { #expect(Topic.isValidFilter(Array(filter.utf8)) == isValid) }
}

@Suite struct PublishWindowTests {
    @Test("a full window takes nothing, and an acknowledgement makes room") func capacity() {
        var window = PublishWindow(capacity: 2)
        let taken = [10, 20, 30].map { window.insert(messageID: UInt16($0 / 10), nowMilliseconds: $0) }
        #expect(taken == [true, true, false] && window.isFull)
        let removed = [1, 1, 9].map { window.remove(messageID: $0) }
        #expect(removed == [true, false, false])
        #expect(window.oldestSentMilliseconds == 20 && window.count == 1)
        window.removeAll()
        #expect(window.count == 0 && window.oldestSentMilliseconds == nil)
    }

    @Test("200,000 messages wrap the ids three times without one being mistaken") func wrapping() {
        var window = PublishWindow(capacity: 10)
        var messageID: UInt16 = 0
        var under: [UInt16] = []
        var mistakes = 0
        for step in 0..<200_000 {
            messageID = messageID == .max ? 1 : messageID + 1
            let wasFull = window.isFull
            let removed = wasFull ? window.remove(messageID: under.removeFirst()) : true
            let inserted = window.insert(messageID: messageID, nowMilliseconds: Int64(step))
            under.append(messageID)
            if !removed || !inserted || window.isStale { mistakes += 1 }
        }
        #expect(mistakes == 0)
    }

    @Test("an id that stays while 60,000 newer ones leave makes the window stale before it could come round") func stale() {
        var window = PublishWindow(capacity: 2)
        _ = window.insert(messageID: 7, nowMilliseconds: 0)
        var count = 0
        while !window.isStale, count < 70_000 {
            _ = window.insert(messageID: 8, nowMilliseconds: 0)
            _ = window.remove(messageID: 8)
            count += 1
        }
        #expect(count <= 60_001)
        _ = window.remove(messageID: 7)
        #expect(!window.isStale)
    }

    @Test("subscriptions use ids up too") func skipping() {
        var window = PublishWindow(capacity: 1)
        _ = window.insert(messageID: 1, nowMilliseconds: 0)
        for _ in 0..<60_000 { window.skipID() }
        #expect(window.isStale)
    }
}

@Suite struct LinkCauseTests {
    @Test("TLS errors are told in the operator's words", arguments: [
        ("OpenSSL Error[0]: error:0A00010B:SSL routines::wrong version number", "does not speak TLS"),
        ("OpenSSL Error[0]: error:0A000418:SSL routines::tlsv1 alert unknown ca", "whose CA it does not know"),
        ("OpenSSL Error[0]: error:0A000415:SSL routines::sslv3 alert certificate expired", "which has expired by its clock"),
        ("OpenSSL Error[0]: error:0A000414:SSL routines::sslv3 alert certificate revoked", "this gateway's link certificate is revoked"),
        ("OpenSSL Error[0]: certificate verify failed; certificate revoked", "not issued by the CA"),
        ("OpenSSL Error[0]: certificate verify failed; certificate has expired", "has expired"),
        ("OpenSSL Error[0]: certificate verify failed; certificate is not yet valid", "clock is probably wrong"),
        ("OpenSSL Error[0]: certificate verify failed; self-signed certificate in certificate chain", "not issued by the CA"),
        ("Error: host name verification failed.", "names another host"),
        ("Error: Unable to load client key file \"/x\".", "cannot be used"),
        ("OpenSSL Error[0]: something new", "TLS handshake failed"),
    ]) func texts(log: String, expected: String) {
        let cause = LinkCause(libraryResult: MQTT_ERROR_TLS, systemError: 0, log: Array(log.utf8), wasAccepted: false)
        #expect(cause.text.contains(expected))
    }

    @Test("each cause has what happened and one step apart, and both in its line", arguments: (0...17).compactMap { LinkCause.Code(rawValue: $0) })
    func steps(code: LinkCause.Code) {
        let isNone = code == .notStarted || code == .stopped
        for isShared in [false, true] {
            var cause = LinkCause(code, reason: 111, detail: Array("a|b".utf8))
            cause.isIdentityShared = isShared
            #expect(cause.step.isEmpty == isNone && cause.text == (isNone ? cause.happened : "\(cause.happened): \(cause.step)"), "\(cause.text)")
            #expect(!cause.text.contains("@") && !cause.happened.isEmpty && !cause.step.contains("|"), "\(cause.text)")
        }
    }

    @Test("library errors become causes", arguments: [
        (15, 0, false, .nameNotFound), (14, 111, false, .networkError), (14, 104, true, .connectionLost), (7, 0, false, .closedBeforeAnswer),
        (7, 0, true, .connectionLost), (2, 0, true, .protocolError), (21, 0, false, .protocolError), (1, 0, true, .outOfMemory),
        (25, 0, true, .oversizePacket),
    ] as [(Int32, Int32, Bool, LinkCause.Code)])
    func codes(result: Int32, systemError: Int32, wasAccepted: Bool, expected: LinkCause.Code) {
        let cause = LinkCause(libraryResult: result, systemError: systemError, log: [], wasAccepted: wasAccepted)
        #expect(cause.code == expected)
        #expect(!cause.text.isEmpty)
    }

    @Test("both ways to refuse a version are known, and other refusals are none", arguments: [
        (1, .versionRefused), (0x84, .versionRefused), (5, .refusedByBroker), (0x87, .refusedByBroker), (0x85, .refusedByBroker),
    ] as [(Int32, LinkCause.Code)])
    func refusals(code: Int32, expected: LinkCause.Code) { #expect(LinkCause(connectRefusal: code).code == expected) }
}
