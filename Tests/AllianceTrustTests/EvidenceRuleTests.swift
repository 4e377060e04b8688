@testable import AllianceTrust
import AttestationFormat
import MerkleTree
import Testing

@Suite("Rules of evidence") struct EvidenceRuleTests {
    let maker: EvidenceMaker
    let now = EvidenceMaker.nowSeconds

    init() throws {
        maker = try EvidenceMaker()
    }

    private func hash(_ batch: Evidence.Batch) -> Digest { batch.statement.hash(using: AllianceTrust.SHA256.self) }

    private func line(_ verdict: Verdict, _ check: Verdict.Check) -> Verdict.Line? { verdict.lines.first { $0.check == check } }

    private func words(_ line: Verdict.Line?) -> String { ([line?.reason ?? ""] + (line?.details ?? [])).joined(separator: "\n") }

    @Test("batches across an epoch's end, each naming the one before, are complete")
    func epochs() async throws {
        let first = try maker.batch(first: 0, count: 3)
        let second = try maker.batch(first: 0, count: 2, epoch: 2, previous: hash(first))
        let verdict = try await maker.verdict([.batch(first), .batch(second)])
        #expect(verdict.exitCode == 0, "\(verdict.lines)")
    }

    @Test("an epoch whose predecessor is not shown is an unknown epoch end: not complete, and no failure")
    func unknownEpochEnd() async throws {
        let first = try maker.batch(first: 0, count: 3)
        let second = try maker.batch(first: 0, count: 2, epoch: 2, previous: AllianceTrust.SHA256.hash([1]))
        let verdict = try await maker.verdict([.batch(first), .batch(second)])
        #expect(verdict.exitCode == 2)
        #expect(words(line(verdict, .complete)).contains("unknown epoch end"))
    }

    @Test("an epoch shown from its middle is a gap, and one that jumps on an unbroken chain fails")
    func epochFromItsMiddle() async throws {
        let first = try maker.batch(first: 0, count: 3)
        let middle = try maker.batch(first: 4, count: 2, epoch: 2, previous: AllianceTrust.SHA256.hash([1]))
        #expect(try await maker.verdict([.batch(first), .batch(middle)]).exitCode == 2)
        let jump = try maker.batch(first: 4, count: 2, epoch: 2, previous: hash(first))
        let verdict = try await maker.verdict([.batch(first), .batch(jump)])
        #expect(verdict.firstFailure?.check == .complete)
    }

    @Test("a new seal key that opens with zero bytes is named, and the run is not called complete")
    func newSealKey() async throws {
        let key = try AllianceSigningKey()
        let first = try maker.batch(first: 0, count: 3)
        let second = try maker.batch(first: 0, count: 2, epoch: 2, key: key)
        let verdict = try await maker.verdict([.batch(first), .batch(second)], certificates: [maker.seal(), maker.seal(key)])
        #expect(verdict.exitCode == 2)
        #expect(words(line(verdict, .complete)).contains("a new seal key begins"))
    }

    @Test("a new seal key that names the old one's statement shows no end either: nodes took what the old key signed after it without a word", arguments: [false, true])
    func newSealKeyNames(hides: Bool) async throws {
        let key = try AllianceSigningKey()
        let first = try maker.batch(first: 0, count: 3)
        let hidden = try maker.batch(first: 3, count: 1, previous: hash(first))
        let second = try maker.batch(first: 0, count: 2, epoch: 2, previous: hides ? hash(first) : hash(hidden), key: key)
        let entries: [Evidence.Entry] = hides ? [.batch(first), .batch(second)] : [.batch(first), .batch(hidden), .batch(second)]
        let verdict = try await maker.verdict(entries, certificates: [maker.seal(), maker.seal(key)])
        #expect(verdict.exitCode == 2 && words(line(verdict, .complete)).contains("a new seal key begins"), "\(verdict.lines)")
    }

    @Test("an epoch that comes back after another one fails")
    func epochApart() async throws {
        let first = try maker.batch(first: 0, count: 1)
        let second = try maker.batch(first: 0, count: 1, epoch: 2, previous: hash(first))
        let third = try maker.batch(first: 1, count: 1, previous: AllianceTrust.SHA256.hash([7]))
        let verdict = try await maker.verdict([.batch(first), .batch(second), .batch(third)])
        #expect(verdict.firstFailure?.check == .complete)
    }

