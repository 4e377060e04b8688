import CPosixShims
import HarborsealTesting
import MQTTLink
import Testing

/// Peers that are no decent brokers.
@Suite(.serialized) struct HostilePeerTests {
    /// Answers CONNECT with `connack`, then behaves as `then` says.
    private func peer(_ connack: [UInt8], then: @escaping @Sendable (ScriptedConnection) -> Void = { $0.drain() }) throws -> ScriptedPeer {
        try ScriptedPeer { connection in
            guard connection.readPacket() != nil else { return }
            connection.write(connack)
            then(connection)
        }
    }

    @Test("a broker that knows 3.1.1 only gets 3.1.1, at once, however it refuses MQTT 5", arguments: [
        [0x20, 2, 0, 1], [0x20, 3, 0, 0x84, 0],
    ] as [[UInt8]])
    func oldBroker(refusal: [UInt8]) throws {
        let peer = try ScriptedPeer { connection in
            // CONNECT: two bytes of length, "MQTT", then the version.
            guard let connect = connection.readPacket(), connect.body.count > 6 else { return }
            connection.write(connect.body[6] == 5 ? refusal : [0x20, 2, 0, 0])
            if connect.body[6] == 4 { connection.drain() }
        }
        let driver = try LinkDriver(.plain(peer.port))
        #expect(driver.connect() == .v3_1_1)
        #expect(peer.connectionCount == 2)
    }

    @Test("a broker that refuses every version is not hammered") func refusesAll() throws {
        let peer = try peer([0x20, 2, 0, 1], then: { _ in })
        var configuration = try LinkConfiguration.plain(peer.port)
        configuration.timing = LinkTiming()
        let driver = try LinkDriver(configuration)
        driver.run(milliseconds: 1_000)
        #expect(peer.connectionCount <= 20 && driver.pollCount <= 100)
    }

    @Test("refusals are told with their reason", arguments: [
        ([0x20, 3, 0, 0x87, 0], .refusedByBroker), ([0x20, 3, 0, 0x85, 0], .refusedByBroker), ([0x20, 3, 0, 0x88, 0], .refusedByBroker),
    ] as [([UInt8], LinkCause.Code)])
    func refused(connack: [UInt8], code: LinkCause.Code) throws {
        let peer = try peer(connack)
        let driver = try LinkDriver(.plain(peer.port))
        let cause = driver.failure()
        #expect(cause?.code == code && cause?.reason == Int32(connack[3]))
    }

    @Test("garbage instead of MQTT is an error, not a crash and not a spin", arguments: [
        Array("SSH-2.0-OpenSSH_9.2\r\n".utf8), [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0, 0, 0], [0x20, 0], [0x30, 2, 0, 9],
        [0x20, 3, 0, 0, 0, 0x30, 3, 0xFF, 0xFF, 0x41],
    ] as [[UInt8]])
    func garbage(bytes: [UInt8]) throws {
        let peer = try ScriptedPeer { connection in
            connection.write(bytes)
            connection.drain()
        }
        let driver = try LinkDriver(.plain(peer.port))
        let cause = driver.failure(within: 300)
        if cause == nil { driver.letPass(milliseconds: 10_000) }
        let later = cause ?? driver.failure()
        #expect(later != nil)
        #expect(driver.pollCount < 200)
    }

    @Test("a broker that closes at once is told, and the next attempt waits") func closesAtOnce() throws {
        let peer = try ScriptedPeer { _ in }
        let driver = try LinkDriver(.plain(peer.port))
        let cause = driver.failure()
        #expect(cause?.code == .closedBeforeAnswer || cause?.code == .networkError)
        #expect(driver.link.status.phase == .waiting)
    }

    @Test("a host name that does not resolve is told, and back-off covers it") func unknownHost() throws {
        let driver = try LinkDriver(.plain(1883, host: "no-such-host.invalid"))
        #expect(driver.failure()?.code == .nameNotFound)
        #expect(driver.link.status.phase == .waiting)
    }

