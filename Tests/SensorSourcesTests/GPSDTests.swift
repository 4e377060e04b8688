import AttestationFormat
import CPosixShims
import Foundation
import HarborsealTesting
import LogisticsEvents
@testable import SensorSources
import Testing

private func report(_ line: String) throws -> GPSDReport {
    var parser = GPSDParser()
    let bytes = Array(line.utf8)
    return try parser.parse(bytes.span)
}

private func moment(_ wall: UInt64 = 1_795_327_388_000, _ monotonic: UInt64 = 0) -> EventMoment {
    EventMoment(wallMilliseconds: wall, monotonicMilliseconds: monotonic, clockSource: .ntp)
}

@Suite("gpsd's reports") struct GPSDParserTests {
    @Test("a fix has its position in 1e-7 degrees, accuracy, height above the ellipsoid and time")
    func fix() throws {
        let found = try report(
            #"{"class":"TPV","mode":3,"time":"2023-06-28T14:52:12.000Z","lat":55.602487149,"lon":-37.59797275,"altHAE":206.1210,"altMSL":192.75,"eph":28.568}"#)
        #expect(
            found
                == .place(.fix(
                    PositionFix(
                        mode: 3,
                        position: EventPosition(
                            latitude: 556_024_871, longitude: -375_979_728, accuracyMillimetres: 28568,
                            altitudeMillimetres: 206_121),
                        timeMilliseconds: 1_687_963_932_000))))
    }

    @Test(
        "what has no fix gives no position",
        arguments: [
            #"{"class":"TPV","mode":0}"#, #"{"class":"TPV","mode":1,"lat":1,"lon":2}"#, #"{"class":"TPV"}"#,
            #"{"class":"TPV","mode":3}"#, #"{"class":"TPV","mode":2,"lat":1}"#,
        ])
    func noFix(_ line: String) throws {
        guard case .place(.noFix) = try report(line) else {
            Issue.record("a position from \(line)")
            return
        }
    }

    @Test(
        "values that cannot be are refused",
        arguments: [
            #"{"class":"TPV","mode":"3"}"#, #"{"class":"TPV","mode":3,"lat":"1","lon":2}"#,
            #"{"class":"TPV","mode":3,"lat":90.1,"lon":2}"#, #"{"class":"TPV","mode":3,"lat":1,"lon":181}"#,
            #"{"class":"TPV","mode":4,"lat":1,"lon":2}"#, #"{"class":"TPV","mode":1e999}"#,
            #"{"class":"TPV","mode":3,"lat":nan,"lon":2}"#, #"{"class":"TPV","mode":3,"mode":2}"#, "$GPRMC,1", "", "{}x",
        ])
    func refuses(_ line: String) {
        #expect(throws: SourceError.self) { try report(line) }
    }

    @Test("greeting, sky and refusal are understood, the rest is left alone")
    func others() throws {
        #expect(try report(#"{"class":"VERSION","release":"3.22"}"#) == .version("3.22"))
        #expect(try report(#"{"class":"SKY","uSat":7,"nSat":12,"satellites":[]}"#) == .sky(used: 7, seen: 12))
        #expect(try report(#"{"class":"ERROR","message":"no"}"#) == .failure("no"))
        #expect(try report(#"{"class":"DEVICES","devices":[]}"#) == .other)
        #expect(try report("{}") == .other)
        #expect(try report(#"{"class":7}"#) == .other)
    }

