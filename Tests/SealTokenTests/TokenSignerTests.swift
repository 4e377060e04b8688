import AttestationFormat
import DeviceCrypto
import Foundation
import HarborsealTesting
import Testing

@testable import SealToken

@Suite("a key in SoftHSM2, through the helper", .enabled(if: SoftToken.isInstalled, "softhsm2 is not installed"), .serialized)
struct TokenSignerTests {
    @Test("a signature is verified, has the lower s, and the agent never waits for it: its loop goes on while the token takes 400 ms")
    func signs() throws {
        let token = try SoftToken()
        try token.makeKey()
        try token.disturb("high")
        let signer = try token.signer()
        let first = try #require(signer.sign([1, 2, 3]))
        let found = try #require(signer.signer.found)
        #expect(found.label == "gw-1")
        let verifier = try #require(P256Verifier(publicKey: found.publicKey))
        #expect(verifier.isValid(first, for: [1, 2, 3]))
        try token.disturb("delay=400")
        let begun = DrivenSigner.now
        signer.signer.begin([4], nowMilliseconds: begun)
        // Had it waited, the signature would be there.
        #expect(signer.signer.finish() == nil)
        var second: Signature?
        signer.turn {
            second = signer.signer.finish()
            return second != nil
        }
        #expect(DrivenSigner.now - begun >= 400)
        #expect(verifier.isValid(try #require(second), for: [4]))
        #expect((signer.signer.signatureMicroseconds ?? 0) >= 400_000)
        #expect(token.calls("login").count == 1, "one session for both")
    }

    @Test("a message that replaces one under way is signed, and the answer to the old one is not taken for it")
    func replaced() throws {
        let token = try SoftToken()
        try token.makeKey()
        try token.disturb("delay=300")
        let signer = try token.signer()
        signer.signer.begin([1], nowMilliseconds: DrivenSigner.now)
        signer.turn { token.signer(isAskedBy: signer) }
        let signature = try #require(signer.sign([2]))
        let verifier = try signer.verifier()
        #expect(verifier.isValid(signature, for: [2]))
    }