    @Test("two batches that name one predecessor are a fork, also with a run left out between")
    func fork() async throws {
        let first = try maker.batch(first: 0, count: 1)
        let second = try maker.batch(first: 1, count: 1, previous: hash(first))
        let third = try maker.batch(first: 5, count: 1, previous: hash(first))
        let verdict = try await maker.verdict([.batch(first), .batch(second), .leftOut(first: 2, next: 5), .batch(third)])
        #expect(words(line(verdict, .complete)).contains("another entry follows already"))
        #expect(forkWords(verdict) == [ChainForkWords.of("1", "5", "both follow one and the same statement")])
        #expect(verdict.exitCode == 1)
    }

    @Test("two statements of one key that cover one sequence are a fork, whatever they name before them, and in whatever order they stand")
    func oneSequence() async throws {
        let first = try maker.batch(first: 0, count: 3)
        let second = try maker.batch(first: 3, count: 2, previous: hash(first))
        let rival = try maker.batch(first: 4, count: 2, previous: AllianceTrust.SHA256.hash([9]))
        let expected = [ChainForkWords.of("3 to 4", "4 to 5", "both cover one and the same sequence")]
        for entries in [[first, second, rival], [first, rival, second]] {
            let verdict = try await maker.verdict(entries.map { .batch($0) })
            #expect(forkWords(verdict) == expected && verdict.exitCode == 1, "\(verdict.lines)")
        }
    }

    @Test("no fork: neighbours, one epoch number under two keys, two openings that name nothing, one statement twice, and what its key did not sign")
    func noFork() async throws {
        let key = try AllianceSigningKey()
        let first = try maker.batch(first: 0, count: 3)
        let next = try maker.batch(first: 3, count: 3, previous: hash(first))
        let newKey = try maker.batch(first: 0, count: 3, key: key)
        let lostJournal = try maker.batch(first: 0, count: 3, epoch: 2)
        // A stranger names the gateway's key and the same place: its word makes nobody's fork.
        var forged = try maker.batch(first: 3, count: 2, previous: hash(first))
        forged.statement = Statement(header: forged.statement.header, root: forged.statement.root, signature: next.statement.signature)
        for entries in [[first, next], [first, newKey], [first, lostJournal], [first, first], [first, next, forged]] {
            let verdict = try await maker.verdict(entries.map { .batch($0) }, certificates: [maker.seal(), maker.seal(key)])
            #expect(forkWords(verdict).isEmpty, "\(verdict.lines)")
        }
    }

    /// What the verdict says of forks, in its order.
    private func forkWords(_ verdict: Verdict) -> [String] {
        words(line(verdict, .complete)).split(separator: "\n").map(String.init).filter { $0.contains("fork") }
    }

    /// As a reader of `verify` and `inspect` sees a fork in epoch 1.
    private enum ChainForkWords {
        static func of(_ one: String, _ other: String, _ contradiction: String) -> String {
            "fork: acme.gw-1 epoch 0000000000000001, \(one), and epoch 0000000000000001, \(other): \(contradiction); "
                + "the key is in two hands, or an old image of the gateway was started"
        }
    }

    @Test("two gateways stand one after the other; mixed they fail")
    func gateways() async throws {
        let key = try AllianceSigningKey()
        let certificates = [try maker.seal(), try maker.seal(key, device: "gw-2")]
        let one = try maker.batch(first: 0, count: 1)
        let two = try maker.batch(first: 1, count: 1, previous: hash(one))
        let other = try maker.batch(first: 0, count: 1, device: "gw-2", key: key)
        #expect(try await maker.verdict([.batch(one), .batch(two), .batch(other)], certificates: certificates).exitCode == 0)
        let mixed = try await maker.verdict([.batch(one), .batch(other), .batch(two)], certificates: certificates)
        #expect(mixed.firstFailure?.check == .complete)
    }

