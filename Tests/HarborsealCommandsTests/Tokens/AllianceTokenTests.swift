import AllianceTrust
import AttestationFormat
import Foundation
import HarborsealTesting
import Testing

@testable import HarborsealCommands

/// Root, link CA and issuing keys in SoftHSM2; the built program, and openssl as the second opinion.
@Suite("an alliance with its keys in a token", .enabled(if: KeyStore.isInstalled, "softhsm2 or opensc is not installed"), .serialized)
struct AllianceTokenTests {
    private let store: KeyStore
    private let folder: TemporaryDirectory
    private var alliance: String { folder.file("alliance") }

    init() throws {
        store = try KeyStore()
        folder = try TemporaryDirectory()
    }

    private func run(_ words: String...) throws {
        let result = try BuiltProgram.run(words, environment: store.environment)
        guard result.exitCode == 0 else { throw KeyStore.Failure(text: "\(words): \(result)") }
    }

    private func openssl(_ words: String...) throws -> String {
        let process = try RunningRegistry.run("openssl", words)
        return process.code == 0 ? process.text : "\(process.code): \(process.text)"
    }

    private func isThere(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(alliance)/\(name)") }

    /// A refusal's exit code, with words that it must have.
    private func expect(_ code: Int32, _ result: (exitCode: Int32, output: String), _ words: String...) {
        #expect(result.exitCode == code, "\(result)")
        for word in words { #expect(result.output.contains(word), "\(result.output)") }
        #expect(!result.output.contains("harborseal-agent") && !result.output.contains("[seal]") && !result.output.contains(KeyStore.pin), "\(result.output)")
    }

    @Test("no key of root, link CA or firm is ever a file, whether the commands made it or a person before; openssl and every reader of the trust file agree")
    func journey() throws {
        try store.makeKey("root")
        try run("alliance", "init", "gba-test", "-o", alliance, "--root-key", store.uri("root"))
        // Where init made the link CA's key, the file is as ever.
        #expect(isThere("link-ca.key") && isThere("root.uri") && !isThere("root.key"))
        try run("alliance", "add-firm", "acme", "--alliance", alliance, "--issuing-key", store.uri("acme"), "--make-key")
        try run("alliance", "add-firm", "zeta", "--alliance", alliance)
        try run("alliance", "add-node", "hk-1", "--alliance", alliance)
        // The URI is remembered, and may be given.
        try run("alliance", "sign", "--alliance", alliance)
        try run("alliance", "sign", "--alliance", alliance, "--root-key", store.uri("root"), "--valid-days", "30")
        let trust = try TrustFileInput.verified("\(alliance)/alliance.hstrust")
        #expect(trust.content.version == 2 && trust.content.firms.count == 2)
        for firm in ["acme", "zeta"] {
            #expect(try openssl("verify", "-CAfile", "\(alliance)/root.crt", "\(alliance)/firms/\(firm)/issuing.crt").hasSuffix("OK\n"))
        }
        #expect(!isThere("firms/acme/issuing.key") && isThere("firms/acme/issuing.uri"))
        let list = "\(alliance)/firms/acme/issuing.crl"
        #expect(try RunningRegistry.run("openssl", ["crl", "-in", list, "-CAfile", "\(alliance)/firms/acme/issuing.crt", "-noout"]).code == 0)
        // A renewal finds the key by itself, and a second key stands beside it.
        try run("alliance", "add-firm", "acme", "--alliance", alliance)
        try run("alliance", "add-firm", "acme", "--alliance", alliance, "--new-key", "--issuing-key", store.uri("acme2"), "--make-key")
        #expect(isThere("firms/acme/issuing-2.uri"))
        try run("alliance", "sign", "--alliance", alliance)
        #expect(try TrustFileInput.verified("\(alliance)/alliance.hstrust").content.firms[0].issuingCertificates.count == 3)
        // Whatever has signed in the token was asked for by a helper, and low.
        #expect(store.calls("sign").count >= 8)
    }

    @Test("link CA and root made by their tokens: a device is issued, and a registry's folder names the keys and holds none of them")
    func registryFolder() throws {
        try run("alliance", "init", "gba-test", "-o", alliance, "--root-key", store.uri("root"), "--link-key", store.uri("link"), "--make-key")
        try run("alliance", "add-firm", "acme", "--alliance", alliance, "--issuing-key", store.uri("acme"), "--make-key")
        try run("alliance", "add-node", "hk-1", "--alliance", alliance)
        try run("alliance", "sign", "--alliance", alliance)
        try run("device", "issue", "--alliance", alliance, "--firm", "acme", "--device", "gw-1", "-o", folder.file("gw-1"))
        let chain = try folder.write(
            String(contentsOfFile: "\(alliance)/root.crt", encoding: .utf8) + String(contentsOfFile: "\(alliance)/firms/acme/issuing.crt", encoding: .utf8),
            to: "chain.pem")
        #expect(try openssl("verify", "-CAfile", chain, "-purpose", "any", folder.file("gw-1/seal.crt")).hasSuffix("OK\n"))
        #expect(try openssl("verify", "-CAfile", "\(alliance)/link-ca.crt", "-purpose", "sslclient", folder.file("gw-1/link.crt")).hasSuffix("OK\n"))
        try run("registry", "init", "--alliance", alliance, "--url", "https://localhost:8443", "-o", folder.file("registry"))
        let configuration = try String(contentsOfFile: folder.file("registry/registry.conf"), encoding: .utf8)
        #expect(configuration.contains("\nkey = \(store.uri("acme"))\n") && configuration.contains("\nkey = \(store.uri("link"))\n"))
        for name in ["firms/acme/issuing.key", "link-ca.key"] { #expect(!FileManager.default.fileExists(atPath: folder.file("registry/\(name)"))) }
    }

    @Test("what is wrong with a token, its key or its PIN is said with token, slot and a step, and no alliance is begun")
    func refusals() throws {
        func initialise(_ words: String...) throws -> (exitCode: Int32, output: String) {
            try BuiltProgram.run(["alliance", "init", "gba-test", "-o", alliance] + words, environment: store.environment)
        }
        try store.makeKey("root")
        try store.makeKey("big", curve: "secp384r1")
        let root = store.uri("root")
        try expect(66, initialise("--root-key", store.uri("absent")), "key \"absent\" of token \"alliance\" in slot ", "no private key fits", "--make-key")
        try expect(66, initialise("--root-key", store.uri("big")), "token \"alliance\" in slot ", "the key is not on curve P-256")
        try expect(66, initialise("--root-key", root, "--make-key"), "key \"root\" of token \"alliance\"", "a key of this name is there already")
        try expect(64, initialise("--root-key", "/tmp/root.key"), "--root-key /tmp/root.key is no pkcs11: URI")
        try expect(64, initialise("--root-key", "pkcs11:object=root"), "names no PKCS#11 library", "module-path=")
        try expect(64, initialise("--root-key", "pkcs11:object=root?pin-value=1234"), "pin-value is refused")
        try expect(64, initialise("--make-key"), "no token is named")
        try expect(64, initialise("--root-key", root, "--link-key", root), "a key has one role")
        try expect(77, initialise("--root-key", root.components(separatedBy: "&")[0]), "the token wants a PIN", "pin-source=file:")
        try store.setPIN("wrong")
        try expect(77, initialise("--root-key", root), "token \"alliance\" in slot ", "the token refused the PIN", "pin")
        #expect(store.calls("login").count { $0.contains("0xa0") } == 1, "tried once: \(store.calls("login"))")
        try store.setPIN(KeyStore.pin)
        try store.disturb("crash")
        try expect(66, initialise("--root-key", root), "the token's library ended its helper process without an answer")
        #expect(!isThere("draft.json") && !isThere("root.crt") && !isThere("root.uri"))
    }

    @Test("a key that has another role, or is not the certificate's, issues nothing")
    func roles() throws {
        try store.makeKey("root")
        try store.makeKey("other")
        try run("alliance", "init", "gba-test", "-o", alliance, "--root-key", store.uri("root"))
        let draft = try Data(contentsOf: URL(fileURLWithPath: "\(alliance)/draft.json"))
        func addFirm(_ firm: String, _ words: String...) throws -> (exitCode: Int32, output: String) {
            try BuiltProgram.run(["alliance", "add-firm", firm, "--alliance", alliance] + words, environment: store.environment)
        }
        try expect(1, addFirm("acme", "--issuing-key", store.uri("root")), "the key is that of the root already", "a key has one role")
        try expect(65, addFirm("acme", "--root-key", store.uri("other")), "the issuing certificate and the issuing key do not belong together")
        try expect(64, addFirm("acme", "--make-key"), "no token is named", "--issuing-key pkcs11:")
        #expect(try Data(contentsOf: URL(fileURLWithPath: "\(alliance)/draft.json")) == draft)
        try run("alliance", "add-firm", "acme", "--alliance", alliance, "--issuing-key", store.uri("acme"), "--make-key")
        try expect(1, addFirm("zeta", "--issuing-key", store.uri("acme")), "the key is that of firm acme already")
        try expect(1, addFirm("acme", "--issuing-key", store.uri("other")), "has an issuing key already", "--new-key")
        #expect(try RunningRegistry.run("openssl", ["x509", "-in", "\(alliance)/firms/acme/issuing.crt", "-noout"]).code == 0)
    }
}
