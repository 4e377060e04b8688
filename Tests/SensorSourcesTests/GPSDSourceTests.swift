import AttestationFormat
import CPosixShims
import Foundation
import HarborsealTesting
import LogisticsEvents
@testable import SensorSources
import Testing

@Suite("gpsd over TCP") struct GPSDSourceTests {
    @Test("a daemon that is absent, comes, goes and comes again: positions go on")
    func reconnects() throws {
        let listener = posix_tcp_listen_loopback(0, 1)
        defer { _ = posix_socket_close(listener) }
        let port = posix_socket_local_port(listener)
        let driver = SourceDriver(.gpsd(GPSDSource(port: port, periodMilliseconds: 0)))
        for round in 1...2 {
            var accepted: Int32 = -1
            #expect(driver.turn { accepted = posix_socket_accept(listener); return accepted >= 0 })
            let daemon = TestClient(owning: accepted)
            daemon.send("{\"class\":\"VERSION\",\"release\":\"3.22\"}\n")
            #expect(driver.turn { daemon.lines.contains { $0.hasPrefix("?WATCH=") } })
            daemon.send("{\"class\":\"TPV\",\"mode\":3,\"lat\":22.3,\"lon\":114.1}\n")
            #expect(driver.turn { driver.events.count == round })
        }
        let view = try EventView(parsing: driver.events[1].bytes)
        #expect(view.position == EventPosition(latitude: 223_000_000, longitude: 1_141_000_000))
        #expect(view.kind == .number(31))
        #expect(driver.notices.contains { $0.contains("closed the connection") })
    }

    @Test("no daemon: told once, called again with growing pauses, without spinning")
    func absent() {
        let listener = posix_tcp_listen_loopback(0, 1)
        let port = posix_socket_local_port(listener)
        _ = posix_socket_close(listener)
        let driver = SourceDriver(.gpsd(GPSDSource(port: port, periodMilliseconds: 0)))
        let end = SourceDriver.now() + 2500
        while SourceDriver.now() < end { driver.turn(milliseconds: 500) }
        #expect(driver.notices.count == 1)
        #expect(driver.turnCount < 20)
    }

    @Test(
        "Debian's gpsd on a recording of a moving vehicle gives positions in the Netherlands",
        .enabled(
            if: TestData.isPresent && FileManager.default.isExecutableFile(atPath: "/usr/bin/gpsfake"),
            "needs gpsfake (Debian: gpsd, gpsd-clients) and the reference data of ../shared/data"))
    func realDaemon() throws {
        // A port that was free a moment ago.
        let listener = posix_tcp_listen_loopback(0, 1)
        let port = posix_socket_local_port(listener)
        _ = posix_socket_close(listener)
        let fake = Process()
        fake.executableURL = URL(fileURLWithPath: "/usr/bin/gpsfake")
        fake.arguments = ["-q", "-P", "\(port)", "-c", "0.02", TestData.url("gnss/bundg_zeus_9.log").path]
        fake.standardOutput = FileHandle.nullDevice
        fake.standardError = FileHandle.nullDevice
        try fake.run()
        defer {
            // The daemon is gpsfake's child, and would outlive it; both inherit blocked signals from the test runner.
            let path = "/proc/\(fake.processIdentifier)/task/\(fake.processIdentifier)/children"
            let children = (try? String(contentsOfFile: path, encoding: .ascii))?.split(separator: " ") ?? []
            for child in children.compactMap({ Int32($0) }) { kill(child, SIGKILL) }
            kill(fake.processIdentifier, SIGKILL)
            fake.waitUntilExit()
        }
        let driver = SourceDriver(.gpsd(GPSDSource(port: port, periodMilliseconds: 0)))
        let end = SourceDriver.now() + 120_000
        while driver.events.count < 30, SourceDriver.now() < end { driver.turn() }
        #expect(driver.events.count >= 30)
        for event in driver.events {
            let position = try #require(try EventView(parsing: event.bytes).position)
            #expect((528_000_000...529_000_000).contains(position.latitude))
            #expect((52_000_000...54_000_000).contains(position.longitude))
        }
        // The daemon's first reports have no error estimate, and without one no height is written.
        let hasHeight = driver.events.contains { (try? EventView(parsing: $0.bytes))?.position?.altitudeMillimetres != nil }
        #expect(hasHeight)
    }
}
