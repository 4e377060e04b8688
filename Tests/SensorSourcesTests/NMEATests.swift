import AttestationFormat
import LogisticsEvents
@testable import SensorSources
import Testing

/// A sentence with its checksum.
func sentence(_ body: String) -> String {
    let sum = body.utf8.reduce(UInt8(0)) { $0 ^ $1 }
    return "$" + body + "*" + (sum < 16 ? "0" : "") + String(sum, radix: 16, uppercase: true) + "\r\n"
}

private func reports(_ text: String) -> [FixReport] {
    var session = NMEASession(nowMilliseconds: 0)
    let bytes = Array(text.utf8)
    var reports = session.receive(bytes.span, nowMilliseconds: 1)
    if let last = session.tick(nowMilliseconds: 300) { reports.append(last) }
    return reports
}

private func fixes(_ text: String) -> [PositionFix] {
    reports(text).compactMap { if case .fix(let fix) = $0 { fix } else { nil } }
}

private let rmc = "GPRMC,091232.00,A,4813.0535,N,00824.8697,E,0.00,0.00,101026,,,A"
private let gga = "GPGGA,091232.00,4813.0535,N,00824.8697,E,1,12,0.7,765.8,M,47.4,M,,"

private let suspects: [String] = [
    "GPRMC,091232.00,A,4813.0535,N,00824.8697,E,0.00,0.00,101026,,,E", "GPRMC,091232.00,A,4813.0535,N,00824.8697,E,0.00,0.00,101026,,,M",
    "GPRMC,091232.00,A,4813.0535,N,00824.8697,E,0.00,0.00,101026,,,S", "GPGGA,091232.00,4813.0535,N,00824.8697,E,6,12,0.7,765.8,M,47.4,M,,",
    "GPGGA,091232.00,4813.0535,N,00824.8697,E,8,12,0.7,765.8,M,47.4,M,,",
]

@Suite("Sentences of a receiver") struct NMEATests {
    @Test("RMC and GGA of one moment make one fix: position, accuracy, height above the ellipsoid, time")
    func oneFix() {
        let found = fixes(sentence(rmc) + sentence(gga))
        let expected = PositionFix(
            mode: 3,
            position: EventPosition(
                latitude: 482_175_583, longitude: 84_144_950, accuracyMillimetres: 13_300, altitudeMillimetres: 813_200),
            timeMilliseconds: 1_791_623_552_000)
        #expect(found == [expected])
    }

    @Test("each talker is taken: GPS, GLONASS, Galileo, BeiDou as GB and as BD, several", arguments: ["GP", "GL", "GA", "GB", "BD", "GN"])
    func talkers(_ talker: String) {
        #expect(fixes(sentence(talker + rmc.dropFirst(2))).count == 1)
    }

    @Test("other talkers and formatters tell of no place", arguments: ["SDDPT,5.3,0.4,", "IIRMC,091232.00,A,4813.0535,N,00824.8697,E,,,101026", "PQRMC,1", "GPGSV,1,1,00", "GPTXT,a"])
    func others(_ body: String) {
        #expect(reports(sentence(body)).isEmpty)
    }

    @Test(
        "no fix: no position, whatever else the sentence shows",
        arguments: [
            "GPRMC,095255.810,V,2712.6404,S,15303.1201,E,0.00,0.00,080426,,,A", "GPRMC,095255.810,A,2712.6404,S,15303.1201,E,0,0,080426,,,N",
            "GPGGA,095257.809,2712.6404,S,15303.1201,E,0,00,00.0,4.0,M,42.2,M,,", "GPGGA,095257.809,2712.6404,S,15303.1201,E,,00,,,,,,,",
            "GPGLL,2712.6404,S,15303.1201,E,095257.809,V,N", "GPRMC,,V,,,,,,,,,,N", "GPGGA,,,,,,0,,,,,,,,", "GPRMC,091232,A,,,,,,,101026,,,A",
            "GPRMC,091232,A,9013.0535,N,00824.8697,E,,,101026,,,A", "GPRMC,091232,A,4813.0535,N,18124.8697,E,,,101026,,,A",
            "GPRMC,091232,A,4860.0000,N,00824.8697,E,,,101026,,,A", "GPRMC,091232,A,4813.05,X,00824.8697,E,,,101026,,,A",
            "GPRMC,091232,A,48-3.05,N,00824.8697,E,,,101026,,,A", "GPRMC,091232,A,13,N,00824.8697,E,,,101026,,,A",
        ])
    func noFix(_ body: String) {
        #expect(reports(sentence(body)) == [.noFix(mode: 1)])
    }

