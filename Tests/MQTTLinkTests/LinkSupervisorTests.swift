import MQTTLink
import Testing

/// Whole journeys of the supervisor without socket or clock.
@Suite struct LinkSupervisorTests {
    private func opened(brokers: Int = 1, prefersVersion5: Bool = true) -> LinkSupervisor {
        var supervisor = LinkSupervisor(brokerCount: brokers, prefersVersion5: prefersVersion5)
        supervisor.start(nowMilliseconds: 0)
        _ = supervisor.timePassed(nowMilliseconds: 0, progressMilliseconds: nil, random: 0)
        return supervisor
    }

    private func deadline(_ supervisor: LinkSupervisor) -> Int64 {
        supervisor.nextDeadlineMilliseconds(progressMilliseconds: nil) ?? -1
    }

    private func expect(
        _ action: LinkAction, at nowMilliseconds: Int64, progress: Int64? = nil, of supervisor: inout LinkSupervisor,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let answer = supervisor.timePassed(nowMilliseconds: nowMilliseconds, progressMilliseconds: progress, random: 0)
        #expect(answer == action, sourceLocation: sourceLocation)
    }

    @Test("nothing is done before the start") func notStarted() {
        var supervisor = LinkSupervisor(brokerCount: 1)
        #expect(supervisor.nextDeadlineMilliseconds(progressMilliseconds: nil) == nil)
        expect(.nothing, at: 99, of: &supervisor)
        let answer = supervisor.failed(LinkCause(.connectionLost), nowMilliseconds: 99, random: 0)
        #expect(answer == .nothing)
    }

    @Test("the first attempt is due at once, with MQTT 5") func firstAttempt() {
        var supervisor = LinkSupervisor(brokerCount: 2)
        supervisor.start(nowMilliseconds: 5)
        expect(.open(brokerIndex: 0, version: .v5), at: 5, of: &supervisor)
    }

    @Test("the back-off ceiling doubles from 1 s to 5 min, and full jitter spreads below it", arguments: [
        (0, 100, 1_000), (1, 200, 2_000), (2, 400, 4_000), (7, 12_800, 128_000), (8, 25_600, 256_000), (9, 30_000, 300_000),
        (40, 30_000, 300_000),
    ] as [(Int, Int64, Int64)])
    func backoff(failures: Int, least: Int64, most: Int64) {
        for (random, expected) in [(0, least), (UInt64(most - least), most)] as [(UInt64, Int64)] {
            var supervisor = opened()
            var now: Int64 = 0
            for _ in 0..<failures {
                _ = supervisor.failed(LinkCause(.networkError), nowMilliseconds: now, random: 0)
                now = deadline(supervisor)
                _ = supervisor.timePassed(nowMilliseconds: now, progressMilliseconds: nil, random: 0)
            }
            _ = supervisor.failed(LinkCause(.networkError), nowMilliseconds: now, random: random)
            #expect(deadline(supervisor) - now == expected)
        }
    }

    @Test("random waits of a fleet differ: no two in a hundred gateways come back in the same 10 ms") func jitter() {
        var waits: Set<Int64> = []
        for gateway in 0..<100 {
            var supervisor = opened()
            _ = supervisor.failed(LinkCause(.networkError), nowMilliseconds: 0, random: UInt64(gateway) &* 0x9E37_79B9_7F4A_7C15)
            waits.insert(deadline(supervisor) / 10)
        }
        #expect(waits.count > 50)
    }

    @Test("several brokers are tried in turn, and the ceiling grows by rounds") func turns() {
        var supervisor = opened(brokers: 3)
        var (now, indices, waits): (Int64, [Int], [Int64]) = (0, [], [])
        for _ in 0..<6 {
            _ = supervisor.failed(LinkCause(.networkError), nowMilliseconds: now, random: 900)
            waits.append(deadline(supervisor) - now)
            now = deadline(supervisor)
            guard case .open(let index, _) = supervisor.timePassed(nowMilliseconds: now, progressMilliseconds: nil, random: 0)
            else { Issue.record("no attempt"); return }
            indices.append(index)
        }
        #expect(indices == [1, 2, 0, 1, 2, 0])
        #expect(waits == [1_000, 1_000, 1_000, 1_100, 1_100, 1_100])
    }

