import AttestationFormat
import Foundation
import Testing

/// The seal key in a PKCS#11 token: the real agent, a real node, SoftHSM2.
@Suite(.serialized, .enabled(if: TokenStore.isInstalled, "softhsm2 is not installed"), .timeLimit(.minutes(10)))
struct TokenKeyTests {
    private let alliance: Alliance
    private let broker: RunningBroker
    private let node: RunningNode
    private let token: TokenStore

    init() throws {
        alliance = try Alliance.ofOneNode()
        broker = try RunningBroker(alliance)
        node = try RunningNode(alliance, "hk-1", brokerPorts: [broker.port])
        token = try TokenStore()
    }

    private func newAgent(_ settings: [String] = RunningAgent.quick) throws -> RunningAgent {
        let agent = try RunningAgent(alliance, brokerPorts: [broker.port], settings: settings)
        try agent.moveSealKey(into: token)
        return agent
    }

    /// Sends lines at a steady rate, or as fast as a busy machine takes them; each is durable when this returns. Returns the most events that waited for
    /// their signature.
    @discardableResult
    private func feed(_ agent: RunningAgent, from first: Int = 1, perSecond: Int, seconds: Int, each: (Int) throws -> Void = { _ in }) throws -> Int {
        let client = try agent.intake()
        let begun = ContinuousClock.now
        var (next, most) = (first, 0)
        for tick in 0..<(seconds * 10) {
            let numbers = Array(next..<next + perSecond / 10)
            next += numbers.count
            try client.write(numbers.map { IntakeClient.line(number: $0) })
            for number in numbers {
                let answer = try client.answer()
                guard case .stored = answer else { throw IntegrationFailure("line \(number): \(answer)") }
            }
            if tick % 5 == 4 { most = max(most, try agent.report().number("signer", "waiting-events")) }
            try each(tick)
            let due = begun.advanced(by: .milliseconds((tick + 1) * 100))
            let left = ContinuousClock.now.duration(to: due) / .milliseconds(1)
            if left > 0 { usleep(UInt32(left) * 1_000) }
        }
        return most
    }

    private func judge(_ agent: RunningAgent, lineCount: Int) throws {
        let ledger = try node.ledger()
        let leaves = ledger.leaves(of: agent.gateway)
        #expect(leaves.count == lineCount)
        #expect(leaves.allSatisfy { $0.value.count == 1 })
        #expect(ledger.epochs(of: agent.gateway).count == 1)
        #expect(ledger.doubled(of: agent.gateway).isEmpty)
        #expect(ledger.holes(of: agent.gateway).isEmpty)
        #expect(ledger.brokenLinks(of: agent.gateway).isEmpty)
        #expect(node.conflictCount == 0)
    }

    @Test("events signed by a key that was made in the token are receipted by a node; the PIN is in no argument, log, status or report")
    func endToEnd() throws {
        let agent = try newAgent()
        try agent.start(under: token.wrapper)
        try feed(agent, perSecond: 200, seconds: 2)
        try agent.waitUntilReceipted()
        let report = try agent.report()
        #expect(report.text("signer", "kind") == "token")
        #expect(report.text("signer", "state") == "ready")
        #expect(report.text("signer", "token") == "gateway")
        #expect(report.number("signer", "slot") > 0)
        #expect(report.number("signer", "signature-us") > 0)
        #expect(report.number("signer", "waiting-events") == 0)
        #expect(report.number("signer", "helper-starts") == 1)
        #expect(report.number("agent", "concern-count") == 0)
        let agentID = try #require(agent.process?.processID)
        for process in [agentID, try #require(token.helper)] {
            let words = try Data(contentsOf: URL(fileURLWithPath: "/proc/\(process)/cmdline"))
            #expect(!String(decoding: words, as: UTF8.self).contains(TokenStore.pin))
            #expect(String(decoding: words, as: UTF8.self).contains(process == agentID ? "run" : "token-helper"))
        }
        let doctor = try agent.command("doctor", "--set", token.setting)
        #expect(doctor.output.contains("token \"gateway\" in slot"))
        let checked = try agent.command("check-config", "--set", token.setting)
        #expect(checked.code == 0, "\(checked.output)")
        let said = try [agent.log, doctor.output, checked.output, agent.command("status").output, String(contentsOfFile: agent.configuration, encoding: .utf8)]
        #expect(said.allSatisfy { !$0.contains(TokenStore.pin) })
        #expect(try agent.storedEvents().first { $0.kind == 1 }?.text("key-class") == "secure_element", "the proxy's name tells nothing of SoftHSM")
        try judge(agent, lineCount: 400)
        let helper = try #require(token.helper)
        let (ending, milliseconds) = agent.terminate()
        #expect(ending == .exited(0))
        // It does not wait for the token, as long as that may take.
        #expect(milliseconds < 8_000)
        for _ in 0..<6_000 where Foundation.kill(helper, 0) == 0 { usleep(10_000) }
        #expect(Foundation.kill(helper, 0) != 0, "the helper goes with its agent")
    }

