import AttestationFormat
import CTokenShims
import DeviceCrypto
import Foundation
import HarborsealTesting
import Testing

@testable import DeviceEnrolment
@testable import SealToken

@Suite("harborseal-agent token", .enabled(if: SoftToken.isInstalled, "softhsm2 is not installed"), .serialized)
struct TokenCommandTests {
    @Test("make-key makes a key that signs, that openssl verifies, and that a second make-key leaves alone")
    func makeKey() throws {
        let token = try SoftToken()
        let made = try token.command("make-key").succeeded()
        #expect(made.output.hasPrefix("key \"seal\" of token \"gw-1\" in slot "))
        try token.folder.write(made.output, to: "public.pem")
        try token.folder.write("what is signed", to: "message")
        _ = try Run(["/usr/bin/openssl", "dgst", "-sha256", "-binary", "-out", token.folder.file("digest"), token.folder.file("message")]).succeeded()
        let key = try TokenInProcess(token).key()
        let signature = try key.sign(Array("what is signed".utf8))
        try Data(Self.der(signature)).write(to: URL(fileURLWithPath: token.folder.file("signature")))
        let verified = try Run([
            "/usr/bin/openssl", "dgst", "-sha256", "-verify", token.folder.file("public.pem"), "-signature", token.folder.file("signature"),
            token.folder.file("message"),
        ])
        #expect(verified.output == "Verified OK\n")
        let again = try token.command("make-key")
        #expect(again.code == 73)
        #expect(again.errors.contains("is there already"))
        #expect(try token.command("list", json: true).output.components(separatedBy: "\"label\":\"seal\"").count == 2)
    }

    /// r and s as openssl reads them: a SEQUENCE of two INTEGERs.
    private static func der(_ signature: Signature) -> [UInt8] {
        let numbers = [signature.bytes[..<32], signature.bytes[32...]].map { half in
            let trimmed = Array(half.drop { $0 == 0 })
            let number = (trimmed.first ?? 0x80) >= 0x80 ? [0] + trimmed : trimmed
            return [0x02, UInt8(number.count)] + number
        }
        return [0x30, UInt8(numbers[0].count + numbers[1].count)] + numbers[0] + numbers[1]
    }

    @Test("the key cannot leave the token: it is sensitive, not extractable, and its bytes are refused")
    func cannotLeave() throws {
        let token = try SoftToken()
        try token.makeKey()
        let inProcess = try TokenInProcess(token)
        #expect(try inProcess.readPrivateKey() == HS_TOKEN_UNABLE)
        #expect(inProcess.code == 0x11, "CKR_ATTRIBUTE_SENSITIVE")
        #expect(try inProcess.canLeave() == false)
        let shown = try token.tool("--login", "--pin", SoftToken.pin, "--list-objects", "--type", "privkey").succeeded().output
        #expect(shown.contains("sensitive, always sensitive, never extractable, local"))
        #expect(shown.contains("Usage:      sign\n"), "signing, and nothing else: \(shown)")
    }

    @Test("list shows slots, tokens and keys, for people and for scripts")
    func list() throws {
        let token = try SoftToken()
        try token.addToken("second")
        try token.makeKey()
        let text = try token.command("list").succeeded().output
        #expect(text.contains("token \"gw-1\", SoftHSM project, SoftHSM v2, serial "))
        #expect(text.contains("token \"second\""))
        #expect(text.contains("a token that is not set up"))
        #expect(text.contains("key \"seal\", id "))
        #expect(text.contains("P-256, cannot leave the token, key id "))
        let object = try JSONSerialization.jsonObject(with: Data(try token.command("list", json: true).succeeded().output.utf8))
        let report = try #require(object as? [String: Any])
        #expect(report["logged-in"] as? Bool == true)
        #expect(report["problem"] is NSNull)
        let slots = try #require(report["slots"] as? [[String: Any]])
        #expect(slots.filter { $0["meant"] as? Bool == true }.map { $0["token"] as? String } == ["gw-1"])
        let keys = try #require(report["keys"] as? [[String: Any]])
        #expect(keys.map { $0["label"] as? String } == ["seal"])
        #expect(keys.map { $0["can-leave"] as? Bool } == [false])
    }