    /// What is done to the token, whether a person must act, and what stands in the message.
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var disturbance = ""
        var path: String?
        var query: String?
        var module: String?
        var isProxied = true
        var pin: String?
        var pinMode = 0o600
        var needsPerson = false
        let words: [String]
    }

    static let cases = [
        Case(testDescription: "library missing", module: "/usr/lib/none.so", isProxied: false, words: ["/usr/lib/none.so", "cannot be loaded", "install its package"]),
        Case(testDescription: "not a library", module: "/etc/passwd", isProxied: false, words: ["/etc/passwd", "cannot be loaded"]),
        Case(testDescription: "not a PKCS#11 module", module: "libz.so.1", isProxied: false, words: ["no PKCS#11 module"]),
        Case(testDescription: "the module does not start", disturbance: "init=0x5", words: ["does not start", "0x5"]),
        Case(testDescription: "no token of this name", path: "token=other;object=seal", words: ["no token fits", "token \"gw-1\" in slot", "token list"]),
        Case(testDescription: "no token in any slot", disturbance: "absent", words: ["no token fits", "insert the token"]),
        Case(testDescription: "two tokens fit", path: "manufacturer=SoftHSM%20project;object=seal", words: ["2 tokens fit", "\"gw-1\"", "\"second\"", "serial="]),
        Case(testDescription: "no PIN named", query: "", words: ["token \"gw-1\" in slot", "wants a PIN", "pin-source=file:"]),
        Case(testDescription: "PIN file missing", query: "&pin-source=file:/nonexistent/pin", words: ["/nonexistent/pin", "cannot be read", "No such file"]),
        Case(testDescription: "PIN file open to others", pin: SoftToken.pin, pinMode: 0o640, words: ["mode 0640", "chmod 600"]),
        Case(testDescription: "PIN file empty", pin: "", words: ["no usable PIN"]),
        Case(testDescription: "PIN not in the environment", query: "&pin-source=env:NO_SUCH_PIN", words: ["NO_SUCH_PIN", "set the variable"]),
        Case(testDescription: "wrong PIN", pin: "111111", needsPerson: true, words: ["token \"gw-1\" in slot", "refused the PIN", "restart harborseal-agent"]),
        Case(testDescription: "the next wrong PIN locks it", disturbance: "flags=0x20000", needsPerson: true, words: ["one more wrong PIN", "token login"]),
        Case(testDescription: "locked, as its flags say", disturbance: "flags=0x40000", needsPerson: true, words: ["locked", "security officer"]),
        Case(testDescription: "locked, as login says", disturbance: "login=0xa4", needsPerson: true, words: ["locked", "security officer"]),
        Case(testDescription: "PIN expired", disturbance: "login=0xa3", needsPerson: true, words: ["not set or has expired"]),
        Case(testDescription: "PIN never set", disturbance: "login=0x102", needsPerson: true, words: ["not set or has expired"]),
        Case(testDescription: "key missing", path: "token=gw-1;object=none", words: ["key \"none\" of token \"gw-1\" in slot", "make-key"]),
        Case(testDescription: "several keys fit", path: "token=gw-1", words: ["2 private keys fit", "object= or id="]),
        Case(testDescription: "not on P-256", path: "token=gw-1;object=p384", words: ["not on curve P-256"]),
        Case(testDescription: "an RSA key", path: "token=gw-1;object=rsa", words: ["not on curve P-256"]),
        Case(testDescription: "device error at a signature", disturbance: "sign=0x30", words: ["key \"seal\" of token", "failed", "0x30"]),
        Case(testDescription: "session lost", disturbance: "sign=0xb3", words: ["session", "0xb3"]),
        Case(testDescription: "token pulled out", disturbance: "sign=0x32", words: ["not there any more", "0x32"]),
        Case(testDescription: "the key may not sign", disturbance: "sign=0x68", words: ["does not do ECDSA", "0x68"]),
        Case(testDescription: "a wrong signature", disturbance: "flip", words: ["did not verify", "one pair"]),
        Case(testDescription: "the module crashes at a signature", disturbance: "crash", words: ["ended its helper process without an answer (/", "proxy.so)"]),
    ]

    /// A token with keys of all kinds, and a second one beside it.
    private static let furnished = Result {
        let token = try SoftToken()
        try token.addToken("second")
        try token.makeKey()
        try token.makeKey(token.uri("token=gw-1;object=other"))
        for (type, label) in [("EC:secp384r1", "p384"), ("rsa:2048", "rsa")] {
            _ = try token.tool("--login", "--pin", SoftToken.pin, "--keypairgen", "--key-type", type, "--label", label, "--id", label == "rsa" ? "77" : "78").succeeded()
        }
        return token
    }

    @Test("what can be wrong is named with token and slot and what to do, and the PIN is in no message", arguments: cases)
    func troubles(_ wrong: Case) throws {
        let token = try Self.furnished.get()
        try? FileManager.default.removeItem(atPath: token.folder.file("calls"))
        try token.disturb(wrong.disturbance)
        try token.setPIN(wrong.pin ?? SoftToken.pin, mode: wrong.pinMode)
        let proxied = token.proxied().split(separator: "?module-path=")[1].split(separator: "&")[0]
        let signer = try token.signer(
            token.uri(wrong.path, module: wrong.module.map { $0.hasPrefix("/") ? $0 : "/usr/lib/x86_64-linux-gnu/" + $0 } ?? String(proxied), query: wrong.query))
        signer.signer.begin([1], nowMilliseconds: DrivenSigner.now)
        let trouble = try #require(signer.trouble())
        for word in wrong.words { #expect(trouble.contains(word), "\(trouble)") }
        #expect(!trouble.contains(SoftToken.pin))
        #expect(!trouble.contains("111111"))
        #expect(signer.signer.isStopped == wrong.needsPerson)
        #expect(signer.signer.finish() == nil)
        guard wrong.needsPerson else { return }
        // Nothing tries again, however long it takes.
        let loginCount = token.calls("login").count
        #expect(loginCount <= 1)
        signer.turn(seconds: 1) { false }
        #expect(token.calls("login").count == loginCount)
        #expect(signer.signer.startCount == 1)
    }

    @Test("after a wrong PIN and its correction, a reload signs what was waiting")
    func corrected() throws {
        let token = try SoftToken()
        try token.makeKey()
        try token.setPIN("000000")
        let signer = try token.signer()
        signer.signer.begin([9], nowMilliseconds: DrivenSigner.now)
        _ = try #require(signer.trouble())
        #expect(signer.signer.isStopped)
        try token.setPIN(SoftToken.pin)
        signer.signer.retry(nowMilliseconds: DrivenSigner.now)
        var signature: Signature?
        signer.turn {
            signature = signer.signer.finish()
            return signature != nil
        }
        let verifier = try signer.verifier()
        #expect(verifier.isValid(try #require(signature), for: [9]))
        #expect(token.calls("login").map { String($0.split(separator: " ")[1]) } == ["0xa0", "0x0"])
    }

    @Test("a module that crashes at the login uses up two tries at most")
    func crashingLogin() throws {
        let token = try SoftToken()
        try token.makeKey()
        try token.disturb("crash-login")
        let signer = try token.signer()
        #expect(signer.turn { signer.signer.isStopped })
        signer.turn(seconds: 1) { false }
        #expect(token.calls("login").count == 2)
    }

    @Test("a token that hangs is given up and tried again, and the same message is signed at last")
    func hangs() throws {
        let token = try SoftToken()
        try token.makeKey()
        try token.disturb("hang")
        let signer = try token.signer(patienceMilliseconds: 3_000)
        signer.signer.begin([5], nowMilliseconds: DrivenSigner.now)
        #expect(try #require(signer.trouble()).contains("did not answer in time"))
        try token.disturb("")
        var signature: Signature?
        signer.turn {
            signature = signer.signer.finish()
            return signature != nil
        }
        #expect(signature != nil)
        #expect(signer.signer.trouble == nil)
        #expect(signer.signer.startCount >= 2)
    }

    @Test("each disturbance that ends by itself is overcome without anybody: the token comes back, the device recovers", arguments: [
        "absent", "init=0x5", "sign=0x30", "sign=0xb3", "sign=0x32", "crash", "flip",
    ])
    func recovers(disturbance: String) throws {
        let token = try SoftToken()
        try token.makeKey()
        let signer = try token.signer()
        #expect(signer.sign([1]) != nil)
        try token.disturb(disturbance)
        if disturbance == "absent" || disturbance == "init=0x5" { kill(try #require(token.helperID), SIGKILL) }
        signer.signer.begin([2], nowMilliseconds: DrivenSigner.now)
        #expect(signer.trouble() != nil)
        try token.disturb("")
        #expect(signer.turn { signer.signer.finish() != nil })
        #expect(signer.signer.trouble == nil)
    }

    @Test("another key than the certificate's signs nothing")
    func otherKey() throws {
        let token = try SoftToken()
        try token.makeKey()
        let signer = try token.signer(expecting: try SigningKey.generate().publicKey)
        signer.signer.begin([1], nowMilliseconds: DrivenSigner.now)
        #expect(try #require(signer.trouble()).contains("not the one of the seal certificate"))
        #expect(token.calls("sign").isEmpty)
    }

    @Test("helpers go with their signer: none is left, not even one that hangs")
    func none() throws {
        let token = try SoftToken()
        try token.makeKey()
        let signer = try token.signer()
        #expect(signer.sign([1]) != nil)
        let helper = try #require(token.helperID)
        try token.disturb("hang")
        signer.signer.begin([2], nowMilliseconds: DrivenSigner.now)
        signer.signer.stop()
        for _ in 0..<6_000 where kill(helper, 0) == 0 && !token.isZombie(helper) { usleep(10_000) }
        #expect(kill(helper, 0) != 0 || token.isZombie(helper))
    }

    @Test("the PIN is in no argument and no environment of the helper, and its memory is not readable for others")
    func secrecy() throws {
        let token = try SoftToken()
        try token.makeKey()
        let signer = try token.signer()
        #expect(signer.sign([1]) != nil)
        let helper = try #require(token.helperID)
        let words = try Data(contentsOf: URL(fileURLWithPath: "/proc/\(helper)/cmdline"))
        #expect(String(decoding: words, as: UTF8.self) == "\(agentProgram)\0token-helper\0")
        let variables = try Data(contentsOf: URL(fileURLWithPath: "/proc/\(helper)/environ"))
        #expect(!String(decoding: variables, as: UTF8.self).contains(SoftToken.pin))
        let status = try String(contentsOfFile: "/proc/\(helper)/limits", encoding: .utf8)
        #expect(status.split(separator: "\n").contains { $0.hasPrefix("Max core file size") && $0.contains(" 0 ") })
    }

    @Test("nobody but an agent starts a helper")
    func byHand() throws {
        let run = try Run([agentProgram, "token-helper"])
        #expect(run.code == 64)
        #expect(run.errors.contains("what a running agent starts"))
    }
}

extension SoftToken {
    /// The helper that logged in latest.
    var helperID: pid_t? { calls("login").last?.split(separator: " ").last.flatMap { pid_t($0) } }

    func isZombie(_ process: pid_t) -> Bool {
        (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8))?.contains(") Z ") ?? true
    }

    func signer(isAskedBy signer: DrivenSigner) -> Bool { signer.signer.isReady && signer.signer.found != nil }
}