    @Test("an event that was batched again in a new epoch is counted once; one entry must not show it twice; two gateways may have equal events")
    func leafTwice() async throws {
        let first = try maker.batch(first: 0, count: 1, numbers: [9])
        let again = try maker.batch(first: 0, count: 1, epoch: 2, previous: hash(first), numbers: [9])
        let verdict = try await maker.verdict([.batch(first), .batch(again)])
        #expect(verdict.exitCode == 0)
        #expect(line(verdict, .complete)?.reason.hasPrefix("1 of 1 events disclosed;") == true)
        #expect(line(verdict, .intact)?.reason.hasPrefix("1 event in 2 signed batches") == true)
        #expect(words(line(verdict, .complete)).contains("counted once: 1 event"))
        let twice = try maker.batch(first: 0, count: 2, numbers: [9, 9])
        #expect(words(line(try await maker.verdict([.batch(twice)]), .complete)).contains("the event at index 1 is shown twice"))
        // What was changed is no event of its batch, and hides no other.
        var changed = first
        changed.events[0].event = try maker.event(10)
        let later = try maker.batch(first: 0, count: 1, epoch: 2, previous: hash(first), numbers: [10])
        let spoilt = try await maker.verdict([.batch(changed), .batch(later)])
        #expect(spoilt.firstFailure?.check == .intact && line(spoilt, .complete)?.reason.hasPrefix("2 of 2") == true)
        let key = try AllianceSigningKey()
        let other = try maker.batch(first: 0, count: 1, device: "gw-2", key: key, numbers: [9])
        let both = try await maker.verdict([.batch(first), .batch(other)], certificates: [maker.seal(), maker.seal(key, device: "gw-2")])
        #expect(both.exitCode == 0)
    }

