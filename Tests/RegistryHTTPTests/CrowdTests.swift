import DeviceRegistry
import Foundation
import HarborsealTesting
import RegistryHTTP
import Testing

@testable import HTTPServing

/// A stranger with many addresses, who fills every place that there is, and those who want to be heard all the same.
@Suite struct CrowdTests {
    private func count(_ why: String, in text: String) -> Int? {
        let name = #"harborseal_http_connections_cut_total{why="\#(why)"} "#
        return text.split(separator: "\n").first { $0.hasPrefix(name) }.flatMap { Int($0.dropFirst(name.count)) }
    }

    @Test("512 connections of 20 addresses that say nothing keep nobody out, whatever they wait for")
    func silence() async throws {
        let registry = try await TestRegistry {
            $0.idleSeconds = 600
            ($0.limits.silentSeconds, $0.limits.handshakeSeconds) = (600, 600)
        }
        let crowd = try Crowd(.silent, count: 560, ofEachAddress: 28, port: registry.port)
        let answer = try CurlClient(registry: registry).ask("/metrics")
        #expect(answer.status == 200, "\(answer)")
        #expect(count("full", in: answer.text).map { $0 >= 48 } == true, "\(answer.text)")
        try crowd.leave()
        try await registry.stop()
    }

    @Test("nor do those who wait within the handshake, within a request, behind an answer, or with answers that they do not take", arguments: [Crowd.Manner.mute, .silent, .bodiless, .deaf, .kept])
    func waiting(_ manner: Crowd.Manner) async throws {
        let registry = try await TestRegistry {
            ($0.connectionLimit, $0.idleSeconds) = (16, 600)
            ($0.limits.silentSeconds, $0.limits.handshakeSeconds, $0.limits.stallSeconds) = (600, 600, 600)
        }
        let client = CurlClient(registry: registry)
        let crowd = try Crowd(manner, count: 24, ofEachAddress: 6, port: registry.port)
        for _ in 1...3 { #expect(try client.ask("/healthz").status == 200) }
        try await wait(for: "all of them to be counted") { try count("full", in: client.ask("/metrics").text).map { $0 >= 8 } == true }
        try crowd.leave()
        try await registry.stop()
    }

    @Test("nor do those who ask without end, and always have something to be answered", arguments: [Crowd.Manner.asking, .guessing])
    func rush(_ manner: Crowd.Manner) async throws {
        let registry = try await TestRegistry { ($0.connectionLimit, $0.failureLimit, $0.idleSeconds) = (16, 20, 600) }
        let client = CurlClient(registry: registry)
        let crowd = try Crowd(manner, count: 24, ofEachAddress: 6, port: registry.port)
        try await wait(for: "all places to be taken") { try count("full", in: client.ask("/metrics").text).map { $0 >= 8 } == true }
        for _ in 1...5 { #expect(try client.ask("/healthz", extra: ["--max-time", "30"]).status == 200) }
        #expect(try client.enrol("link", "acme.gw-1", registry.add("acme.gw-1").text, OpenSSLRequest(registry.folder)).status == 200)
        try crowd.leave()
        // As SIGTERM does it: whoever came last is still let in and shown out.
        try await registry.stop(isTold: true)
    }

    @Test("whoever says nothing after the handshake is shown out, and a head that comes by drops is waited for")
    func firstByte() async throws {
        let registry = try await TestRegistry { ($0.limits.silentSeconds, $0.idleSeconds) = (3, 600) }
        let client = "timeout -s KILL 60 openssl s_client -quiet -connect 127.0.0.1:\(registry.port) -CAfile \(registry.anchorFile) 2>/dev/null"
        func speak(_ words: String) throws -> String { try Tool.run("bash", ["-c", "{ \(words); } 2>/dev/null | \(client)"]).text }
        // Opened for reading and writing, a FIFO says nothing and does not end.
        let fifo = registry.folder.file("nothing")
        let silent = try Tool.run("bash", ["-c", "mkfifo \(fifo); \(client) <>\(fifo); echo $?"]).text
        #expect(silent.hasSuffix("\n") && silent.split(separator: "\n").count == 1 && silent != "137\n", "shown out, without a word: \(silent)")
        let slow = try speak("printf G; sleep 2; printf 'ET /metrics HTTP/1.0\\r\\n'; sleep 2; printf '\\r\\n'")
        #expect(slow.contains(" 200 OK") && count("silent", in: slow) == 1, "\(slow)")
        let kept = try speak(#"printf 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n'; sleep 4; printf 'GET /crl/link.crl HTTP/1.0\r\n\r\n'"#)
        #expect(kept.contains("application/pkix-crl"), "between two requests the idle time counts: \(kept)")
        try await registry.stop()
    }

    /// Names the connections that the gate ends.
    private final class Ended: @unchecked Sendable {
        private let lock = NSLock()
        private var list: [Int] = []
        var numbers: [Int] { lock.withLock { list } }
        func add(_ number: Int) { lock.withLock { list.append(number) } }
    }

    @Test("for one too many goes the one that waited longest, of the address that has most; those that are being answered stay")
    func order() {
        var limits = ConnectionLimits()
        (limits.connections, limits.connectionsOfAddress) = (4, 3)
        let (gate, ended) = (ConnectionGate(limits), Ended())
        let connections = (0..<10).map { _ in NSObject() }
        func enter(_ number: Int, _ address: String) -> Bool { gate.enter(ObjectIdentifier(connections[number]), from: address) { ended.add(number) } }
        func note(_ number: Int, _ isAnswering: Bool) { gate.note(ObjectIdentifier(connections[number]), isAnswering: isAnswering) }
        #expect(enter(0, "honest") && enter(1, "crowd") && enter(2, "crowd") && enter(3, "crowd"))
        #expect(!enter(9, "crowd") && ended.numbers.isEmpty, "it has all that an address may")
        note(1, true)
        #expect(enter(4, "other") && ended.numbers == [2], "not the oldest of all, and not the one that is being answered")
        note(1, false)
        #expect(enter(5, "third") && ended.numbers == [2, 3], "1 has waited since its answer")
        #expect(enter(6, "fourth") && ended.numbers == [2, 3, 0], "of addresses with one each the oldest goes")
        for number in [1, 4, 5, 6] { note(number, true) }
        #expect(enter(7, "fifth") && ended.numbers.count == 3, "nobody waits: this one is let in, and the next ones are not taken from the kernel")
        note(5, false)
        #expect(ended.numbers == [2, 3, 0, 7], "and when an answer is done, whoever has waited longest makes room")
        gate.leave(ObjectIdentifier(connections[7]))
        #expect(gate.metricsText.contains("harborseal_http_connections 4\n") && gate.addressCount == 4)
    }

    @Test("where all are being answered, one that has had an answer goes, or one whose refusal waits for its time; a first request is answered")
    func answered() {
        var limits = ConnectionLimits()
        (limits.connections, limits.connectionsOfAddress) = (4, 3)
        let (gate, ended) = (ConnectionGate(limits), Ended())
        let connections = (0..<10).map { _ in NSObject() }
        func enter(_ number: Int, _ address: String) -> Bool { gate.enter(ObjectIdentifier(connections[number]), from: address) { ended.add(number) } }
        func name(_ number: Int) -> ObjectIdentifier { ObjectIdentifier(connections[number]) }
        for (number, address) in [(0, "honest"), (1, "crowd"), (2, "crowd"), (3, "crowd")] {
            #expect(enter(number, address))
            gate.note(name(number), isAnswering: true)
        }
        gate.mayEnd(name(0))
        gate.mayEnd(name(3))
        #expect(ended.numbers.isEmpty, "there is room for all")
        #expect(enter(4, "other") && ended.numbers == [3], "of the address that has most")
        gate.note(name(4), isAnswering: true)
        gate.note(name(2), isAnswering: false)
        gate.mayEnd(name(1))
        #expect(enter(5, "other") && ended.numbers == [3, 2], "one that waits goes first")
        gate.note(name(5), isAnswering: true)
        #expect(enter(6, "third") && ended.numbers == [3, 2, 0], "of those with as many the one that may, and no first request")
        gate.note(name(6), isAnswering: true)
        #expect(enter(7, "fourth") && ended.numbers == [3, 2, 0, 1])
        gate.note(name(7), isAnswering: true)
        #expect(enter(8, "fifth") && ended.numbers.count == 4, "all are at their first request")
        gate.note(name(8), isAnswering: true)
        gate.mayEnd(name(6))
        #expect(ended.numbers == [3, 2, 0, 1, 6], "and the first that has its answer makes room")
    }
}
