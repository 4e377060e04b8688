import DeviceCrypto
import Foundation
import Testing

extension EnrolmentTests {
    /// Gateways whose renewals are the only thing that nobody looks at: with the network away for long, and again and again for years.
    @Suite(.serialized) struct LongAway {
        private let registry: TestRegistry

        init() throws { registry = try TestRegistry(try alliance.get()) }

        /// - Parameter broker: nil: one that is never there.
        private func enrolled(_ orders: [String: Any], broker: RunningBroker? = nil) throws -> TestedGateway {
            let gateway = try TestedGateway(registry)
            let code = TestRegistry.freshCode()
            try registry.order(orders, code: code)
            let told = try gateway.command("enroll", try gateway.wholeText(code: code), "--broker", "localhost:\(broker?.port ?? 1)")
            guard told.code == 0 else { throw IntegrationFailure("\(told)") }
            return gateway
        }

        private func run(_ gateway: TestedGateway, under clocks: MovableClocks) throws -> ChildProcess {
            let settings = RunningAgent.quick.flatMap { ["--set", $0] }
            let agent = try ChildProcess(
                try clocks.wrapper() + [Programs.agent, "run", "--config", gateway.configuration] + settings, logFile: gateway.folder.file("log"))
            try wait(until: "the intake", instead: { agent.log }) { UnixStream(gateway.intakeSocket) != nil }
            return agent
        }

        @discardableResult
        private func waitForReport(_ what: String, of gateway: TestedGateway, _ agent: ChildProcess, _ condition: (AgentReport) -> Bool) throws -> AgentReport {
            try wait(for: what, seconds: 30, everyMilliseconds: 100, instead: { (try? gateway.command("status").output) ?? "" + agent.log }) {
                guard let report = try? AgentReport(gateway.command("status", "--json").output) else { return nil }
                return condition(report) ? report : nil
            }
        }

        private func send(_ numbers: ClosedRange<Int>, to gateway: TestedGateway, _ agent: ChildProcess) throws {
            let intake = try IntakeClient(gateway.intakeSocket)
            for number in numbers {
                guard case .stored = try intake.send(IntakeClient.line(number: number)) else { throw IntegrationFailure("refused: \(agent.log)") }
            }
        }

        @Test("with the link certificate expired, the clock in 1970 and no network, events are kept; when the network is back the agent renews by itself, connects once its clock is set, and each event has its receipt once")
        func in1970() throws {
            let broker = try RunningBroker(try alliance.get())
            let gateway = try enrolled(["age_seconds": 86_400, "life_seconds": 86_410], broker: broker)
            let ended = ContinuousClock.now + .seconds(11)
            let old = gateway.certificate("link.crt")
            try registry.order()
            registry.stop()
            broker.kill()
            let clocks = try MovableClocks(wallSeconds: 20 - Int64(Date().timeIntervalSince1970))
            let agent = try run(gateway, under: clocks)
            defer { agent.kill() }
            try send(1...3, to: gateway, agent)
            // The wait for nodes, and then the outage after which a clock that was never set is suspected.
            try clocks.pass(660)
            let away = try waitForReport("a try without a network", of: gateway, agent) { $0.number("renewal", "attempts") == 1 && !$0.text("renewal", "last-outcome").isEmpty }
            #expect(away.text("renewal", "last-outcome").contains("Connection refused"))
            try send(4...6, to: gateway, agent)
            let kept = try waitForReport("signatures", of: gateway, agent) { $0.number("journal", "events") >= 7 && $0.number("journal", "signed") == $0.number("journal", "events") }
            #expect(kept.number("journal", "quorum") == 0 && gateway.certificate("link.crt") == old)

            try wait(until: "the certificate's end") { ContinuousClock.now > ended }
            try registry.start()
            try broker.start()
            let node = try RunningNode(try alliance.get(), "hk-1", brokerPorts: [broker.port])
            try clocks.pass(301)
            try waitForReport("the renewal", of: gateway, agent) { $0.text("renewal", "last-outcome").contains("link certificate renewed") }
            #expect(try gateway.expectEnrolled() && gateway.certificate("link.crt") != old)
            try clocks.setWall(0)
            try clocks.pass(301)
            try waitForReport("receipts", of: gateway, agent) { $0.text("link", "state") == "connected" && $0.number("journal", "unreceipted") == 0 }
            let ledger = try node.ledger()
            let name = "\(Alliance.firm).\(gateway.device)"
            let leaves = ledger.leaves(of: name)
            #expect(Set(leaves.keys) == Set((1...6).map { "wms-1/\($0)" }) && leaves.values.allSatisfy { $0.count == 1 })
            #expect(ledger.doubled(of: name).isEmpty && ledger.holes(of: name).isEmpty && ledger.epochs(of: name).count == 1)
            #expect(node.conflictCount == 0)
        }

        @Test("five renewals take the running agent no memory: each is a child's, and what the agent itself holds stays within 64 KiB")
        func memory() throws {
            // Due as soon as it has come: each day brings another one.
            let orders: [String: Any] = ["age_seconds": 57 * 1_440, "life_seconds": 80 * 1_440]
            let gateway = try enrolled(orders)
            let clocks = try MovableClocks(wallSeconds: 0)
            let agent = try run(gateway, under: clocks)
            defer { agent.kill() }
            try send(1...20, to: gateway, agent)
            var certificates: Set<[UInt8]> = []
            var kibibytes: [Int] = []
            // The first two find the pages that any day and any renewal write to.
            for number in 1...7 {
                try waitForReport("renewal \(number)", of: gateway, agent) {
                    $0.number("renewal", "attempts") == number && $0.number("renewal", "last-s-ago") < 1_000 && $0.text("renewal", "last-outcome").contains("renewed")
                }
                certificates.insert(try #require(gateway.certificate("link.crt")).derBytes)
                kibibytes.append(try Self.ownKibibytes(of: agent))
                try clocks.pass(86_460)
            }
            print("KiB of the agent's own after each of seven renewals: \(kibibytes)")
            let (before, after) = (kibibytes[1], kibibytes[6])
            #expect(certificates.count == 7)
            #expect(after <= before + 64, "KiB before and after: \(before), \(after)")
        }

        /// Pages that it wrote to and shares with nobody.
        private static func ownKibibytes(of agent: ChildProcess) throws -> Int {
            let text = try String(contentsOfFile: "/proc/\(agent.processID)/smaps_rollup", encoding: .utf8)
            let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("Private_Dirty:") })
            return try #require(Int(line.split(separator: " ")[1]))
        }
    }
}
