import Foundation
import Testing

extension EnrolmentTests {
    /// SIGKILL at 237 calls on the files of a gateway's identity, 204 of them without a token. Each step is synced before the next begins, which the
    /// first run's calls are judged by, so a power cut leaves what a kill at one of these calls leaves: the state before a step, or behind it.
    @Suite(.serialized) struct Kills {
        static let pointCounts = (enrolment: 70, replacement: 66, renewal: 42, sealRenewal: 26)

        /// strace in front of the agent's command, on the files that enrolment may touch.
        private static func wrapper(_ gateway: TestedGateway, log: String, killingAt point: KillPoint? = nil) throws -> [String] {
            try? FileManager.default.removeItem(atPath: log)
            let names = ["link.key", "link.crt", "link-ca.crt", "seal.key", "seal.crt", "alliance.hstrust", "enrolment.note", "enrolment.replacing"].map { "\(gateway.keys)/\($0)" }
            let paths = (names + [gateway.dropIn]).flatMap { name in ["", ".next", ".next.new", ".new"].map { name + $0 } }
            return try DurableSteps.wrapper(files: paths, folders: [gateway.keys, gateway.folder.file("agent.conf.d")], log: log, killingAt: point)
        }

        /// What a first enrolment puts in place.
        private static let allFiles: Set = ["link.key", "link.crt", "link-ca.crt", "seal.key", "seal.crt", "alliance.hstrust", "10-gateway.conf", "enrolment.note"]

        private static func gateway() throws -> TestedGateway { try TestedGateway(try registry.get()) }

        /// Runs `words` under strace once to its end and then, each time on a fresh gateway, killed at each of the points.
        ///
        /// - Parameter placed: the files that the whole run puts in place.
        private static func strike(
            count: Int, placed: Set<String>, fresh: () throws -> TestedGateway, words: (TestedGateway) throws -> [String], afterKill: (TestedGateway, KillPoint) throws -> Void,
            afterRetry: (TestedGateway, KillPoint) throws -> Void = { _, _ in }
        ) throws {
            let folder = try ScratchFolder(named: "hs-trace")
            let log = folder.file("strace")
            let whole = try fresh()
            let told = try whole.command(words(whole), under: wrapper(whole, log: log))
            #expect(told.code == 0, "\(told)")
            #expect(try whole.expectEnrolled())
            let steps = try DurableSteps(log)
            #expect(steps.faults.isEmpty, "\(steps)")
            let names = Set(steps.placed.filter { !$0.hasSuffix(".next") }.map { URL(fileURLWithPath: $0).lastPathComponent })
            #expect(names == placed)
            let points = KillPoint.spread(count, over: steps.calls)
            #expect(points.count == count)
            for point in points {
                let gateway = try fresh()
                let killed = try gateway.command(words(gateway), under: wrapper(gateway, log: log, killingAt: point))
                #expect(killed.code == -SIGKILL, "\(point) did not strike: \(killed)")
                #expect(!gateway.hasSharedKey, "\(point)")
                try afterKill(gateway, point)
                let again = try gateway.command(words(gateway))
                #expect(again.code == 0, "\(point): \(again)")
                #expect(try gateway.expectEnrolled(), "\(point)")
                try afterRetry(gateway, point)
            }
            #expect(try registry.get().sharedKeys.isEmpty)
        }

        @Test("killed at 70 calls of a first enrolment, a plain retry with the same code finishes", .timeLimit(.minutes(10)))
        func enrolment() throws {
            var codes: [String: String] = [:]
            try Self.strike(
                count: Self.pointCounts.enrolment, placed: Self.allFiles,
                fresh: {
                    let gateway = try Self.gateway()
                    codes[gateway.device] = TestRegistry.freshCode()
                    try gateway.registry.order(code: codes[gateway.device] ?? "")
                    return gateway
                },
                words: { ["enroll", try $0.wholeText(code: codes[$0.device] ?? "")] },
                afterKill: { _, _ in })
        }

