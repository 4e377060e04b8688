internal import AgentConfiguration
internal import AttestationFormat
internal import GatewayAgent
internal import SealToken

extension AgentLoop {
    /// Unsigned events beyond this are a concern: four batches of the largest size.
    private static var manyUnsignedCount: UInt64 { 4_096 }

    /// Lets a token's helper go on, and logs when it stops or starts signing.
    func serveSigner() {
        signer.serve(isReadable: signerHappened != 0, nowMilliseconds: now.monotonicMilliseconds)
        guard let token = signer.token else { return }
        if let trouble = token.trouble {
            if !isSignerTold { log(.error, "\(trouble); events are stored and wait for their signature") }
            isSignerTold = true
        } else if isSignerTold, token.isReady {
            isSignerTold = false
            log(.notice, "\(Self.words(of: token)) is there again")
        }
    }

    /// Events that are stored and not signed.
    var unsignedCount: UInt64 { journal.nextSequence - journal.signedEnd }

    /// Token and slot as people name them.
    static func words(of token: TokenSigner) -> String {
        token.found.map { "token \"\($0.label.string)\" in slot \($0.slotID)" } ?? "the token"
    }

    func addSigner(to document: inout StatusDocument) {
        document.section("signer")
        let waiting = unsignedCount
        guard let token = signer.token else {
            document.add("kind", text: "software")
            document.add("state", text: "ready", level: .good)
            document.add("waiting-events", waiting)
            return
        }
        document.add("kind", text: "token")
        let state = token.isStopped ? "stopped" : token.trouble != nil ? "failing" : token.isReady ? "ready" : "starting"
        document.add("state", text: state, words: token.trouble, level: token.isReady ? .good : .bad)
        if let found = token.found {
            document.add("token", text: found.label.string)
            document.add("slot", found.slotID)
        } else {
            document.addUnknown("token", words: "not found yet")
            document.addUnknown("slot", words: "unknown")
        }
        if let time = token.signatureMicroseconds {
            document.add("signature-us", time)
        } else {
            document.addUnknown("signature-us", words: "none yet")
        }
        document.add(
            "waiting-events", waiting, words: waiting > Self.manyUnsignedCount ? "\(waiting): stored, and signed as fast as the token goes" : nil,
            level: waiting > Self.manyUnsignedCount ? .warning : .plain)
        document.add("helper-starts", token.startCount)
    }

    func addSignerConcern(to concerns: inout [OperatorConcern]) {
        if gateway.concerns.signingFailureCode != nil {
            concerns.add("signing", "the seal key does not sign; run harborseal-agent selftest")
        }
        guard let token = signer.token else { return }
        if let trouble = token.trouble {
            concerns.add("token", "\(trouble); \(unsignedCount) events are stored and wait for their signature")
        } else if let words = slowWords(token) {
            concerns.add("token-slow", words + "; " + Self.slowStep)
        }
    }

    /// More is recorded than the token can sign; nil while it can.
    private func slowWords(_ token: TokenSigner) -> String? {
        guard unsignedCount > Self.manyUnsignedCount, let time = token.signatureMicroseconds else { return nil }
        return """
            \(unsignedCount) events are stored and wait for their signature: the token takes \(time / 1_000) ms for one, which covers at most \
            \(GatewayPolicy.largestEventCount) events
            """
    }

    private static var slowStep: String { "record less often, or use a faster token" }

    func addSigner(to findings: inout Findings) {
        guard let token = signer.token else { return }
        let name = Self.words(of: token)
        if let failure = token.failure {
            let step = failure.step
            findings.add(
                .problem, "key", configuration.seal.key.uri?.text.string ?? "", failure.told + "; events are stored and wait for their signature",
                advice: step.isEmpty ? "wait: it is tried again by itself, and nothing is lost" : step)
        } else if let words = slowWords(token) {
            findings.add(.warning, "key", name, words, advice: Self.slowStep)
        } else {
            let time = token.signatureMicroseconds.map { "signs in \($0 / 1_000) ms" } ?? "has not signed yet"
            findings.ok("key", name, "\(time), \(unsignedCount) events wait for their signature")
        }
    }
}
