import DeviceCrypto
import Foundation
import HarborsealTesting
import Testing

@testable import AgentRuntime

@Suite("When the link certificate is renewed")
struct RenewalScheduleTests {
    private static let day: Int64 = 86_400
    private static let certificate = Result {
        let client = try TestCertificates().client("acme.gw-1", firm: "acme")
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: client.certificateFile)))
        return try UnverifiedCertificate(pemOrDER: bytes)
    }

    /// `#expect` calls no mutating method of a value.
    private final class Bench {
        var schedule: RenewalSchedule
        init(_ schedule: RenewalSchedule) { self.schedule = schedule }

        func isDue(time: BelievedTime, isConnected: Bool, monotonicMilliseconds: UInt64) -> Bool {
            schedule.isDue(time: time, isConnected: isConnected, monotonicMilliseconds: monotonicMilliseconds)
        }

        func ended(succeeded: Bool, isLasting: Bool, monotonicMilliseconds: UInt64, random: UInt64) {
            schedule.ended(succeeded: succeeded, isLasting: isLasting, monotonicMilliseconds: monotonicMilliseconds, random: random)
        }

        var dueSeconds: Int64? { schedule.dueSeconds }
        var earliestMilliseconds: UInt64 { schedule.earliestMilliseconds }
    }

    private static func schedule(jitter: UInt8 = 0) throws -> Bench {
        Bench(RenewalSchedule(certificate: try certificate.get(), jitter: jitter))
    }

    @Test("two thirds of its life are over, and jitter adds at most a thirtieth", arguments: [0, 1, 128, 255] as [UInt8])
    func due(jitter: UInt8) throws {
        let schedule = try Self.schedule(jitter: jitter)
        let begin = try Self.certificate.get().notBeforeSeconds
        let due = begin + 20 * Self.day + Self.day * Int64(jitter) / 256
        #expect(schedule.dueSeconds == due)
        #expect(!schedule.isDue(time: .clock(due - 1), isConnected: true, monotonicMilliseconds: 0))
        #expect(schedule.isDue(time: .clock(due), isConnected: true, monotonicMilliseconds: 0))
        #expect(schedule.isDue(time: .clock(begin + 60 * Self.day), isConnected: false, monotonicMilliseconds: 0), "30 days late")
        #expect(!schedule.isDue(time: .clock(begin + 60 * Self.day + 1), isConnected: false, monotonicMilliseconds: 0), "later")
    }

    @Test("with a clock that was never set, only a link that stays down for ten minutes asks")
    func unsetClock() throws {
        let schedule = try Self.schedule()
        #expect(!schedule.isDue(time: .notBefore(0), isConnected: true, monotonicMilliseconds: 0))
        #expect(!schedule.isDue(time: .notBefore(0), isConnected: false, monotonicMilliseconds: 1_000))
        #expect(!schedule.isDue(time: .notBefore(0), isConnected: false, monotonicMilliseconds: 600_999))
        #expect(!schedule.isDue(time: .notBefore(0), isConnected: true, monotonicMilliseconds: 601_000), "up for a moment")
        #expect(!schedule.isDue(time: .notBefore(0), isConnected: false, monotonicMilliseconds: 602_000))
        #expect(schedule.isDue(time: .notBefore(0), isConnected: false, monotonicMilliseconds: 1_202_000))
        schedule.ended(succeeded: true, isLasting: false, monotonicMilliseconds: 1_202_000, random: 0)
        #expect(!schedule.isDue(time: .notBefore(0), isConnected: false, monotonicMilliseconds: 1_202_000 + 43_199_999), "not again for half a day")
    }

    @Test("failures are tried again at doubling intervals up to six hours, a refusal once a day")
    func backoff() throws {
        let schedule = try Self.schedule()
        var waits: [UInt64] = []
        for _ in 0..<12 {
            schedule.ended(succeeded: false, isLasting: false, monotonicMilliseconds: 0, random: .max)
            waits.append(schedule.earliestMilliseconds)
        }
        #expect(waits.allSatisfy { $0 >= 150_000 && $0 <= 21_600_000 })
        for (index, wait) in waits.enumerated() {
            let ceiling = min(300_000 << UInt64(index), 21_600_000)
            #expect(wait >= ceiling / 2 && wait <= ceiling)
        }
        schedule.ended(succeeded: false, isLasting: true, monotonicMilliseconds: 0, random: 0)
        #expect(schedule.earliestMilliseconds == 43_200_000)
        schedule.ended(succeeded: true, isLasting: false, monotonicMilliseconds: 0, random: 0)
        schedule.ended(succeeded: false, isLasting: false, monotonicMilliseconds: 0, random: 0)
        #expect(schedule.earliestMilliseconds == 150_000, "a success begins anew")
    }

    @Test("what is said of a certificate that has ended: since when, until when it renews itself, and who helps then")
    func end() throws {
        let certificate = try Self.certificate.get()
        let end = certificate.notAfterSeconds
        #expect(RenewalSchedule.end(of: certificate, nowSeconds: end) == nil)
        for late in [1, 30 * Self.day] {
            let words = try #require(RenewalSchedule.end(of: certificate, nowSeconds: end + late))
            #expect(words.happened == "ended on \(Day.text(end)); renewal works until \(Day.text(end + 30 * Self.day))")
            #expect(words.step.description.contains("harborseal-agent renew, or wait for the network"))
        }
        let over = try #require(RenewalSchedule.end(of: certificate, nowSeconds: end + 30 * Self.day + 1))
        #expect(over.happened.hasSuffix("renewal worked until \(Day.text(end + 30 * Self.day))") && over.step.description.contains("harborseal device code"))
        #expect(Day.text(1_790_000_000) == "2026-09-21" && Day.text(-1) == "1970-01-01")
    }

    @Test("a registry that is away can wait while the certificate holds for more than two weeks")
    func holdsLong() throws {
        let certificate = try Self.certificate.get()
        #expect(RenewalSchedule.holdsLong(certificate, nowSeconds: certificate.notAfterSeconds - 14 * Self.day - 1))
        #expect(!RenewalSchedule.holdsLong(certificate, nowSeconds: certificate.notAfterSeconds - 14 * Self.day))
    }

    @Test("without a certificate nothing is due")
    func none() {
        let schedule = Bench(RenewalSchedule(certificate: nil, jitter: 7))
        #expect(schedule.dueSeconds == nil && !schedule.isDue(time: .clock(.max / 2), isConnected: false, monotonicMilliseconds: .max))
    }
}