    @Test("a run left out needs fitting neighbours of one epoch", arguments: [(1, 5, true), (1, 4, false), (0, 5, false), (5, 1, false), (1, 1, false), (0, UInt64(Int64.max), false)] as [(UInt64, UInt64, Bool)])
    func leftOut(_ first: UInt64, _ next: UInt64, _ fits: Bool) async throws {
        let before = try maker.batch(first: 0, count: 1)
        let after = try maker.batch(first: 5, count: 1, previous: AllianceTrust.SHA256.hash([1]))
        let verdict = try await maker.verdict([.batch(before), .leftOut(first: first, next: next), .batch(after)])
        #expect(verdict.exitCode == (fits ? 0 : 1))
        if fits { #expect(words(line(verdict, .complete)).contains("1 to 4")) }
    }

    @Test("revocation: not published, not judged, clean, and revoked before and after the receipts")
    func revocation() async throws {
        let batch = try maker.batch(first: 0, count: 1)
        let unpublished = try await maker.verdict([.batch(batch)])
        #expect(words(line(unpublished, .certified)).contains("not published by this alliance"))
        #expect(unpublished.exitCode == 0)

        var publishing = maker
        publishing.trustContent.revocationListURLs = ["https://example.org/acme.crl"]
        let unjudged = try await publishing.verdict([.batch(batch)])
        #expect(unjudged.exitCode == 2)
        #expect(line(unjudged, .certified)?.state == .notJudged)

        let seal = try maker.seal()
        let serial = try await SealCertificateVerifier(issuers: maker.authorities.issuers).verify(seal).serialNumber
        func list(_ since: Int64?) throws -> [UInt8] {
            try maker.authorities.acme.issueRevocationList(
                entries: since.map { [.init(serialNumber: serial, sinceSeconds: $0, revokedSeconds: $0)] } ?? [], number: 1,
                thisUpdateSeconds: Int64(now), nextUpdateSeconds: Int64(now) + 1)
        }
        let clean = try await publishing.verdict([.batch(batch)], certificates: [seal], lists: [list(nil)])
        #expect(clean.exitCode == 0)
        let later = try await publishing.verdict([.batch(batch)], certificates: [seal], lists: [list(Int64(now) + 1)])
        #expect(later.exitCode == 0)
        #expect(words(line(later, .certified)).contains("revoked since"))
        let before = try await publishing.verdict([.batch(batch)], certificates: [seal], lists: [list(Int64(now))])
        #expect(before.exitCode == 1)
        #expect(line(before, .certified)?.state == .failed)
        #expect(line(before, .anchored)?.state == .failed)
        // A list by a stranger is said to be unused, and judges nothing.
        let strange = try maker.authorities.beta.issueRevocationList(
            number: 1, thisUpdateSeconds: Int64(now), nextUpdateSeconds: Int64(now) + 1)
        let stranger = try await publishing.verdict([.batch(batch)], certificates: [seal], lists: [strange])
        #expect(stranger.exitCode == 2)
        #expect(words(line(stranger, .certified)).contains("a revocation list is not used"))
    }

    @Test("without any certificate of the key, the signature is not judged and certified fails")
    func noCertificate() async throws {
        let batch = try maker.batch(first: 0, count: 1)
        let verdict = try await maker.verdict([.batch(batch)], certificates: [maker.seal(AllianceSigningKey(), device: "gw-9")])
        #expect(line(verdict, .intact)?.state == .notJudged)
        #expect(line(verdict, .certified)?.state == .failed)
        #expect(verdict.exitCode == 1)
    }

    @Test("statements alone, without events and receipts, prove no time: not judged")
    func statementsAlone() async throws {
        let verdict = try await maker.verdict([.batch(maker.batch(first: 0, count: 2, nodes: [], shown: false))])
        #expect(verdict.exitCode == 2)
        #expect(line(verdict, .anchored)?.state == .notJudged)
    }

    @Test("a trust file that is out of date says so and judges all the same")
    func outOfDate() async throws {
        var ended = maker
        ended.trustContent.notAfterSeconds = now
        let evidence = Evidence(
            alliance: EvidenceMaker.name("gba-test"), entries: [.batch(try maker.batch(first: 0, count: 1))],
            sealCertificates: [try maker.seal()])
        let trust = try ended.trustFile().bytes
        let report = await EvidenceVerifier.report(evidence: evidence.encoded(), trustFile: trust, nowSeconds: now + 1)
        #expect(report.verdict.exitCode == 0)
        #expect(report.verdict.lines[0].reason.contains("out of date"))
    }

    @Test("one event with three receipts is verified in under 5 ms")
    func speed() async throws {
        let batch = try maker.batch(first: 0, count: 1, nodes: [0, 1, 2])
        let evidence = Evidence(
            alliance: EvidenceMaker.name("gba-test"), entries: [.batch(batch)], sealCertificates: [try maker.seal()]
        ).encoded()
        let trust = try maker.trustFile().bytes
        let clock = ContinuousClock()
        var durations: [Duration] = []
        for _ in 0..<21 {
            let start = clock.now
            let report = await EvidenceVerifier.report(evidence: evidence, trustFile: trust)
            durations.append(clock.now - start)
            #expect(report.verdict.exitCode == 0)
        }
        let median = durations.sorted()[10]
        print("evidence of one event, three receipts: \(evidence.count) bytes, verified in \(median) (median of 21, trust file parsed each time)")
        #if !DEBUG
        #expect(median < .milliseconds(5))
        #endif
    }

    // MARK: - Volume

    private enum Flood: String, CaseIterable {
        case receipts, certificates, lists, runs
    }

    @Test("fifty thousand worthless parts are judged in seconds, and a line shows a few", .timeLimit(.minutes(1)), arguments: Flood.allCases)
    private func flood(_ flood: Flood) async throws {
        let count = 50_000
        var first = try maker.batch(first: 0, count: 3)
        var certificates = [try maker.seal()]
        var lists: [[UInt8]] = []
        var entries: [Evidence.Entry] = []
        // Distinct, so that knowing the bytes already does not help.
        func worthless(_ number: Int) -> [UInt8] { withUnsafeBytes(of: UInt32(number)) { Array($0) } }
        switch flood {
        case .receipts: first.receipts += (0..<count).map(worthless)
        case .certificates: certificates += (0..<count).map(worthless)
        case .lists: lists = (0..<count).map(worthless)
        case .runs: entries = [Evidence.Entry](repeating: .leftOut(first: 3, next: 4), count: count)
        }
        let verdict = try await maker.verdict([.batch(first)] + entries, certificates: certificates, lists: lists)
        #expect(verdict.exitCode == (flood == .runs ? 1 : 0), "\(verdict.lines)")
        #expect(verdict.lines.allSatisfy { $0.details.count < 100 })
    }

    @Test("the same certificate again and again costs no more than once", .timeLimit(.minutes(1)))
    func repeatedCertificate() async throws {
        let first = try maker.batch(first: 0, count: 3)
        let certificates = [[UInt8]](repeating: try maker.seal(), count: 2_000)
        #expect(try await maker.verdict([.batch(first)], certificates: certificates).exitCode == 0)
    }

    @Test("more events than a batch can have are malformed", arguments: [(1_024, 1), (1_025, 65)] as [(Int, Int32)])
    func manyEvents(_ count: Int, _ exitCode: Int32) async throws {
        var first = try maker.batch(first: 0, count: 1)
        first.events = [Evidence.DisclosedEvent](repeating: first.events[0], count: count)
        #expect(try await maker.verdict([.batch(first)]).exitCode == exitCode)
    }
}
