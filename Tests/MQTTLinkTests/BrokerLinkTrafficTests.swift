import CPosixShims
import HarborsealTesting
import MQTTLink
import Testing

/// What goes through the link: windows, limits, back-pressure, and nothing kept while down.
@Suite(.serialized) struct BrokerLinkTrafficTests {
    @Test("publishing while offline is refused and never sent later") func offline() throws {
        let broker = try TestBroker()
        var configuration = try LinkConfiguration.plain(broker.port)
        configuration.subscriptions = [Subscription(filter: Array("#".utf8))]
        let driver = try LinkDriver(configuration)
        _ = driver.failure()
        for _ in 0..<50 {
            #expect(throws: LinkError(.offline)) { try driver.publish("t", [9]) }
        }
        try broker.start()
        driver.connect()
        #expect(driver.next(where: \.isSubscribed) != nil)
        #expect(driver.run(milliseconds: 300).allSatisfy { $0.message == nil })
        #expect(driver.link.status.refusedPublishCount == 50)
    }

    @Test("what was under way when the broker died is not sent by the next connection") func nothingSurvives() throws {
        let broker = try TestBroker()
        try broker.start()
        let driver = try LinkDriver(.plain(broker.port))
        driver.connect()
        broker.kill()
        _ = try? driver.publish("t", [9])
        #expect(driver.failure() != nil)
        try broker.start()
        var configuration = try LinkConfiguration.plain(broker.port, clientID: "listener")
        configuration.subscriptions = [Subscription(filter: Array("t".utf8))]
        let listener = try LinkDriver(configuration)
        listener.connect()
        #expect(listener.next(where: \.isSubscribed) != nil)
        driver.connect()
        driver.run(milliseconds: 200)
        #expect(listener.run(milliseconds: 200).allSatisfy { $0.message == nil })
    }

    @Test("ten messages may be under way, the eleventh is refused until one is acknowledged") func window() throws {
        let broker = try TestBroker()
        try broker.start()
        let driver = try LinkDriver(.plain(broker.port))
        driver.connect()
        var messageIDs: [UInt16] = []
        for _ in 0..<10 { messageIDs.append(try driver.publish("t", [1])) }
        #expect(driver.link.freeWindow == 0)
        #expect(throws: LinkError(.windowFull)) { try driver.publish("t", [1]) }
        #expect(driver.next { $0.acknowledged != nil }?.acknowledged == messageIDs[0])
        #expect(driver.link.freeWindow >= 1)
        _ = try driver.publish("t", [1])
    }

    @Test("70,000 messages pass and their ids wrap without a loss") func idsWrap() throws {
        let broker = try TestBroker(extraLines: ["log_type error"])
        try broker.start()
        let driver = try LinkDriver(.plain(broker.port))
        driver.connect()
        var (sent, acknowledged, wrapped, last) = (0, 0, false, UInt16(0))
        while acknowledged < 70_000 {
            while sent < 70_000, driver.link.freeWindow > 0 {
                let messageID = try driver.publish("t", [1])
                if messageID < last { wrapped = true }
                last = messageID
                sent += 1
            }
            guard driver.next(where: { $0.acknowledged != nil }) != nil else { break }
            acknowledged += 1
        }
        #expect(acknowledged == 70_000 && wrapped)
        #expect(driver.link.status.connectionCount == 1)
    }

    @Test("a message over our limit is dropped and counted, the next one arrives") func oversize() throws {
        let broker = try TestBroker()
        try broker.start()
        var configuration = try LinkConfiguration.plain(broker.port)
        configuration.maximumPayloadByteCount = 1_000
        configuration.subscriptions = [Subscription(filter: Array("t".utf8))]
        let driver = try LinkDriver(configuration)
        driver.connect()
        #expect(driver.next(where: \.isSubscribed) != nil)
        _ = try driver.publish("t", [UInt8](repeating: 1, count: 1_001))
        _ = try driver.publish("t", [UInt8](repeating: 2, count: 1_000))
        #expect(driver.nextMessage()?.payload.first == 2)
        #expect(driver.link.status.droppedCount == 1)
    }

    @Test("a message over the broker's limit is refused before it is sent, and the link stays up") func overBrokersLimit() throws {
        let broker = try TestBroker(extraLines: ["max_packet_size 2000"])
        try broker.start()
        let driver = try LinkDriver(.plain(broker.port))
        driver.connect()
        #expect(throws: LinkError(.payloadTooLarge)) { try driver.publish("t", [UInt8](repeating: 1, count: 3_000)) }
        _ = try driver.publish("t", [1])
        #expect(driver.next { $0.acknowledged != nil } != nil)
    }

    @Test("bad topics are refused when publishing", arguments: ["", "a/+/b", "#", "a\0b"]) func badTopic(topic: String) throws {
        let broker = try TestBroker()
        try broker.start()
        let driver = try LinkDriver(.plain(broker.port))
        driver.connect()
        #expect(throws: LinkError(.badTopic)) { try driver.publish(topic, [1]) }
        #expect(driver.link.isConnected)
    }

    @Test("who does not drain is not read for: the rest waits at the broker and comes later") func backPressure() throws {
        let broker = try TestBroker()
        try broker.start()
        var configuration = try LinkConfiguration.plain(broker.port, clientID: "slow")
        configuration.subscriptions = [Subscription(filter: Array("t".utf8))]
        configuration.inboundQueueByteCount = 50_000
        let slow = try LinkDriver(configuration)
        slow.connect()
        #expect(slow.next(where: \.isSubscribed) != nil)
        let fast = try LinkDriver(.plain(broker.port, clientID: "fast"))
        fast.connect()
        var acknowledged = 0
        for _ in 0..<40 {
            _ = try fast.publish("t", [UInt8](repeating: 1, count: 10_000))
            if fast.next(where: { $0.acknowledged != nil }) != nil { acknowledged += 1 }
            slow.turn(atMostMilliseconds: 1)
        }
        #expect(acknowledged == 40 && slow.link.status.receivedCount <= 12)
        #expect(slow.link.pollEvents & Int16(POSIX_POLL_IN) == 0)
        for _ in 0..<40 { #expect(slow.nextMessage()?.payload.count == 10_000) }
    }
}