    @Test("a token that takes 500 ms a signature keeps 1,000 events a second flowing, one that takes 5 s keeps 200", arguments: [(500, 1_000, 12), (5_000, 200, 27)])
    func pace(delayMilliseconds: Int, perSecond: Int, seconds: Int) throws {
        let agent = try newAgent(["journal.sync-interval=20 ms"])
        try token.disturb("delay=\(delayMilliseconds)")
        let begun = ContinuousClock.now
        try agent.start(under: token.wrapper)
        let most = try feed(agent, perSecond: perSecond, seconds: seconds)
        // One batch is under way and one is growing: no more waits, so nothing piles up.
        #expect(most <= 2_200, "\(most)")
        #expect(try agent.report().concerns("token-slow").isEmpty)
        try agent.waitUntilReceipted(seconds: 30)
        try judge(agent, lineCount: perSecond * seconds)
        let signatures = token.calls.filter { $0.name == "sign" }.count
        #expect(signatures <= Int(begun.duration(to: .now) / .milliseconds(delayMilliseconds)) + 2, "one signature after the other: \(signatures)")
    }

    @Test("what is more than a token can sign waits durable and unsigned, and status and doctor say so")
    func tooFast() throws {
        let agent = try newAgent(["journal.sync-interval=20 ms"])
        try token.disturb("delay=5000")
        try agent.start(under: token.wrapper)
        try feed(agent, perSecond: 800, seconds: 9)
        var (count, report) = (7_200, try agent.report())
        // On a busy machine those took longer, and more of them are signed.
        while report.number("signer", "waiting-events") <= 4_096, count < 40_000 {
            try feed(agent, from: count + 1, perSecond: 2_000, seconds: 1)
            count += 2_000
            report = try agent.report()
        }
        #expect(report.number("signer", "waiting-events") > 4_096)
        #expect(report.number("journal", "durable") >= count)
        let concern = try #require(report.concerns("token-slow").first)
        #expect(concern.contains("ms for one, which covers at most 1024 events"))
        let slow = try Diagnosis(agent, "--set", token.setting).findings.filter { $0.check == "key" || $0.item == "token-slow" }
        #expect(slow.count == 1 && slow[0].level == "warning" && slow[0].value.contains("ms for one") && slow[0].advice == "record less often, or use a faster token", "\(slow)")
        try token.disturb("")
        try agent.waitUntilReceipted(seconds: 30)
        try judge(agent, lineCount: count)
    }

    @Test("the helper killed 30 times at random moments: nothing is lost, nothing is twice, and the agent never stops answering")
    func helperKilled() throws {
        let agent = try newAgent()
        try token.disturb("delay=20")
        try agent.start(under: token.wrapper)
        var killed: Set<pid_t> = []
        func strike(_ tick: Int) throws {
            guard killed.count < 30, let helper = token.helper, !killed.contains(helper), token.calls.last?.name == "sign" else { return }
            usleep(UInt32.random(in: 0...40_000))
            // make-key logged in too, and is gone.
            if Foundation.kill(helper, SIGKILL) == 0 { killed.insert(helper) }
        }
        try feed(agent, perSecond: 100, seconds: 25, each: strike)
        var count = 2_500
        // On a busy machine each helper takes longer to come.
        while killed.count < 20, count < 10_000 {
            try feed(agent, from: count + 1, perSecond: 100, seconds: 5, each: strike)
            count += 500
        }
        try agent.waitUntilReceipted(seconds: 90)
        #expect(killed.count >= 20, "\(killed.count)")
        // The last one may have been killed behind the last signature.
        try agent.waitForReport("a helper for each that was killed") {
            $0.number("signer", "helper-starts") == killed.count + 1 && $0.text("signer", "state") == "ready"
        }
        try judge(agent, lineCount: count)
    }

    @Test("a wrong PIN is tried once, however long the agent runs and records; SIGHUP after its correction signs everything")
    func wrongPIN() throws {
        let agent = try newAgent()
        try token.setPIN("wrong-one")
        let before = token.calls.count
        try agent.start(under: token.wrapper)
        try feed(agent, perSecond: 50, seconds: 4)
        let report = try agent.waitForReport("the token's refusal") { $0.text("signer", "state") == "stopped" }
        let concern = try #require(report.concerns("token").first)
        #expect(concern.contains("token \"gateway\" in slot") && concern.contains("refused the PIN") && concern.contains("events are stored and wait"))
        #expect(report.number("journal", "signed") == 0)
        #expect(report.number("journal", "durable") >= 200)
        #expect(token.calls.dropFirst(before).map(\.result) == ["0xa0"])
        let doctor = try agent.command("doctor", "--set", token.setting)
        #expect(doctor.code == 1)
        #expect(doctor.output.contains("PROBLEM  key pkcs11:") && doctor.output.contains("refused the PIN"))
        #expect(doctor.output.contains("events are stored and wait for their signature\n         do: correct it, then restart harborseal-agent"), "\(doctor.output)")
        #expect(token.calls.dropFirst(before).count == 1, "doctor tries no PIN")
        try token.setPIN(TokenStore.pin)
        agent.process?.signal(SIGHUP)
        try agent.waitUntilReceipted()
        #expect(try agent.report().concerns("token").isEmpty)
        #expect(!agent.log.contains("wrong-one") && !agent.log.contains(TokenStore.pin))
        try judge(agent, lineCount: 200)
    }

