import AttestationFormat
import DeviceCrypto
import Foundation
import HarborsealTesting
import Testing

@testable import SealToken

/// A software TPM 2.0 with tpm2-pkcs11 in front of it, without root, kernel driver or system service.
private final class SoftTPM {
    static let modules = ["x86_64", "aarch64"].map { "/usr/lib/\($0)-linux-gnu/pkcs11/libtpm2_pkcs11.so" }
    static let module = modules.first { FileManager.default.fileExists(atPath: $0) }
    static let isInstalled = module != nil && ["swtpm", "pkcs11-tool"].allSatisfy { FileManager.default.fileExists(atPath: "/usr/bin/" + $0) }

    static let pin = "87654321"
    let folder: TemporaryDirectory
    private let process = Process()

    init() throws {
        folder = try TemporaryDirectory(named: "tpm")
        for name in ["state", "store"] { try FileManager.default.createDirectory(atPath: folder.file(name), withIntermediateDirectories: false) }
        process.executableURL = URL(fileURLWithPath: "/usr/bin/swtpm")
        process.arguments = [
            "socket", "--tpm2", "--tpmstate", "dir=\(folder.file("state"))", "--ctrl", "type=unixio,path=\(folder.file("tpm.ctrl"))", "--server",
            "type=unixio,path=\(folder.file("tpm"))", "--flags", "not-need-init,startup-clear",
        ]
        process.standardInput = FileHandle.nullDevice
        try process.run()
        for _ in 0..<500 where !FileManager.default.fileExists(atPath: folder.file("tpm")) { usleep(10_000) }
        _ = try tool("--init-token", "--slot", "1", "--label", "harborseal", "--so-pin", "12345678").succeeded()
        _ = try tool(
            "--token-label", "harborseal", "--login", "--login-type", "so", "--so-pin", "12345678", "--init-pin", "--new-pin", Self.pin
        ).succeeded()
        try setPIN(Self.pin)
    }

    deinit {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    func setPIN(_ text: String) throws {
        try folder.write(text, to: "pin")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder.file("pin"))
    }

    var environment: [String: String] {
        ["TPM2_PKCS11_STORE": folder.file("store"), "TPM2_PKCS11_TCTI": "swtpm:path=\(folder.file("tpm"))", "TSS2_LOG": "all+none"]
    }

    var uri: String { "pkcs11:token=harborseal;object=seal?module-name=tpm2_pkcs11&pin-source=file:\(folder.file("pin"))" }

    func tool(_ words: String...) throws -> Run {
        try Run(["/usr/bin/pkcs11-tool", "--module", Self.module ?? ""] + words, environment: environment)
    }

    func command(_ verb: String, json: Bool = false) throws -> Run {
        try Run([agentProgram, "token", verb, uri] + (json ? ["--json"] : []), environment: environment)
    }

    func signer() throws -> DrivenSigner {
        let lines = environment.map { "export \($0.key)='\($0.value)'\n" }.joined()
        try folder.write("#!/bin/sh\n\(lines)exec '\(agentProgram)' \"$@\"\n", to: "agent")
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder.file("agent"))
        return DrivenSigner(TokenSigner(try TokenURI(UTF8Text(uri)), expecting: nil, program: UTF8Text(folder.file("agent"))))
    }
}

@Suite(
    "a key in a TPM 2.0 (tpm2-pkcs11 on swtpm)", .enabled(if: SoftTPM.isInstalled, "swtpm, libtpm2-pkcs11-1 or opensc is not installed"), .serialized)
struct TPMTests {
    @Test("a key made in the TPM signs through the helper, a hundred times in one session, and cannot leave")
    func signs() throws {
        let tpm = try SoftTPM()
        let made = try tpm.command("make-key").succeeded()
        #expect(made.output.contains("key \"seal\" of token \"harborseal\" in slot"))
        let listed = try tpm.command("list").succeeded().output
        #expect(listed.contains("cannot leave the token"), "\(listed)")
        let signer = try tpm.signer()
        #expect(signer.sign([0]) != nil)
        let verifier = try signer.verifier()
        for number in 1...100 as ClosedRange<UInt8> {
            let signature = try #require(signer.sign([number]), "\(signer.signer.trouble ?? "")")
            #expect(verifier.isValid(signature, for: [number]))
        }
        #expect(signer.signer.startCount == 1)
    }

    @Test("a wrong PIN is tried once and named, and the right one works behind it")
    func wrongPIN() throws {
        let tpm = try SoftTPM()
        _ = try tpm.command("make-key").succeeded()
        try tpm.setPIN("00000000")
        let signer = try tpm.signer()
        signer.signer.begin([1], nowMilliseconds: DrivenSigner.now)
        #expect(try #require(signer.trouble()).contains("token \"harborseal\" in slot 1: the token refused the PIN"))
        #expect(signer.signer.isStopped)
        try tpm.setPIN(SoftTPM.pin)
        signer.signer.retry(nowMilliseconds: DrivenSigner.now)
        #expect(signer.turn { signer.signer.finish() != nil })
    }

    @Test("a TPM without a key says so, and the store that is not there names the library")
    func missing() throws {
        let tpm = try SoftTPM()
        let run = try tpm.command("login")
        #expect(run.code == 66)
        #expect(run.errors.contains("make-key"))
        let other = try Run(
            [agentProgram, "token", "list", tpm.uri], environment: tpm.environment.merging(["TPM2_PKCS11_TCTI": "swtpm:path=/nonexistent"]) { $1 })
        #expect(other.code == 66)
        #expect(other.errors.contains("does not start"), "\(other.errors)")
    }
}