    @Test("one sentence of a moment without a fix is enough: the others show the last position")
    func contradiction() {
        #expect(fixes(sentence(rmc) + sentence("GPGGA,091232.00,4813.0535,N,00824.8697,E,0,00,,,M,,M,,")).isEmpty)
        #expect(fixes(sentence(rmc) + sentence("GPGSA,A,1,,,,,,,,,,,,,,,")).isEmpty)
    }

    @Test(
        "the mode is GSA's, else four satellites make three dimensions",
        arguments: [
            (gga, "GPGSA,A,2,1,2,3,4,,,,,,,,,1,1,1", 2 as UInt64), (gga, "GPGSA,A,3,1,2,3,4,,,,,,,,,1,1,1", 3), (gga, rmc, 3), (rmc, rmc, 2),
            ("GPGGA,091232.00,4813.0535,N,00824.8697,E,1,03,0.7,765.8,M,47.4,M,,", rmc, 2),
        ] as [(String, String, UInt64)])
    func mode(_ first: String, _ second: String, _ mode: UInt64) {
        let found = fixes(sentence(first) + sentence(second))
        #expect(found.map(\.mode) == [mode])
        #expect((found.first?.position.altitudeMillimetres != nil) == (mode == 3))
    }

    @Test(
        "what the receiver did not measure is suspect: dead reckoning, typed in, simulated",
        arguments: suspects)
    func suspect(_ body: String) {
        #expect(fixes(sentence(body)).map(\.isSuspect) == [true])
        #expect(fixes(sentence(rmc)).map(\.isSuspect) == [false])
    }

    @Test(
        "hemispheres and more digits than a centimetre",
        arguments: [
            ("GPGLL,2712.6404,S,15303.1201,E,095257,A,A", -272_106_733, 1_530_520_017), ("GPGLL,0000.0000,N,00000.0000,W,095257,A,A", 0, 0),
            ("GPGLL,5536.1492260,N,3735.8783620,E,095257,A,A", 556_024_871, 375_979_727), ("GPGLL,9000.0,S,18000.0,W,095257,A,A", -900_000_000, -1_800_000_000),
            ("GPGLL,4800,N,00800,E,095257,A,A", 480_000_000, 80_000_000), ("GPGLL,4800.00000000000001,N,00800,E,095257,A", 480_000_000, 80_000_000),
        ])
    func angles(_ body: String, _ latitude: Int64, _ longitude: Int64) {
        #expect(fixes(sentence(body)).map(\.position) == [EventPosition(latitude: latitude, longitude: longitude)])
    }

    @Test("a rolled-over week count gives the receiver's time as it is; the policy flags it")
    func rollover() throws {
        let fix = try #require(fixes(sentence("GPRMC,091232.00,A,4813.0535,N,00824.8697,E,0.00,0.00,220207,,,A")).first)
        #expect(fix.timeMilliseconds == 1_172_135_552_000)
        var policy = FixPolicy(periodMilliseconds: 0)
        let now = EventMoment(wallMilliseconds: 1_172_135_552_000 + 1024 * 7 * 86_400_000, monotonicMilliseconds: 0, clockSource: .ntp)
        #expect(policy.notice(.fix(fix), at: now)?.string.contains("rollover of its 1024-week count") == true)
        let draft = try policy.draft(fix, at: now)
        #expect(draft?.event.flags.contains(.suspectValue) == true)
    }

    @Test("a suspect fix is flagged in its event, an ordinary one is not")
    func flagged() throws {
        let now = EventMoment(wallMilliseconds: 1_791_623_552_000, monotonicMilliseconds: 0, clockSource: .ntp)
        for (body, isFlagged) in [(rmc, false), (suspects[2], true)] {
            var policy = FixPolicy(periodMilliseconds: 0)
            let fix = try #require(fixes(sentence(body)).first)
            let draft = try policy.draft(fix, at: now)
            #expect(draft?.event.flags.contains(.suspectValue) == isFlagged)
        }
    }

    @Test("GGA before midnight's RMC has no date, rather than yesterday's")
    func midnight() {
        let found = fixes(
            sentence("GPRMC,235959.00,A,4813.0535,N,00824.8697,E,,,101026,,,A") + sentence("GPGLL,4813.0535,N,00824.8697,E,000000.00,A,A"))
        #expect(found.map(\.timeMilliseconds) == [1_791_676_799_000, nil])
    }

    @Test("a leap second and a day that is none have no time", arguments: ["235960.00,A,4813.0,N,00824.8,E,,,311226", "091232.00,A,4813.0,N,00824.8,E,,,310226"])
    func noTime(_ body: String) {
        #expect(fixes(sentence("GPRMC," + body + ",,,A")).map(\.timeMilliseconds) == [nil])
    }
}

