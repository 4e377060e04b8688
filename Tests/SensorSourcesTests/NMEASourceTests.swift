import AttestationFormat
import Foundation
import HarborsealTesting
import LogisticsEvents
@testable import SensorSources
import Testing

@Suite("A receiver on a serial device") struct NMEASourceTests {
    private let folder: TemporaryDirectory
    /// The name that stays when the device is plugged in again, as under /dev/serial/by-id.
    private var link: String { folder.file("receiver") }

    init() throws { folder = try TemporaryDirectory(named: "harborseal-serial") }

    private func plugIn() throws -> PseudoTerminal {
        let line = try PseudoTerminal()
        try? FileManager.default.removeItem(atPath: link)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: line.path)
        return line
    }

    private func driver(baud: UInt32 = 9600, period: UInt64 = 0) -> SourceDriver {
        SourceDriver(.nmea(NMEASource(path: UTF8Text(link), baud: baud, periodMilliseconds: period)))
    }

    /// The sentences of one moment; the same second again would be the same moment.
    private static func burst(_ number: Int) -> String {
        let second = 10 + number % 50
        return sentence("GNRMC,0912\(second).00,A,4813.0535,N,00824.8697,E,0.00,0.00,101026,,,A")
            + sentence("GNGGA,0912\(second).00,4813.0535,N,00824.8697,E,1,12,0.7,765.8,M,47.4,M,,")
    }

    @Test("absent, plugged in, pulled out and plugged in again: positions go on, each loss is told once")
    func replugged() throws {
        let driver = driver()
        driver.turn()
        #expect(driver.notices.count == 1 && driver.notices[0].contains("opening failed: No such file or directory"))
        #expect(driver.source.state?.isWorking == false)
        var second = 0
        for round in 1...2 {
            let line = try plugIn()
            let before = driver.events.count
            // Sent again until the device is open: what comes before is not the program's.
            let isHeard = driver.turn {
                line.send(Self.burst(second))
                second += 1
                return driver.events.count > before
            }
            #expect(isHeard, "round \(round)")
            let view = try EventView(parsing: try #require(driver.events.last).bytes)
            #expect(view.kind == .number(31))
            #expect(view.position == EventPosition(latitude: 482_175_583, longitude: 84_144_950, accuracyMillimetres: 13_300, altitudeMillimetres: 813_200))
            #expect(driver.source.state?.isWorking == true)
            line.unplug()
            #expect(driver.turn { driver.source.state?.isWorking == false })
        }
        #expect(driver.notices.count { $0.contains("is gone") } == 2)
        #expect(driver.notices.count { $0.contains("is there again") } == 2)
    }

    @Test("no device: asked for again with growing pauses, without spinning")
    func absent() {
        let driver = driver()
        let end = SourceDriver.now() + 2500
        while SourceDriver.now() < end { driver.turn(milliseconds: 500) }
        #expect(driver.notices.count == 1)
        #expect(driver.turnCount < 12)
    }

    @Test("a silent device is told after 10 s and costs no turns")
    func silent() throws {
        let line = try plugIn()
        let driver = driver()
        let end = SourceDriver.now() + 60_000
        while driver.notices.isEmpty, SourceDriver.now() < end { driver.turn(milliseconds: 5000) }
        #expect(driver.notices == ["nmea: \(link) is silent for 10 s: check the receiver's power and wiring"])
        #expect(driver.source.state?.isWorking == false)
        #expect(driver.turnCount < 8)
        withExtendedLifetime(line) {}
    }

    @Test("bytes at another baud rate are told with the rate that was tried")
    func garbled() throws {
        let line = try plugIn()
        let driver = driver(baud: 4800)
        let end = SourceDriver.now() + 60_000
        while SourceDriver.now() < end, driver.source.state?.isWorking != false || driver.notices.isEmpty {
            line.send([UInt8](repeating: 0xF8, count: 40))
            driver.turn(milliseconds: 200)
            usleep(100_000)
        }
        #expect(driver.notices.count == 1 && driver.notices[0].contains("no NMEA at 4800 baud: set baud"))
        #expect(driver.source.state?.text.string.contains("4800 baud") == true)
        let isUnderstood = driver.turn {
            line.send(Self.burst(32))
            return driver.source.state?.isWorking == true
        }
        #expect(isUnderstood)
    }

    @Test("what is no serial device is refused in words", arguments: [("/dev/null", "no serial device"), ("/tmp", "no serial device"), ("/no/such", "No such file or directory; check the path, the device's group, and that the service has examples/devices.conf")])
    func refused(_ path: String, _ words: String) {
        let driver = SourceDriver(.nmea(NMEASource(path: UTF8Text(path), baud: 9600, periodMilliseconds: 0)))
        driver.turn()
        #expect(driver.notices.count == 1 && driver.notices[0].contains(words))
    }

    @Test("at most one event a period; none while the journal has no room, and then the newest")
    func period() throws {
        let line = try plugIn()
        let driver = driver(period: 60_000)
        driver.eventRoom = 0
        var second = 0
        func send(until condition: () -> Bool) -> Bool {
            driver.turn {
                line.send(Self.burst(second))
                second += 1
                return condition()
            }
        }
        #expect(send { driver.source.state?.text == UTF8Text("a position is known") })
        #expect(driver.events.isEmpty)
        driver.eventRoom = 10
        #expect(send { !driver.events.isEmpty })
        for _ in 0..<5 {
            line.send(Self.burst(second))
            second += 1
            driver.turn(milliseconds: 50)
        }
        #expect(driver.events.count == 1)
    }

    @Test("the recording of a moving vehicle, through a serial line, gives its positions", .enabled(if: TestData.isPresent, "needs the reference data of ../shared/data (or TEST_DATA)"))
    func recorded() throws {
        let line = try plugIn()
        let driver = driver()
        driver.turn()
        var rest = try TestData.bytes("gnss/bundg_zeus_9.log")[...]
        while !rest.isEmpty {
            rest = rest.dropFirst(line.send(Array(rest.prefix(1024))))
            driver.turn(milliseconds: 20)
        }
        #expect(driver.turn { driver.events.count == 149 })
        // 2018: this program is younger than the recording. Of the first moment nothing told the date yet, so nothing is wrong with it.
        let isSuspect = try driver.events.map { try EventView(parsing: $0.bytes).flags.contains(.suspectValue) }
        #expect(isSuspect == [false] + [Bool](repeating: true, count: 148))
    }
}
