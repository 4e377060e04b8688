import AttestationFormat
import Foundation
import HarborsealTesting
import Testing

/// Recorded receivers through the real gpsd into the release build of the agent: what is in its journal is what each `.chk` states.
@Suite(
    .serialized, .timeLimit(.minutes(3)),
    .enabled(
        if: TestData.isPresent && FileManager.default.isExecutableFile(atPath: "/usr/bin/gpsfake"),
        "needs gpsfake (Debian: gpsd, gpsd-clients) and the reference data of ../shared/data (or TEST_DATA)"))
struct RecordedReceiverTests {
    struct Recording: Sendable, CustomTestStringConvertible {
        let name: String
        /// Fixes to wait for; the recording has more.
        let fixCount: Int
        /// Seconds between two sentences: the agent takes ten positions a second at most.
        let pause: String
        /// Modes that must be among them.
        let modes: Set<Int>
        /// Rectangle of the whole recording in whole degrees, worked out by hand: latitude, longitude.
        let south: Int64, west: Int64
        var testDescription: String { name }

        static let all = [
            // A u-blox receiver in its own binary protocol with GPS and GLONASS, in Moscow: from no fix over two dimensions to three.
            Recording(name: "ublox-glo", fixCount: 100, pause: "0.01", modes: [2, 3], south: 55, west: 37),
            // An LTE modem from a cold start, moving, on the coast of Turkey: no fix for most of the first half.
            Recording(name: "quectel-eg25-g", fixCount: 30, pause: "0.03", modes: [3], south: 36, west: 31),
        ]
    }

    /// One fix in the units of an event: degrees by 10^7, millimetres, milliseconds.
    struct Fix: Hashable {
        /// Nil until the daemon has heard a date.
        var timeMilliseconds: Int64?
        var mode: Int64
        var latitude: Int64
        var longitude: Int64
        /// Of three dimensions, and with an accuracy only: the list of a position is by place.
        var altitudeMillimetres: Int64?
        var accuracyMillimetres: UInt64?
    }

    private struct StatedFix: Decodable {
        let mode: Int64?
        let time: String?
        let lat: Double?
        let lon: Double?
        let altHAE: Double?
        let eph: Double?
    }

    /// What the `.chk` states, by time.
    private func stated(_ recording: Recording) throws -> [Int64?: Set<Fix>] {
        let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        var fixes: [Int64?: Set<Fix>] = [:]
        for line in try TestData.bytes("gnss/\(recording.name).log.chk").split(separator: 0x0A)
        where line.starts(with: Array(#"{"class":"TPV""#.utf8)) {
            let said = try JSONDecoder().decode(StatedFix.self, from: Data(line))
            guard let mode = said.mode, mode >= 2, let latitude = said.lat, let longitude = said.lon else { continue }
            let milliseconds = try said.time.map { Int64((try Date($0, strategy: format).timeIntervalSince1970 * 1_000).rounded()) }
            fixes[milliseconds, default: []].insert(
                Fix(
                    timeMilliseconds: milliseconds, mode: mode, latitude: Int64((latitude * 1e7).rounded()),
                    longitude: Int64((longitude * 1e7).rounded()),
                    altitudeMillimetres: mode == 3 && said.eph != nil ? said.altHAE.map { Int64(($0 * 1_000).rounded()) } : nil,
                    accuracyMillimetres: said.eph.map { UInt64(($0 * 1_000).rounded()) }))
        }
        return fixes
    }

    /// Debian's gpsd at that port, with the recording as its receiver.
    private func play(_ recording: Recording, _ port: UInt16, _ folder: ScratchFolder) throws -> ChildProcess {
        let words = ["/usr/bin/gpsfake", "-q", "-1", "-P", "\(port)", "-c", recording.pause, TestData.url("gnss/\(recording.name).log").path]
        return try ChildProcess(words, logFile: folder.file("gpsfake"))
    }

    /// The daemon is gpsfake's child with a session of its own, and would outlive it.
    private func end(_ fake: ChildProcess) {
        let path = "/proc/\(fake.processID)/task/\(fake.processID)/children"
        let children = (try? String(contentsOfFile: path, encoding: .ascii))?.split(separator: " ") ?? []
        for child in children.compactMap({ pid_t($0) }) { kill(child, SIGKILL) }
        fake.kill()
    }

    @Test("each position that the agent records of gpsd is one that the recording's .chk states, to the unit", arguments: Recording.all)
    func positions(_ recording: Recording) throws {
        let folder = try ScratchFolder(named: "hs-gpsd")
        let port = try LoopbackPort.free()
        let agent = try RunningAgent(
            try Alliance.ofOneNode(), brokerPorts: [],
            settings: RunningAgent.quick + ["source.gps.type=gpsd", "source.gps.port=\(port)", "source.gps.period=100 ms"])
        // Last: the recording is played once, whether somebody hears it or not.
        let fake = try play(recording, port, folder)
        defer { end(fake) }
        try agent.start()
        try wait(until: "\(recording.fixCount) fixes", seconds: 60, everyMilliseconds: 100, instead: { agent.tail + fake.log }) {
            agent.status.map { $0.journal.events > UInt64(recording.fixCount) } ?? false
        }
        let said = try agent.command("doctor").output
        #expect(said.contains("ok       source gps: "), "\(said)")
        #expect(agent.log.contains("connected to gpsd 3."), "\(agent.tail)")
        agent.terminate()

        let stated = try stated(recording)
        let events = try agent.storedEvents().filter { $0.kind == 31 }
        #expect(events.count >= recording.fixCount)
        var modes: Set<Int> = []
        var times: [Int64] = []
        for event in events {
            let position = try #require(event.view.position)
            let time = event.number("fix-time-ms")
            let mode = try #require(event.number("fix-mode"))
            let fix = Fix(
                timeMilliseconds: time, mode: mode, latitude: position.latitude, longitude: position.longitude,
                altitudeMillimetres: position.altitudeMillimetres, accuracyMillimetres: position.accuracyMillimetres)
            #expect(stated[time, default: []].contains(fix), "\(fix): \(stated[time, default: []])")
            // Not of the .chk: 1 degree is 10^7.
            #expect(position.latitude / 10_000_000 == recording.south && position.longitude / 10_000_000 == recording.west)
            // The recording is older than this program: a time that no receiver can have now.
            #expect(event.view.flags.contains(.suspectValue) == (time != nil), "\(event.view.flags)")
            modes.insert(Int(mode))
            if let time { times.append(time) }
        }
        #expect(modes.isSuperset(of: recording.modes), "\(modes)")
        #expect(times == times.sorted() && Set(times).count > recording.fixCount / 2, "the fixes move on")
    }
}