    @Test("a token pulled out while running is waited for, and what came meanwhile is signed when it is back")
    func pulledOut() throws {
        let agent = try newAgent()
        try agent.start(under: token.wrapper)
        try feed(agent, perSecond: 50, seconds: 1)
        try agent.waitUntilReceipted()
        try token.disturb("absent")
        try feed(agent, from: 51, perSecond: 50, seconds: 3)
        try agent.waitForReport("the token's absence") { report in report.concerns("token").contains { $0.contains("token") && $0.contains("stored and wait") } }
        try token.disturb("")
        try agent.waitUntilReceipted(seconds: 30)
        try judge(agent, lineCount: 200)
    }

    @Test("without a certificate the token itself tells the key; a wrong PIN then neither ends the agent nor is tried again")
    func withoutCertificate() throws {
        let agent = try newAgent()
        try FileManager.default.moveItem(atPath: agent.keys + "/seal.crt", toPath: agent.keys + "/seal.later")
        try token.setPIN("wrong-one")
        let before = token.calls.count
        try agent.launch(under: token.wrapper)
        try wait(until: "the refusal in the log", instead: { agent.tail }) { agent.log.contains("refused the PIN") }
        sleep(2)
        #expect(agent.process?.isRunning == true)
        #expect(token.calls.dropFirst(before).count == 1)
        try token.setPIN(TokenStore.pin)
        agent.process?.signal(SIGHUP)
        try agent.waitUntilListening()
        try agent.waitForReport("a signature") { $0.number("journal", "signed") > 0 || $0.number("signer", "signature-us") > 0 }
        agent.terminate()
        try FileManager.default.moveItem(atPath: agent.keys + "/seal.later", toPath: agent.keys + "/seal.crt")
        try agent.start(under: token.wrapper)
        try feed(agent, perSecond: 50, seconds: 1)
        try agent.waitUntilReceipted()
    }

    @Test("a PIN of the environment signs, in the helper that has it from its agent; nobody of the same user reads it there, and nothing says it")
    func pinFromEnvironment() throws {
        let agent = try newAgent()
        agent.settings.removeAll { $0 == token.setting }
        token.pinVariable = "SEAL_PIN"
        agent.settings.append(token.setting)
        try FileManager.default.removeItem(atPath: token.folder.file("pin"))
        // Root reads everything: where these tests are root's, the agent is somebody else.
        let user = getuid() == 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : []
        if !user.isEmpty {
            try ChildProcess.run(["chown", "-R", "65534:65534", agent.folder.path, agent.keys, token.folder.path])
            try ChildProcess.run(["chmod", "o+x", alliance.folder.path])
        }
        try agent.start(under: user + token.wrapper + ["SEAL_PIN=\(TokenStore.pin)"])
        try feed(agent, perSecond: 50, seconds: 1)
        try agent.waitUntilReceipted()
        #expect(try agent.report().text("signer", "state") == "ready")
        let processes = [try #require(agent.process?.processID), try #require(token.helper)]
        for process in processes {
            let refused = try ChildProcess.run(user + ["cat", "/proc/\(process)/environ"], acceptable: [1])
            #expect(refused.contains("Permission denied") && !refused.contains(TokenStore.pin), "\(refused)")
            let words = try Data(contentsOf: URL(fileURLWithPath: "/proc/\(process)/cmdline"))
            #expect(!String(decoding: words, as: UTF8.self).contains(TokenStore.pin))
        }
        let doctor = try agent.command("doctor", "--set", token.setting)
        #expect([agent.log, doctor.output, try agent.command("status").output].allSatisfy { !$0.contains(TokenStore.pin) })
        try judge(agent, lineCount: 50)
    }

    @Test("the agent itself takes no more memory with a token than with a file")
    func memory() throws {
        let withFile = try RunningAgent(alliance, brokerPorts: [broker.port])
        let withToken = try newAgent()
        var kibibytes: [Int] = []
        for agent in [withFile, withToken] {
            try agent.start(under: token.wrapper)
            try feed(agent, perSecond: 200, seconds: 5)
            try agent.waitUntilReceipted()
            let status = try String(contentsOfFile: "/proc/\(try #require(agent.process?.processID))/smaps_rollup", encoding: .utf8)
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("Private_Dirty:") })
            kibibytes.append(try #require(Int(line.split(separator: " ")[1])))
            agent.terminate()
        }
        #expect(kibibytes[1] <= kibibytes[0] + 256, "KiB of memory of its own, with a file and with a token: \(kibibytes)")
    }
}
