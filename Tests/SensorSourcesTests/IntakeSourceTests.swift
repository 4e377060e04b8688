import AttestationFormat
import CPosixShims
import HarborsealTesting
import LogisticsEvents
@testable import SensorSources
import Testing

/// An intake socket in a folder of its own.
private struct Intake {
    let folder: TemporaryDirectory
    let source: IntakeSource
    let driver: SourceDriver

    init() throws {
        folder = try TemporaryDirectory(named: "intake")
        source = try IntakeSource(path: UTF8Text(folder.file("s")))
        driver = SourceDriver(.intake(source))
    }

    func connect() -> TestClient { TestClient(unixPath: folder.file("s")) }
}

private let line = #"{"kind":"acme.x","source":"t","number":"#

@Suite("Intake socket") struct IntakeSourceTests {
    @Test("a line is answered only when the agent says that it is durable")
    func answer() throws {
        let intake = try Intake()
        let client = intake.connect()
        client.send(sampleLine + "\n")
        #expect(intake.driver.turn { intake.driver.events.count == 1 })
        for _ in 0..<5 { intake.driver.turn() }
        #expect(client.lines.isEmpty)
        let event = try #require(intake.driver.events.first)
        #expect(event.identity == IntakeIdentity(source: "wms-1", number: 8127))
        intake.source.answer(try #require(event.token), epoch: "0011223344556677", sequence: 41)
        #expect(intake.driver.turn { !client.lines.isEmpty })
        #expect(client.lines == [#"{"epoch":"0011223344556677","sequence":41}"#])
    }

    @Test("the answer to a number that was stored before says that it is known")
    func known() throws {
        let intake = try Intake()
        let client = intake.connect()
        client.send(line + "1}\n" + line + "1}\n")
        #expect(intake.driver.turn { intake.driver.events.count == 2 })
        for (event, isKnown) in zip(intake.driver.events, [false, true]) {
            intake.source.answer(try #require(event.token), epoch: "00", sequence: 7, isKnown: isKnown)
        }
        #expect(intake.driver.turn { client.lines.count == 2 })
        #expect(client.lines == [#"{"epoch":"00","sequence":7}"#, #"{"epoch":"00","sequence":7,"known":true}"#])
    }

    @Test("answers come in the order of the lines, errors among them, whatever order they are given in")
    func order() throws {
        let intake = try Intake()
        let client = intake.connect()
        client.send(line + "1}\n\n{bad\n" + line + "2}\r\n" + #"{"kind":"door.opened"}"# + "\n" + line + "3}\n")
        #expect(intake.driver.turn { intake.driver.events.count == 3 })
        for (sequence, event) in intake.driver.events.enumerated().reversed() {
            intake.source.answer(try #require(event.token), epoch: "00", sequence: UInt64(sequence))
        }
        #expect(intake.driver.turn { client.lines.count == 5 })
        let lines = client.lines
        #expect(lines[0].contains(#""sequence":0"#) && lines[2].contains(#""sequence":1"#) && lines[4].contains(#""sequence":2"#))
        #expect(lines[1].hasPrefix(#"{"error":""#) && lines[1].hasSuffix(#""key":""}"#))
        #expect(lines[3].contains(#""key":"fields.contact""#))
        #expect(intake.source.refusedCount == 2)
    }

    @Test("a line may come byte by byte, and a last one without a newline is not taken")
    func pieces() throws {
        let intake = try Intake()
        let client = intake.connect()
        for byte in Array((line + "1}\n" + line + "2}").utf8) {
            client.send([byte])
            intake.driver.turn(milliseconds: 0)
        }
        #expect(intake.driver.turn { intake.driver.events.count == 1 })
        for _ in 0..<5 { intake.driver.turn() }
        #expect(intake.driver.events.count == 1)
    }

    @Test("a line of more than 16 KiB costs one error, and the next line is taken")
    func tooLong() throws {
        let intake = try Intake()
        let client = intake.connect()
        var rest = Array((String(repeating: "x", count: 60_000) + "\n" + line + "1}\n").utf8)
        #expect(
            intake.driver.turn {
                let sent = client.send(rest)
                if sent > 0 { rest.removeFirst(sent) }
                return rest.isEmpty && intake.driver.events.count == 1
            })
        #expect(intake.driver.turn { client.lines.count == 1 })
        #expect(client.lines[0].contains("16 KiB"))
        #expect(intake.source.refusedCount == 1)
    }

    @Test("while the journal has no room nothing is read, and the loop does not spin; afterwards nothing is missing")
    func heldBack() throws {
        let intake = try Intake()
        let client = intake.connect()
        #expect(intake.driver.turn { intake.driver.turnCount > 2 })
        intake.driver.eventRoom = 0
        for number in 0..<50 { client.send(line + "\(number)}\n") }
        let before = intake.driver.turnCount
        let end = SourceDriver.now() + 200
        while SourceDriver.now() < end { intake.driver.turn(milliseconds: 50) }
        #expect(intake.driver.turnCount - before < 20)
        #expect(intake.driver.events.isEmpty)
        intake.driver.eventRoom = 7
        #expect(intake.driver.turn { intake.driver.events.count == 50 })
        #expect(intake.driver.events.compactMap { $0.identity?.number } == Array(0..<50))
    }

    @Test("a sender has at most 1,024 lines unanswered; the next are read when answers are given")
    func unanswered() throws {
        let intake = try Intake()
        let client = intake.connect()
        var rest = Array((0..<3000).map { line + "\($0)}\n" }.joined().utf8)
        var answered = 0
        func feed() {
            let sent = client.send(rest)
            if sent > 0 { rest.removeFirst(sent) }
        }
        for _ in 0..<100 {
            feed()
            intake.driver.turn(milliseconds: 1)
        }
        #expect(intake.driver.events.count == IntakeClient.maximumUnansweredCount)
        #expect(
            intake.driver.turn {
                feed()
                while answered < intake.driver.events.count, let token = intake.driver.events[answered].token {
                    intake.source.answer(token, epoch: "00", sequence: UInt64(answered))
                    answered += 1
                }
                return client.lines.count == 3000
            })
        #expect(client.lines.last == #"{"epoch":"00","sequence":2999}"#)
    }

    @Test("a sender that reads no answers is held at a bounded number of bytes, and cut off")
    func slowReader() throws {
        var client = IntakeClient(descriptor: -1, connection: 1)
        var token = client.open()
        while client.canAnswerMore {
            client.answer(token.line, [UInt8](repeating: 0x61, count: 100), nowMilliseconds: 0)
            token = client.open()
        }
        #expect(client.output.count <= IntakeClient.outputHighWaterByteCount + 100)
        #expect(!client.wantsRead && client.wantsWrite)
        let pair = try StalledPair()
        var stalled = IntakeClient(descriptor: pair.writer, connection: 2)
        let line = stalled.open()
        stalled.answer(line.line, [UInt8](repeating: 0x61, count: 8_000_000), nowMilliseconds: 0)
        for _ in 0..<1000 { stalled.write(nowMilliseconds: 1000) }
        #expect(!stalled.isBroken)
        #expect(stalled.nextDeadline == 11_001)
        stalled.write(nowMilliseconds: 11_001)
        #expect(stalled.isBroken && stalled.isDone)
    }

    @Test("the seventeenth sender is told so, and the others go on")
    func tooMany() throws {
        let intake = try Intake()
        let clients = (0..<IntakeSource.maximumClientCount).map { _ in intake.connect() }
        for _ in 0..<5 { intake.driver.turn() }
        let last = intake.connect()
        #expect(intake.driver.turn { !last.lines.isEmpty })
        #expect(last.lines[0].contains("16 senders"))
        #expect(intake.source.turnedAwayCount == 1)
        clients[15].send(line + "1}\n")
        #expect(intake.driver.turn { intake.driver.events.count == 1 })
    }

    @Test("when all places are taken, one that has been silent for 10 s gives its own to a new sender; one that is owed an answer does not")
    func silentSenders() throws {
        let intake = try Intake()
        let clients = (0..<IntakeSource.maximumClientCount).map { _ in intake.connect() }
        for client in clients { client.send(line + "1}\n") }
        #expect(intake.driver.turn { intake.driver.events.count == 16 })
        intake.driver.laterMilliseconds = 11_000
        let tooMany = intake.connect()
        #expect(intake.driver.turn { !tooMany.lines.isEmpty })
        #expect(tooMany.lines[0].contains("16 senders"), "all of them wait for an answer")
        intake.source.answer(try #require(intake.driver.events[3].token), epoch: "00", sequence: 3)
        for _ in 0..<5 { intake.driver.turn() }
        let next = intake.connect()
        next.send(line + "2}\n")
        #expect(intake.driver.turn { intake.driver.events.count == 17 })
        for client in clients { client.send(line + "3}\n") }
        #expect(intake.driver.turn { intake.driver.events.count == 17 + 15 }, "the others go on")
    }

    @Test("senders that drip bytes and finish no line hold no places against others")
    func drippingSenders() throws {
        let intake = try Intake()
        let clients = (0..<IntakeSource.maximumClientCount).map { _ in intake.connect() }
        for client in clients { client.send("{") }
        for second in 1...11 {
            for client in clients { client.send(" ") }
            intake.driver.laterMilliseconds = UInt64(second) * 1_000
            intake.driver.turn()
        }
        let honest = intake.connect()
        honest.send(line + "1}\n")
        #expect(intake.driver.turn { intake.driver.events.count == 1 })
    }

    @Test("a sender that goes away frees its place; its answer reaches nobody, and no later sender")
    func leaves() throws {
        let intake = try Intake()
        var client: TestClient? = intake.connect()
        client?.send(line + "1}\n")
        #expect(intake.driver.turn { intake.driver.events.count == 1 })
        client = nil
        let next = intake.connect()
        for _ in 0..<5 { intake.driver.turn() }
        intake.source.answer(try #require(intake.driver.events[0].token), epoch: "00", sequence: 0)
        for _ in 0..<5 { intake.driver.turn() }
        #expect(next.lines.isEmpty && !next.hasEnded)
    }

    @Test("a sender that only finishes writing still gets its answers, then the end")
    func halfClosed() throws {
        let intake = try Intake()
        let client = intake.connect()
        client.send(line + "1}\n")
        _ = posix_socket_finish_writing(client.descriptor)
        #expect(intake.driver.turn { intake.driver.events.count == 1 })
        for _ in 0..<5 { intake.driver.turn() }
        intake.source.answer(try #require(intake.driver.events[0].token), epoch: "00", sequence: 9)
        #expect(intake.driver.turn { _ = client.lines; return client.hasEnded })
        #expect(client.lines == [#"{"epoch":"00","sequence":9}"#])
    }

    @Test("a path that cannot be listened at is an error that names it")
    func badPath() {
        let error = #expect(throws: SourceError.self) { try IntakeSource(path: "/nonexistent/folder/s") }
        #expect(error?.message.string.contains("/nonexistent/folder/s") == true)
    }
}

/// Two ends of a connection of which one never reads.
private final class StalledPair {
    let writer: Int32
    private let reader: Int32
    private let listener: Int32
    private let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory(named: "pair")
        listener = posix_unix_listen(folder.file("s"), 0o600, 1)
        reader = posix_unix_connect(folder.file("s"))
        writer = posix_socket_accept(listener)
    }

    deinit {
        for descriptor in [writer, reader, listener] where descriptor >= 0 { _ = posix_socket_close(descriptor) }
    }
}