    @Test("receivers that say no time have none")
    func noTime() throws {
        for time in ["0000-00-00T00:00:00Z", "", "soon"] {
            guard case .place(.fix(let fix)) = try report(#"{"class":"TPV","mode":2,"lat":1,"lon":2,"time":"\#(time)"}"#) else { continue }
            #expect(fix.timeMilliseconds == nil)
        }
    }

    @Test(
        "every report in the six recordings is understood",
        .enabled(if: TestData.isPresent, "needs the reference data of ../shared/data (or TEST_DATA)"),
        arguments: TestData.names(in: "gnss", suffix: ".chk"))
    func recordings(_ name: String) throws {
        let text = String(decoding: try TestData.bytes("gnss/" + name), as: UTF8.self)
        var (fixes, lines) = (0, 0)
        for line in text.split(whereSeparator: \.isNewline) where line.hasPrefix("{") {
            lines += 1
            if case .place(.fix(let fix)) = try report(String(line)) {
                fixes += 1
                var policy = FixPolicy(periodMilliseconds: 0)
                _ = try policy.draft(fix, at: moment())?.encoded(salt: [])
            }
        }
        #expect(lines > 0)
        // Where the daemon sees a mode of 2 or 3 with a position, so do we.
        let expected = text.split(whereSeparator: \.isNewline).filter {
            $0.contains(#""class":"TPV""#) && ($0.contains(#""mode":2"#) || $0.contains(#""mode":3"#)) && $0.contains(#""lat":"#)
        }.count
        #expect(fixes == expected)
    }
}

@Suite("What becomes of a fix") struct FixPolicyTests {
    private func fix(_ time: UInt64?) -> PositionFix {
        PositionFix(mode: 3, position: EventPosition(latitude: 1, longitude: 2), timeMilliseconds: time)
    }

    @Test("one event a period")
    func period() throws {
        var policy = FixPolicy(periodMilliseconds: 10_000)
        #expect(try policy.draft(fix(nil), at: moment(1_795_327_388_000, 100)) != nil)
        #expect(try policy.draft(fix(nil), at: moment(1_795_327_388_000, 10_099)) == nil)
        #expect(try policy.draft(fix(nil), at: moment(1_795_327_388_000, 10_100)) != nil)
    }

    @Test("a time before this program, and one that a good clock contradicts, are flagged; the position is kept")
    func suspect() throws {
        let now: UInt64 = 1_795_327_388_000
        let rollover: UInt64 = 1024 * 7 * 86_400_000
        for (time, isSuspect) in [
            (now, false), (now + 1000, false), (now - rollover, true), (now + 2 * 86_400_000, true), (0, true), (nil, false),
        ] as [(UInt64?, Bool)] {
            var policy = FixPolicy(periodMilliseconds: 0)
            let draft = try policy.draft(fix(time), at: moment(now))
            #expect(draft?.event.flags.contains(.suspectValue) == isSuspect)
            #expect(draft?.event.position != nil)
        }
        var policy = FixPolicy(periodMilliseconds: 0)
        let notice = policy.notice(.fix(fix(now - rollover)), at: moment(now))
        #expect(notice?.string.contains("1024-week") == true)
        // A clock that nobody sets is no measure: only times before this program are impossible then.
        var lost = moment(1000)
        lost.isUnsynchronised = true
        #expect(FixPolicy.isPlausible(now, at: lost))
        #expect(!FixPolicy.isPlausible(now - rollover, at: lost))
    }

    @Test("a fix lost and found is told once each")
    func notices() {
        var policy = FixPolicy(periodMilliseconds: 0)
        #expect(policy.notice(.noFix(mode: 1), at: moment()) != nil)
        #expect(policy.notice(.noFix(mode: 1), at: moment()) == nil)
        #expect(policy.notice(.fix(fix(nil)), at: moment()) != nil)
        #expect(policy.notice(.fix(fix(nil)), at: moment()) == nil)
        #expect(policy.notice(.noFix(mode: 0), at: moment()) != nil)
    }
}

@Suite("A session with gpsd") struct GPSDSessionTests {
    @Test("lines in pieces of any size give the same reports; a line too long is dropped and told once")
    func pieces() {
        let text = Array(
            ("{\"class\":\"VERSION\",\"release\":\"3\"}\r\n\n" + String(repeating: "x", count: 40_000) + "\n{\"class\":\"TPV\",\"mode\":1}\nbad\n").utf8)
        for size in [1, 7, 1000, 100_000] {
            var session = GPSDSession(nowMilliseconds: 0)
            var actions: [GPSDSession.Action] = []
            var start = 0
            while start < text.count {
                let end = min(start + size, text.count)
                let piece = Array(text[start..<end])
                actions += session.receive(piece.span, nowMilliseconds: 0)
                start = end
            }
            #expect(actions.count == 4)
            #expect(actions[0] == .report(.version("3")))
            #expect(actions[2] == .report(.place(.noFix(mode: 1))))
        }
    }

    @Test("silence is asked after a minute, and given up ten seconds later; any byte ends it")
    func silence() {
        var session = GPSDSession(nowMilliseconds: 1000)
        #expect(session.tick(nowMilliseconds: 60_999) == nil)
        #expect(session.tick(nowMilliseconds: 61_000) == .send(Array("?VERSION;\n".utf8)))
        #expect(session.tick(nowMilliseconds: 70_999) == nil)
        #expect(session.tick(nowMilliseconds: 71_000) == .giveUp)
        _ = session.receive([0x20].span, nowMilliseconds: 70_000)
        #expect(session.tick(nowMilliseconds: 71_000) == nil)
    }
}
