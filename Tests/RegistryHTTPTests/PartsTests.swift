import DeviceRegistry
import Foundation
import HTTPTypes
import Testing

@testable import RegistryHTTP

@Suite struct PartsTests {
    private static func encoded(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

    @Test("user and password of HTTP Basic are read, the password with colons in it")
    func credentials() {
        for (header, user, password) in [
            ("Basic " + Self.encoded("acme.gw-1:0A1B2"), "acme.gw-1", "0A1B2"), ("bAsIc  " + Self.encoded("a:b:c"), "a", "b:c"),
            ("Basic " + Self.encoded(":"), "", ""),
        ] {
            let read = BasicCredentials(header)
            #expect(read?.user == user && read?.password == password, "\(header)")
        }
    }

    @Test(
        "what is no HTTP Basic gives no credentials",
        arguments: [
            "", "Basic", "Basic ", "Bearer YTpi", "Basic YTpi!", "Basic " + encoded("no colon"), "Basic /w==",
            "Basic " + encoded("a:" + String(repeating: "b", count: 2_000)),
        ])
    func noCredentials(_ header: String) {
        #expect(BasicCredentials(header) == nil)
    }

    @Test("failures fill an address's measure one by one, time forgives one after the other, and other addresses are not touched")
    func limiter() {
        let limiter = FailureLimiter(.init(count: 3, forgivingSeconds: 60))
        var now: Int64 = 1_000_000
        for _ in 0..<3 {
            #expect(limiter.waitSeconds(of: "a", nowMilliseconds: now) == nil)
            limiter.addFailure(of: "a", nowMilliseconds: now)
        }
        #expect(limiter.waitSeconds(of: "a", nowMilliseconds: now) == 60)
        #expect(limiter.waitSeconds(of: "b", nowMilliseconds: now) == nil)
        now += 59_500
        #expect(limiter.waitSeconds(of: "a", nowMilliseconds: now) == 1, "half a second is said as one")
        now += 500
        #expect(limiter.waitSeconds(of: "a", nowMilliseconds: now) == nil, "one is forgiven")
        limiter.addFailure(of: "a", nowMilliseconds: now)
        #expect(limiter.waitSeconds(of: "a", nowMilliseconds: now) == 60, "one, not three")
        now += 3_600_000
        for _ in 0..<2 { limiter.addFailure(of: "a", nowMilliseconds: now) }
        #expect(limiter.waitSeconds(of: "a", nowMilliseconds: now) == nil, "all were forgiven")
    }

    @Test("a stranger with many addresses fills no memory, and those that failed most are remembered longest")
    func manyAddresses() {
        let limiter = FailureLimiter(.init(count: 2, forgivingSeconds: 60))
        for _ in 0..<2 { limiter.addFailure(of: "worst", nowMilliseconds: 0) }
        for number in 0..<50_000 { limiter.addFailure(of: "\(number)", nowMilliseconds: 0) }
        #expect(limiter.addressCount <= 16_384)
        #expect(limiter.waitSeconds(of: "worst", nowMilliseconds: 0) != nil)
    }

    @Test("of an address and a name two wrong codes count; right ones, other failures, other names and other addresses take nothing of it")
    func shares() async {
        let shares = TryShares()
        func attempt(_ address: String, _ name: String, _ code: RegistryError.Code?) async -> Bool {
            var counted = false
            _ = try? await shares.counting(address, name) { counts in
                counted = counts
                if let code { throw RegistryError(code, "no") }
            }
            return counted
        }
        for code in [nil, .codeExpired, .requestForm, .storeBusy, nil] as [RegistryError.Code?] { #expect(await attempt("a", "acme.gw-1", code)) }
        #expect(shares.pairCount == 0)
        for counts in [true, true, false, false] { #expect(await attempt("a", "acme.gw-1", .wrongCode) == counts) }
        #expect(await attempt("a", "acme.gw-2", .wrongCode))
        #expect(await attempt("b", "acme.gw-1", .wrongCode))
        #expect(await !attempt("b", String(repeating: "x", count: 65), .wrongCode), "that is no gateway's name")
        for number in 0..<40_000 { _ = await attempt("c", "n-\(number)", .wrongCode) }
        #expect(shares.pairCount <= 16_384)
    }

    @Test("every refusal of the registry has a status of its kind, and only what a requester did wrong is counted against it")
    func statuses() {
        let expected: [Int: [RegistryError.Code]] = [
            401: [.wrongCode, .unknownCertificate], 202: [.awaitingApproval], 413: [.tooLarge], 429: [.tooManyTries, .codeLocked],
            403: [.codeUsed, .codeExpired, .deviceRevoked, .deviceReplaced, .linkKeyReplaced, .certificateTooOld, .foreignName, .keyInUse, .otherSealKey, .firmRetired, .firmRegistry],
            400: [.requestForm, .requestSignature, .rsaKey, .otherCurve, .otherKey, .weakHash, .otherAlgorithm],
            503: [.storeBusy, .storeFailed, .issuerNotValid, .keyAway, .allianceAway, .allianceRefused, .listBehind, .unknownFirm],
        ]
        for code in RegistryError.Code.allCases {
            let status = expected.first { $0.value.contains(code) }?.key ?? 500
            #expect(code.status.code == status, "\(code)")
            let refusal = ESTRefusal(RegistryError(code, "what", nextStep: "step"))
            // A token's troubles, and those between two registries, are the operator's.
            switch code {
            case .keyAway, .allianceAway, .allianceRefused: #expect(refusal.line != "what: step" && refusal.line.contains("nothing was changed"), "\(refusal.line)")
            case .unknownFirm: #expect(refusal.line.hasPrefix("what since it was started: its operator restarts it, "))
            default: #expect(refusal.line == "what: step")
            }
            #expect((refusal.headers[.retryAfter] != nil) == ([202, 429, 503].contains(status) && code != .codeLocked), "\(code)")
            #expect(refusal.headers.contains { $0.name.canonicalName == "harborseal-refusal" && $0.value == code.rawValue })
            #expect((refusal.headers[.wwwAuthenticate] != nil) == (status == 401), "\(code)")
        }
    }

    @Test("the figures are this machine's, and of those who are named")
    func metricsReaders() throws {
        let strangers = ["192.0.2.7", "2001:db8:0:1::/64", "unknown", "1270.0.0.1"]
        for address in ["127.0.0.1", "127.0.0.53", "0:0:0:0::/64"] { #expect(MetricsReaders.nobody.include(address)) }
        for address in strangers {
            #expect(!MetricsReaders.nobody.include(address))
            #expect(MetricsReaders("all")?.include(address) == true)
        }
        let named = try #require(MetricsReaders("192.0.2.7, 2001:db8:0:1::7"))
        #expect(named.include("192.0.2.7") && named.include("2001:db8:0:1::/64") && named.include("127.0.0.1"))
        #expect(!named.include("192.0.2.8") && !named.include("2001:db8:0:2::/64"))
        for text in ["everybody", "192.0.2.0/24", "all 192.0.2.7", "localhost"] { #expect(MetricsReaders(text) == nil, "\(text)") }
    }
}