    @Test("a broker that never acknowledges is given up") func neverAcknowledges() throws {
        let peer = try peer([0x20, 3, 0, 0, 0])
        let driver = try LinkDriver(.plain(peer.port))
        driver.connect()
        _ = try driver.publish("t", [1])
        driver.run(milliseconds: 100)
        driver.letPass(milliseconds: 61_000)
        #expect(driver.failure()?.code == .noProgress)
    }

    @Test("a broker that sends without ever completing a packet is cut off, before it fills the memory") func endlessPacket() throws {
        let peer = try peer([0x20, 3, 0, 0, 0]) { connection in
            guard connection.write([0x30, 0xFF, 0xFF, 0xFF, 0x7F]) else { return }
            let chunk = [UInt8](repeating: 0x41, count: 20_000)
            while connection.write(chunk) { posix_sleep_milliseconds(1) }
        }
        let driver = try LinkDriver(.plain(peer.port))
        driver.connect()
        #expect(driver.failure()?.code == .oversizePacket)
    }

    @Test("acknowledgements for messages that never were are ignored, floods of answers stay bounded") func forgedAcknowledgements() throws {
        let peer = try peer([0x20, 3, 0, 0, 0]) { connection in
            for identifier in 0..<5_000 {
                connection.write([0x40, 2, UInt8(identifier >> 8), UInt8(identifier & 0xFF)])
                connection.write([0x90, 4, UInt8(identifier >> 8), UInt8(identifier & 0xFF), 0, 1])
            }
            connection.drain()
        }
        let driver = try LinkDriver(.plain(peer.port))
        driver.connect()
        let events = driver.run(milliseconds: 500)
        #expect(events.allSatisfy { $0.acknowledged == nil && !$0.isSubscribed })
        #expect(driver.link.status.acknowledgedCount == 0)
    }

    @Test("a broker's good-bye with a reason is told, MQTT 5") func brokersGoodbye() throws {
        let peer = try peer([0x20, 3, 0, 0, 0]) { $0.write([0xE0, 2, 0x8B, 0]) }
        let driver = try LinkDriver(.plain(peer.port))
        driver.connect()
        let cause = driver.failure()
        #expect(cause?.code == .closedByBroker && cause?.reason == 0x8B)
    }

    @Test("a broker that names the takeover: the third time, the cause says that another client uses this identity")
    func takenOver() throws {
        let peer = try peer([0x20, 3, 0, 0, 0]) { $0.write([0xE0, 2, 0x8E, 0]) }
        let driver = try LinkDriver(.plain(peer.port))
        var texts: [String] = []
        for _ in 0..<3 {
            texts.append(driver.failure()?.text ?? "none")
            driver.letPass(milliseconds: 1_000)
        }
        #expect(texts[0] == texts[1] && !texts[1].contains("clone"))
        #expect(texts[2].contains("another client uses this identity") && texts[2].contains("clone"))
    }

    @Test("a refused subscription surfaces with its filter and reason, the granted one beside it", arguments: [0x80, 0x87, 0x9E] as [UInt8])
    func refusedSubscription(reason: UInt8) throws {
        let peer = try ScriptedPeer { connection in
            guard connection.readPacket() != nil else { return }
            connection.write([0x20, 3, 0, 0, 0])
            for code in [1, reason] {
                guard let subscribe = connection.readPacket(), subscribe.header == 0x82, subscribe.body.count > 2 else { return }
                connection.write([0x90, 4, subscribe.body[0], subscribe.body[1], 0, code])
            }
            connection.drain()
        }
        var configuration = try LinkConfiguration.plain(peer.port)
        configuration.subscriptions = ["a", "b"].map { Subscription(filter: Array($0.utf8)) }
        let driver = try LinkDriver(configuration)
        driver.connect()
        guard case .subscribed(0) = driver.next(where: \.isSubscribed) else { Issue.record("not granted"); return }
        let event = driver.next { if case .subscriptionRefused = $0 { true } else { false } }
        guard case .subscriptionRefused(let index, let code) = event else { Issue.record("not refused"); return }
        #expect(index == 1 && code == reason && driver.link.isConnected)
    }
}