    @Test("list logs in only where no wrong PIN was given before, so that looking cannot lock a token; login does what it is asked")
    func listIsSafe() throws {
        let token = try SoftToken()
        try token.makeKey()
        for (flags, isSafe) in [("", true), ("flags=0x10000", false), ("flags=0x20000", false), ("flags=0x40000", false)] {
            try? FileManager.default.removeItem(atPath: token.folder.file("calls"))
            try token.disturb(flags)
            let listed = try token.command("list", token.proxied())
            #expect(token.calls("login").count == (isSafe ? 1 : 0), "\(flags)")
            #expect(listed.output.contains("private keys are hidden") == !isSafe)
        }
        try token.disturb("flags=0x20000")
        let login = try token.command("login", token.proxied())
        #expect(login.code == 0)
        #expect(login.output.contains("the PIN is right"))
    }

    @Test(
        "each failure has its exit code and one line that says what to do",
        arguments: [
            ("pkcs11:token=gw-1;object=seal?module-path=/none.so", 66, "install its package"), ("pkcs11:token=x?module-path=MODULE", 66, "no token fits"),
            ("pkcs11:token=gw-1;object=none?module-path=MODULE&pin-source=file:PIN", 66, "make-key"),
            ("pkcs11:token=gw-1;object=seal?module-path=MODULE", 77, "wants a PIN"),
            ("pkcs11:token=gw-1;object=seal?module-path=MODULE&pin-source=file:/etc/passwd", 77, "PIN"),
            ("pkcs11:token=gw-1;object=seal?module-path=MODULE&pin-value=1", 78, "pin-source"), ("pkcs11:token=gw-1;thing=1?module-path=MODULE", 78, "thing"),
            ("/etc/seal.key", 78, "pkcs11:"), ("pkcs11:token=gw-1", 66, "names none"), ("pkcs11:?module-name=no-such-thing", 66, "module-path"),
        ])
    func failures(uri: String, code: Int32, words: String) throws {
        let token = try SoftToken()
        let text = uri.replacingOccurrences(of: "MODULE", with: SoftToken.module).replacingOccurrences(of: "PIN", with: token.folder.file("pin"))
        let run = try token.command("login", text)
        #expect(run.code == code, "\(run.errors)")
        #expect(run.errors.contains(words), "\(run.errors)")
        #expect(run.errors.split(separator: "\n").count == 1)
        #expect(run.output.isEmpty)
    }

    @Test("words that are no verb, too many of them, and a configuration whose key is a file are refused")
    func usage() throws {
        let folder = try SoftToken().folder
        #expect(try Run([agentProgram, "token"]).code == 64)
        #expect(try Run([agentProgram, "token", "list", "pkcs11:", "more"]).code == 64)
        #expect(try Run([agentProgram, "token", "break", "pkcs11:?module-path=\(SoftToken.module)"]).code == 64)
        try folder.write("[identity]\nalliance = a\nfirm = f\ndevice = d\n", to: "agent.conf")
        let run = try Run([agentProgram, "token", "list", "--config", folder.file("agent.conf")])
        #expect(run.code == 78)
        #expect(run.errors.contains("[seal] key is a file, not a token"))
    }

    @Test("a library that ends its process, crashes or hangs is an error that names it, for each verb, and nothing is printed for done", arguments: [
        ("list", "init-exit=0"), ("list", "init-exit=66"), ("list", "init-crash"), ("make-key", "init-exit=0"), ("login", "init-exit=0"), ("login", "crash-login"),
        ("make-key", "crash"), ("list", "init-hang"),
    ])
    func hostileLibrary(verb: String, disturbance: String) throws {
        let token = try SoftToken()
        if verb != "make-key" { try token.makeKey() }
        try token.disturb(disturbance)
        let run = try token.command(verb, token.proxied())
        #expect(run.code == 74 && run.output.isEmpty, "\(run.code): \(run.output)")
        #expect(run.errors.contains("proxy.so)") && run.errors.split(separator: "\n").count == 1, "\(run.errors)")
        #expect(run.errors.contains(disturbance == "init-hang" ? "did not answer in time" : "ended its helper process without an answer"), "\(run.errors)")
    }