    @Test("10 s without CONNACK close the client") func noConnack() {
        var supervisor = opened()
        expect(.nothing, at: 9_999, of: &supervisor)
        expect(.close(LinkCause(.noAnswer), wasConnected: false), at: 10_000, of: &supervisor)
    }

    @Test("a refused MQTT 5 is followed by 3.1.1 at the same broker, at once; refused too, by a wait") func versionFallback() {
        var supervisor = opened(brokers: 2)
        let refusal = LinkCause(.versionRefused, reason: 0x84)
        let answer = supervisor.failed(refusal, nowMilliseconds: 7, random: 0)
        #expect(answer == .close(refusal, wasConnected: false))
        expect(.open(brokerIndex: 0, version: .v3_1_1), at: 7, of: &supervisor)
        _ = supervisor.failed(LinkCause(.versionRefused, reason: 1), nowMilliseconds: 9, random: 0)
        #expect(deadline(supervisor) > 9)
        #expect(supervisor.version == .v5)
        expect(.open(brokerIndex: 1, version: .v5), at: 10_000, of: &supervisor)
    }

    @Test("a broker that closes on MQTT 5 twice is asked with 3.1.1, and with 5 again once that connection ended") func silentFallback() {
        var supervisor = opened()
        var versions: [MQTTVersion] = []
        var now: Int64 = 0
        for _ in 0..<5 {
            _ = supervisor.failed(LinkCause(.closedBeforeAnswer), nowMilliseconds: now, random: 0)
            now = deadline(supervisor)
            if case .open(_, let version) = supervisor.timePassed(nowMilliseconds: now, progressMilliseconds: nil, random: 0) {
                versions.append(version)
            }
        }
        #expect(versions == [.v5, .v3_1_1, .v3_1_1, .v5, .v5])
        _ = supervisor.failed(LinkCause(.closedBeforeAnswer), nowMilliseconds: now, random: 0)
        now = deadline(supervisor)
        _ = supervisor.timePassed(nowMilliseconds: now, progressMilliseconds: nil, random: 0)
        #expect(supervisor.version == .v3_1_1)
        supervisor.wasAccepted(nowMilliseconds: now)
        _ = supervisor.failed(LinkCause(.connectionLost), nowMilliseconds: now + 60_000, random: 0)
        #expect(supervisor.version == .v5)
        _ = supervisor.timePassed(nowMilliseconds: now + 90_000, progressMilliseconds: nil, random: 0)
        _ = supervisor.failed(LinkCause(.closedBeforeAnswer), nowMilliseconds: now + 90_000, random: 0)
        #expect(supervisor.version == .v3_1_1)
    }

    @Test("a version that the broker refused in words stays refused") func refusalIsRemembered() {
        var supervisor = opened()
        _ = supervisor.failed(LinkCause(.versionRefused), nowMilliseconds: 0, random: 0)
        _ = supervisor.timePassed(nowMilliseconds: 0, progressMilliseconds: nil, random: 0)
        supervisor.wasAccepted(nowMilliseconds: 1)
        _ = supervisor.failed(LinkCause(.connectionLost), nowMilliseconds: 60_000, random: 0)
        #expect(supervisor.version == .v3_1_1)
    }

