import CPosixShims
import Glibc
import HarborsealTesting
import MQTTLink
import Testing

/// The link over TLS, where libmosquitto's own loop spins or stays silent.
@Suite(.serialized) struct BrokerLinkTLSTests {
    private static let authority = Result { try TestCertificates() }

    private func client() throws -> TestCertificates.Identity { try Self.authority.get().client("acme.gw-1") }

    @Test("with both certificates it connects, and the broker knows it by the certificate's name") func connects() throws {
        let authority = try Self.authority.get()
        let broker = try TestBroker(certificates: authority, accessList: "pattern readwrite hs/%u/#\n")
        try broker.start()
        var configuration = try LinkConfiguration.secure(broker.port, authority: authority, client: client())
        configuration.subscriptions = [Subscription(filter: Array("hs/#".utf8))]
        let driver = try LinkDriver(configuration)
        #expect(driver.connect() == .v5)
        #expect(driver.next(where: \.isSubscribed) != nil)
        _ = try driver.publish("hs/other/t", [1])
        _ = try driver.publish("hs/acme.gw-1/t", [UInt8](repeating: 2, count: 200_000))
        #expect(driver.nextMessage()?.payload.count == 200_000)
        #expect(broker.logText.contains("u'acme.gw-1'"))
    }

    @Test("a refused publish is told by MQTT 5's reason and changes nothing else") func deniedPublish() throws {
        let authority = try Self.authority.get()
        let broker = try TestBroker(certificates: authority, accessList: "pattern readwrite hs/%u/#\n")
        try broker.start()
        let driver = try LinkDriver(.secure(broker.port, authority: authority, client: client()))
        driver.connect()
        _ = try driver.publish("hs/other/t", [1])
        guard case .published(_, let reason) = driver.next(where: { $0.acknowledged != nil }) else {
            Issue.record("no PUBACK")
            return
        }
        #expect(reason == 0x87 && driver.link.isConnected)
    }

    @Test("a broker under another CA is refused, and the cause says which file to look at") func wrongAuthority() throws {
        let authority = try Self.authority.get()
        let broker = try TestBroker(certificates: try TestCertificates(commonName: "Other CA"))
        try broker.start()
        let driver = try LinkDriver(.secure(broker.port, authority: authority, client: client()))
        let cause = driver.failure()
        #expect(cause?.code == .tlsFailed && cause?.text.contains("not issued by the CA") == true, "\(cause?.text ?? "none")")
    }

    @Test("a gateway whose certificate another CA issued is told that the broker refused it") func refusedClient() throws {
        let authority = try Self.authority.get()
        let broker = try TestBroker(certificates: authority)
        try broker.start()
        let stranger = try TestCertificates(commonName: "Other CA").client("acme.gw-1")
        let driver = try LinkDriver(.secure(broker.port, authority: authority, client: stranger))
        let cause = driver.failure()
        #expect(cause?.code == .tlsFailed && cause?.text.contains("refused this gateway's certificate") == true, "\(cause?.text ?? "none")")
    }

    @Test("an expired broker's certificate is named as such") func expiredServer() throws {
        let authority = try Self.authority.get()
        let broker = try TestBroker(certificates: authority, server: try authority.server(validity: .expired))
        try broker.start()
        let driver = try LinkDriver(.secure(broker.port, authority: authority, client: client()))
        let cause = driver.failure()
        #expect(cause?.code == .tlsFailed && cause?.text.contains("has expired") == true, "\(cause?.text ?? "none")")
    }

    @Test("an expired client certificate is refused by the broker, and the cause says so") func expiredClient() throws {
        let authority = try Self.authority.get()
        let broker = try TestBroker(certificates: authority)
        try broker.start()
        let expired = try authority.client("acme.gw-1", validity: .expired)
        let driver = try LinkDriver(.secure(broker.port, authority: authority, client: expired))
        let cause = driver.failure()
        #expect(cause?.code == .tlsFailed && cause?.text.contains("refused this gateway's certificate") == true, "\(cause?.text ?? "none")")
    }

    @Test("a broker's certificate for another host is refused") func wrongHost() throws {
        let authority = try Self.authority.get()
        let broker = try TestBroker(certificates: authority, server: try authority.server(host: "elsewhere.example"))
        try broker.start()
        let driver = try LinkDriver(.secure(broker.port, authority: authority, client: client()))
        let cause = driver.failure()
        #expect(cause?.code == .tlsFailed && cause?.text.contains("names another host") == true, "\(cause?.text ?? "none")")
    }