    @Test("enrolment's key in a token is an error where its library ends the process, never a success", arguments: ["init-exit=0", "crash"])
    func hostileAtEnrolment(disturbance: String) throws {
        let token = try SoftToken()
        try token.makeKey()
        let files = IdentityFiles(
            key: try KeyLocation(UTF8Text(token.proxied())), certificate: UTF8Text(token.folder.file("seal.crt")), program: try token.program())
        try token.disturb(disturbance)
        let error = #expect(throws: EnrolmentError.self) {
            guard case .token(let key)? = try files.keyInUse() else { return }
            do throws(TokenError) { _ = try key.sign([1]) } catch { throw EnrolmentError(.token(isPIN: false), UTF8Text(error.message)) }
        }
        #expect(error?.detail.string.contains("ended its helper process without an answer (/") == true, "\(String(describing: error))")
    }

    @Test("without a configuration a library is named by --module or a URI; a configuration needs no more than the key")
    func withoutConfiguration() throws {
        let token = try SoftToken()
        try token.makeKey()
        func list(_ words: String...) throws -> Run {
            try Run([agentProgram, "token", "list"] + words, environment: token.environment)
        }
        let byModule = try list("--module", SoftToken.module, "--config", "/nonexistent/agent.conf")
        #expect(byModule.code == 0 && byModule.output.contains("token \"gw-1\""), "\(byModule)")
        #expect(try list(token.uri(), "--config", "/nonexistent/agent.conf").code == 0)
        try token.folder.write("[seal]\nkey = \(token.uri())\n", to: "agent.conf")
        let byKey = try list("--config", token.folder.file("agent.conf"))
        #expect(byKey.code == 0 && byKey.output.contains("key \"seal\""), "\(byKey)")
        try token.folder.write("[seal]\nkey = \(token.uri())\nnonsense = 1\n", to: "agent.conf")
        #expect(try list("--config", token.folder.file("agent.conf")).code == 78)
        #expect(try list("--config", "/nonexistent/agent.conf").code == 66)
        #expect(try list("--module", "softhsm2.so").errors.contains("absolute path"))
        #expect(try list("--module", SoftToken.module, token.uri()).code == 64)
        #expect(try list("--module", "/a b.so").errors.contains("percent-encoded: %20"))
    }

    @Test("a label with control characters is shown without them, in text and in errors; in JSON it is escaped or replaced too")
    func label() throws {
        let token = try SoftToken()
        try token.makeKey()
        try token.disturb("control")
        let proxied = token.proxied("object=seal")
        for run in [try token.command("list", proxied), try token.command("list", proxied, json: true), try token.command("login", token.proxied("object=none"))] {
            #expect((run.output + run.errors).utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x0A }, "\(run)")
            #expect(!(run.output + run.errors).contains("\n-1"))
        }
        #expect(try token.command("list", proxied).output.contains("token \"gw?[2J?-1\""))
    }

    @Test("enrolment's key in a token is made once, signs requests, and is the same one at the next start")
    func enrolment() throws {
        let token = try SoftToken()
        func files() throws -> IdentityFiles {
            IdentityFiles(
                key: try KeyLocation(UTF8Text(token.uri())), certificate: UTF8Text(token.folder.file("seal.crt")), program: try token.program())
        }
        var made: PublicKey?
        do {
            let files = try files()
            #expect(try files.keyInUse() == nil && files.nextKey == nil && files.folder.string == token.folder.path)
            let key = try files.pendingKey()
            made = key.publicKey
            let verifier = try #require(P256Verifier(publicKey: key.publicKey))
            #expect(verifier.isValid(try key.sign([1, 2]), for: [1, 2]))
            #expect(try files.pendingKey().publicKey == made && files.keyInUse()?.publicKey == made)
        }
        #expect(try files().pendingKey().publicKey == made)
        #expect(try files().keyInUse()?.publicKey == made)
    }
}

/// SoftHSM2 in this very process, for what only the door shows. One at a time: the suite is serial.
private struct TokenInProcess {
    private let uri: TokenURI

    init(_ token: SoftToken) throws {
        setenv("SOFTHSM2_CONF", token.folder.file("softhsm2.conf"), 1)
        uri = try TokenURI(UTF8Text(token.uri()))
    }

    func key() throws -> TokenKey { try TokenKey(uri) }

    private final class LastCode { var value: UInt64 = 0 }
    private let last = LastCode()
    var code: UInt64 { last.value }

    private func withKey<Result>(_ body: (OpaquePointer) throws -> Result) throws -> Result {
        let module = try TokenModule(uri)
        _ = try module.logIn(uri, writable: false, isTriedAnyway: false)
        guard try module.find(uri, isPrivate: true) == 1 else { throw RunFailure(text: "no key") }
        return try body(module.handle)
    }

    func readPrivateKey() throws -> hs_token_result {
        try withKey { handle in
            let result = hs_token_key_read(handle, 0)
            last.value = hs_token_code(handle)
            return result
        }
    }

    func canLeave() throws -> Bool { try withKey { hs_token_key_can_leave($0, 0) } }
}