        @Test("killed at 66 calls of a replacement of both keys, one pair of each role works, and a retry finishes", .timeLimit(.minutes(10)))
        func replacement() throws {
            let template = try Self.template()
            var codes: [String: String] = [:]
            try Self.strike(
                count: Self.pointCounts.replacement, placed: ["link.key", "link.crt", "seal.key", "seal.crt", "enrolment.replacing", "enrolment.note"],
                fresh: {
                    let gateway = try TestedGateway(copying: template)
                    codes[gateway.folder.path] = TestRegistry.freshCode()
                    try gateway.registry.order(code: codes[gateway.folder.path] ?? "")
                    return gateway
                },
                // Where the last step is done, another --replace would want further keys, and a further code.
                words: { ["enroll", try $0.wholeText(code: codes[$0.folder.path] ?? "")] + (Self.isDone(template, $0) ? [] : ["--replace"]) },
                afterKill: { gateway, point in
                    #expect(gateway.hasWorkingPair("link") && gateway.hasWorkingPair("seal"), "\(point)")
                },
                afterRetry: { gateway, point in
                    #expect(gateway.key("link.key") != template.key("link.key") && gateway.key("seal.key") != template.key("seal.key"), "\(point)")
                })
        }

        @Test("with the seal key in a token: killed at 24 calls of an enrolment, a plain retry finishes", .enabled(if: TokenStore.isInstalled), .timeLimit(.minutes(10)))
        func tokenEnrolment() throws {
            var codes: [String: String] = [:]
            try Self.strike(
                count: 24, placed: Self.allFiles.subtracting(["seal.key"]),
                fresh: {
                    let gateway = try TestedGateway(try registry.get(), token: try TokenStore())
                    codes[gateway.device] = TestRegistry.freshCode()
                    try gateway.registry.order(code: codes[gateway.device] ?? "")
                    return gateway
                },
                words: { ["enroll", try $0.wholeText(code: codes[$0.device] ?? "")] },
                afterKill: { _, _ in })
        }

        @Test("with the seal key in a token: killed at 9 calls of its certificate's renewal, one certificate works", .enabled(if: TokenStore.isInstalled), .timeLimit(.minutes(10)))
        func tokenRenewal() throws {
            try Self.strike(
                count: 9, placed: ["seal.crt"],
                fresh: {
                    let gateway = try TestedGateway(try registry.get(), token: try TokenStore())
                    let code = TestRegistry.freshCode()
                    try gateway.registry.order(code: code)
                    let told = try gateway.command("enroll", gateway.wholeText(code: code))
                    guard told.code == 0 else { throw IntegrationFailure("\(told)") }
                    return gateway
                },
                words: { _ in ["renew", "--seal"] },
                afterKill: { gateway, point in
                    #expect(gateway.hasWorkingPair("seal") && gateway.hasWorkingPair("link"), "\(point)")
                })
        }

        @Test("killed at 26 calls of the seal certificate's renewal, one certificate works, its key stays, and a plain retry finishes", .timeLimit(.minutes(10)))
        func sealRenewal() throws {
            let template = try Self.template()
            try Self.strike(
                count: Self.pointCounts.sealRenewal, placed: ["seal.crt"],
                fresh: { try TestedGateway(copying: template) }, words: { _ in ["renew", "--seal"] },
                afterKill: { gateway, point in
                    #expect(gateway.hasWorkingPair("seal") && gateway.hasWorkingPair("link"), "\(point)")
                    #expect(gateway.key("seal.key") == template.key("seal.key"), "\(point)")
                })
        }

        @Test("killed at 42 calls of a renewal, one pair works, and a plain retry finishes", .timeLimit(.minutes(10)))
        func renewal() throws {
            let template = try Self.template()
            let seal = template.key("seal.key")
            try Self.strike(
                count: Self.pointCounts.renewal, placed: ["link.key", "link.crt"],
                fresh: { try TestedGateway(copying: template) }, words: { _ in ["renew"] },
                afterKill: { gateway, point in
                    #expect(gateway.hasWorkingPair("link") && gateway.key("seal.key") == seal, "\(point)")
                })
        }

        /// Whether both keys were replaced and nothing is left to do.
        private static func isDone(_ template: TestedGateway, _ gateway: TestedGateway) -> Bool {
            gateway.key("seal.key") != template.key("seal.key") && !gateway.exists("enrolment.replacing")
        }

        private static func template() throws -> TestedGateway {
            let gateway = try gateway()
            let code = TestRegistry.freshCode()
            try gateway.registry.order(code: code)
            let told = try gateway.command("enroll", gateway.wholeText(code: code))
            guard told.code == 0 else { throw IntegrationFailure("\(told)") }
            return gateway
        }
    }
}