    @Test("TLS to a plain port is told as that") func plainPort() throws {
        let authority = try Self.authority.get()
        let peer = try ScriptedPeer { connection in
            _ = connection.read(upTo: 10)
            connection.write(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
        }
        let driver = try LinkDriver(.secure(peer.port, authority: authority, client: client()))
        let cause = driver.failure()
        #expect(cause?.code == .tlsFailed && cause?.text.contains("does not speak TLS") == true, "\(cause?.text ?? "none")")
    }

    @Test("missing and wrong files are told with their names", arguments: ["/nonexistent/ca.pem", "/dev/null"])
    func missingFiles(authorityFile: String) throws {
        let client = try client()
        let broker = try TestBroker()
        try broker.start()
        let security = try LinkSecurity(
            authorityFile: authorityFile, certificateFile: client.certificateFile, keyFile: client.keyFile)
        let driver = try LinkDriver(
            LinkConfiguration(
                brokers: [BrokerAddress(host: "localhost", port: broker.port)], clientID: "acme.gw-1", security: security))
        let cause = driver.failure()
        #expect(cause?.code == .identityUnusable && cause?.text.contains(authorityFile) == true, "\(cause?.text ?? "none")")
    }

    @Test("a FIFO in the place of a file holds nobody: it is told as what it is", .timeLimit(.minutes(1)), arguments: 0..<3)
    func pipe(place: Int) throws {
        let client = try client()
        let folder = try TemporaryDirectory(named: "hs-fifo")
        let pipe = folder.file("pipe")
        try #require(mkfifo(pipe, 0o600) == 0)
        var files = [try Self.authority.get().authorityFile, client.certificateFile, client.keyFile]
        files[place] = pipe
        let security = try LinkSecurity(authorityFile: files[0], certificateFile: files[1], keyFile: files[2])
        let driver = try LinkDriver(
            LinkConfiguration(brokers: [BrokerAddress(host: "localhost", port: LoopbackPort.free())], clientID: "acme.gw-1", security: security))
        let cause = driver.failure()
        #expect(cause?.code == .identityUnusable && cause?.text.contains("\(pipe): is not a regular file") == true, "\(cause?.text ?? "none")")
    }

    @Test("a refused connection over TLS does not spin: few polls a second, growing waits") func noSpinRefused() throws {
        let port = try LoopbackPort.free()
        let driver = try LinkDriver(.secure(port, authority: Self.authority.get(), client: client()))
        let events = driver.run(milliseconds: 1_000)
        #expect(events.contains { $0.cause?.code == .networkError })
        #expect(driver.pollCount <= 30, "\(driver.pollCount) polls")
    }

    @Test("a peer that accepts and never answers does not spin, and is given up after 10 s", arguments: [true, false])
    func halfOpen(usesTLS: Bool) throws {
        let peer = try ScriptedPeer { $0.drain() }
        let configuration = usesTLS
            ? try LinkConfiguration.secure(peer.port, authority: Self.authority.get(), client: client()) : try .plain(peer.port)
        let driver = try LinkDriver(configuration)
        #expect(driver.run(milliseconds: 1_000).isEmpty)
        #expect(driver.pollCount <= 10, "\(driver.pollCount) polls")
        driver.letPass(milliseconds: 9_500)
        #expect(driver.failure()?.code == .noAnswer)
    }

    @Test("a peer that resets in the handshake does not spin") func reset() throws {
        let peer = try ScriptedPeer { _ = $0.read(upTo: 5) }   // unread bytes at close: RST
        let driver = try LinkDriver(.secure(peer.port, authority: Self.authority.get(), client: client()))
        #expect(driver.run(milliseconds: 1_000).contains { $0.cause != nil })
        #expect(driver.pollCount <= 60, "\(driver.pollCount) polls")
    }

    @Test("a broker killed and restarted under TLS is found again") func restarted() throws {
        let authority = try Self.authority.get()
        let broker = try TestBroker(certificates: authority)
        try broker.start()
        let driver = try LinkDriver(.secure(broker.port, authority: authority, client: client()))
        driver.connect()
        broker.kill()
        #expect(driver.failure() != nil)
        let before = driver.pollCount
        driver.run(milliseconds: 300)
        #expect(driver.pollCount - before <= 20)
        try broker.start()
        #expect(driver.connect() == .v5)
    }

    @Test("an idle TLS connection does not spin") func idle() throws {
        let authority = try Self.authority.get()
        let broker = try TestBroker(certificates: authority)
        try broker.start()
        let driver = try LinkDriver(.secure(broker.port, authority: authority, client: client()))
        driver.connect()
        driver.run(milliseconds: 200)
        let before = driver.pollCount
        driver.run(milliseconds: 1_000)
        #expect(driver.pollCount - before <= 3)
    }
}