@Suite("A receiver's line") struct NMEALineTests {
    @Test(
        "a sentence that is not whole is refused",
        arguments: Self.damagedLines)
    func damaged(_ text: String) {
        #expect(reports(text).isEmpty)
    }

    private static let damagedLines: [String] = [
            "$" + rmc + "\r\n", "$" + rmc + "*00\r\n", "$" + rmc + "*G1\r\n", "$" + rmc + "*\r\n", rmc + "*5C\r\n", "$*00\r\n", "$GP*17\r\n", "$\r\n",
            "$" + String(repeating: "A", count: 300) + "\r\n",
            String(sentence(rmc).dropFirst(20)), "$GPRMC,09\u{1}1232.00,A,4813.0535,N,00824.8697,E,0.00,0.00,101026,,,A*5D\r\n",
            sentence("GPRMC" + String(repeating: ",1", count: 30)),
    ]

    @Test("half a line, garbage and a lost line end cost their own sentence alone")
    func resumes() {
        let whole = sentence(gga)
        for noise in ["$GPRMC,0912", "\u{0}\u{7F}\u{3}garbage", "$GPGGA,091231.00,48$", String(whole.dropLast(2))] {
            #expect(fixes(noise + whole).count == 1)
        }
    }

    @Test("no report depends on where the bytes are cut")
    func pieces() {
        let bytes = Array((sentence(rmc) + sentence(gga) + "$GPGSV,x\r\n" + sentence(gga.replacing("091232", with: "091233"))).utf8)
        var whole = NMEASession(nowMilliseconds: 0)
        let expected = whole.receive(bytes.span, nowMilliseconds: 0)
        for cut in bytes.indices {
            var session = NMEASession(nowMilliseconds: 0)
            let head = Array(bytes[..<cut]), tail = Array(bytes[cut...])
            #expect(session.receive(head.span, nowMilliseconds: 0) + session.receive(tail.span, nowMilliseconds: 0) == expected)
        }
    }

    @Test("what ends a moment is learned: from the second on, the fix comes with its last sentence")
    func learns() {
        var session = NMEASession(nowMilliseconds: 0)
        var counts: [Int] = []
        for second in 32...35 {
            for body in [rmc, gga] {
                let bytes = Array(sentence(body.replacing("091232", with: "0912\(second)")).utf8)
                counts.append(session.receive(bytes.span, nowMilliseconds: 0).count)
            }
        }
        // The first moment ends when the second begins.
        #expect(counts == [0, 0, 1, 1, 0, 1, 0, 1])
    }

    @Test("a pause ends a moment, and the deadline asks for it")
    func pause() {
        var session = NMEASession(nowMilliseconds: 0)
        let bytes = Array(sentence(rmc).utf8)
        #expect(session.receive(bytes.span, nowMilliseconds: 100).isEmpty)
        #expect(session.nextDeadline == 350)
        #expect(session.tick(nowMilliseconds: 349) == nil)
        #expect(session.tick(nowMilliseconds: 350) != nil)
        #expect(session.tick(nowMilliseconds: 351) == nil)
    }

    @Test("silence and bytes that are no NMEA are told apart, and both end")
    func condition() {
        var session = NMEASession(nowMilliseconds: 0)
        #expect(session.condition(nowMilliseconds: 9_999) == .starting)
        #expect(session.nextDeadline == 10_000)
        #expect(session.condition(nowMilliseconds: 10_000) == .silent)
        _ = session.tick(nowMilliseconds: 10_000)
        #expect(session.nextDeadline == nil)
        let noise = [UInt8](repeating: 0xB5, count: 80)
        _ = session.receive(noise.span, nowMilliseconds: 20_000)
        #expect(session.condition(nowMilliseconds: 20_000) == .starting)
        _ = session.receive(noise.span, nowMilliseconds: 25_000)
        #expect(session.condition(nowMilliseconds: 25_000) == .garbled)
        let good = Array(sentence("GPGSV,1,1,00").utf8)
        _ = session.receive(good.span, nowMilliseconds: 26_000)
        #expect(session.condition(nowMilliseconds: 26_000) == .heard)
    }

    @Test("binary messages between sentences are no wrong baud rate")
    func mixed() {
        var session = NMEASession(nowMilliseconds: 0)
        let good = Array(sentence("GPGSV,1,1,00").utf8)
        let binary = [UInt8](repeating: 0xB5, count: 3000)
        for second: UInt64 in 0..<30 {
            _ = session.receive(good.span, nowMilliseconds: second * 1000)
            _ = session.receive(binary.span, nowMilliseconds: second * 1000 + 500)
            #expect(session.condition(nowMilliseconds: second * 1000 + 900) == .heard)
        }
    }
}