    @Test("a stable connection makes the back-off begin again, a short one does not", arguments: [
        (29_999, 400), (30_000, 100),
    ] as [(Int64, Int64)])
    func stability(ageMilliseconds: Int64, expectedWait: Int64) {
        var supervisor = opened()
        var now: Int64 = 0
        for _ in 0..<2 {
            _ = supervisor.failed(LinkCause(.networkError), nowMilliseconds: now, random: 0)
            now = deadline(supervisor)
            _ = supervisor.timePassed(nowMilliseconds: now, progressMilliseconds: nil, random: 0)
        }
        supervisor.wasAccepted(nowMilliseconds: now)
        let end = now + ageMilliseconds
        _ = supervisor.failed(LinkCause(.closedByBroker), nowMilliseconds: end, random: 0)
        #expect(deadline(supervisor) - end == expectedWait)
    }

    @Test("a client taken over three times within an hour says that another one uses its identity") func eviction() {
        var supervisor = opened()
        var (now, shared): (Int64, [Bool]) = (0, [])
        for _ in 0..<4 {
            supervisor.wasAccepted(nowMilliseconds: now)
            now += 60_000   // each connection is stable: the count must not depend on quick repetition
            _ = supervisor.failed(LinkCause(.takenOver, reason: 0x8E), nowMilliseconds: now, random: 0)
            shared.append(supervisor.cause.text.contains("another client uses this identity"))
            now = deadline(supervisor)
            _ = supervisor.timePassed(nowMilliseconds: now, progressMilliseconds: nil, random: 0)
        }
        #expect(shared == [false, false, true, true])
    }

    @Test("takeovers hours apart are no suspicion, and their back-off begins again") func rareTakeovers() {
        var supervisor = opened()
        var now: Int64 = 0
        for _ in 0..<6 {
            supervisor.wasAccepted(nowMilliseconds: now)
            now += 3_700_000
            _ = supervisor.failed(LinkCause(.takenOver), nowMilliseconds: now, random: 0)
            #expect(!supervisor.cause.isIdentityShared)
            #expect(deadline(supervisor) - now == 100)
            now = deadline(supervisor)
            _ = supervisor.timePassed(nowMilliseconds: now, progressMilliseconds: nil, random: 0)
        }
    }

    @Test("two keep-alive times of silence, as after a suspend, end the connection") func silence() {
        var supervisor = opened()
        supervisor.wasAccepted(nowMilliseconds: 0)
        supervisor.heard(nowMilliseconds: 50_000)
        expect(.nothing, at: 169_999, of: &supervisor)
        expect(.close(LinkCause(.silence), wasConnected: true), at: 170_000, of: &supervisor)
    }

    @Test("a minute without progress while something is under way ends the connection") func noProgress() {
        var supervisor = opened()
        supervisor.wasAccepted(nowMilliseconds: 0)
        supervisor.heard(nowMilliseconds: 60_000)
        expect(.nothing, at: 60_999, progress: 1_000, of: &supervisor)
        expect(.close(LinkCause(.noProgress), wasConnected: true), at: 61_000, progress: 1_000, of: &supervisor)
    }

    @Test("a stopped supervisor stays down until it is started") func stop() {
        var supervisor = opened()
        supervisor.wasAccepted(nowMilliseconds: 1)
        supervisor.stop()
        #expect(!supervisor.isConnected)
        expect(.nothing, at: 1_000_000, of: &supervisor)
        supervisor.start(nowMilliseconds: 2_000_000)
        expect(.open(brokerIndex: 0, version: .v5), at: 2_000_000, of: &supervisor)
    }

    @Test("a thousand failures in a row never wait longer than the last ceiling or less than a tenth of the first") func bounds() {
        var supervisor = opened(brokers: 2)
        var now: Int64 = 0
        for step in 0..<1_000 {
            _ = supervisor.failed(LinkCause(.tlsFailed), nowMilliseconds: now, random: UInt64(step) &* 0x5851_F42D_4C95_7F2D)
            let wait = deadline(supervisor) - now
            #expect(wait >= 100 && wait <= 300_000)
            now = deadline(supervisor)
            _ = supervisor.timePassed(nowMilliseconds: now, progressMilliseconds: nil, random: 0)
        }
    }
}
