import Foundation

/// A software TPM 2.0 with tpm2-pkcs11 in front of it, for one gateway's seal key.
final class TPMStore: KeyToken {
    static let pin = "87654321"
    private static let module = ["x86_64", "aarch64"].map { "/usr/lib/\($0)-linux-gnu/pkcs11/libtpm2_pkcs11.so" }
        .first { FileManager.default.fileExists(atPath: $0) }
    static let isInstalled = module != nil && ["swtpm", "pkcs11-tool"].allSatisfy { FileManager.default.fileExists(atPath: "/usr/bin/" + $0) }

    private let folder: ScratchFolder
    private let process: ChildProcess

    init() throws {
        folder = try ScratchFolder(named: "hs-tpm")
        for name in ["state", "store"] { try FileManager.default.createDirectory(atPath: folder.file(name), withIntermediateDirectories: false) }
        process = try ChildProcess([
            "/usr/bin/swtpm", "socket", "--tpm2", "--tpmstate", "dir=\(folder.file("state"))", "--ctrl", "type=unixio,path=\(folder.file("tpm.ctrl"))", "--server",
            "type=unixio,path=\(folder.file("tpm"))", "--flags", "not-need-init,startup-clear",
        ])
        let socket = folder.file("tpm")
        try wait(until: "the TPM") { FileManager.default.fileExists(atPath: socket) }
        try tool("--init-token", "--slot", "1", "--label", "gateway", "--so-pin", "12345678")
        try tool("--token-label", "gateway", "--login", "--login-type", "so", "--so-pin", "12345678", "--init-pin", "--new-pin", Self.pin)
        try Self.pin.write(toFile: folder.file("pin"), atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder.file("pin"))
    }

    deinit { process.kill() }

    var wrapper: [String] {
        ["/usr/bin/env", "TPM2_PKCS11_STORE=\(folder.file("store"))", "TPM2_PKCS11_TCTI=swtpm:path=\(folder.file("tpm"))", "TSS2_LOG=all+none"]
    }

    var uri: String { "pkcs11:token=gateway;object=seal?module-path=\(Self.module ?? "")&pin-source=file:\(folder.file("pin"))" }

    private func tool(_ words: String...) throws {
        try ChildProcess.run(wrapper + ["/usr/bin/pkcs11-tool", "--module", Self.module ?? ""] + words)
    }

    /// What the library answers to whoever has the PIN and asks for the private key itself: see key-value.py.
    func answerToKeyValue() throws -> [String: Int] {
        let script = Programs.packageRoot + "/Tests/IntegrationTests/Support/key-value.py"
        let told = try ChildProcess.run(wrapper + [try Programs.python, script, Self.module ?? "", "gateway", "seal", Self.pin])
        // The library has a word of its own to say first.
        guard let line = told.split(separator: "\n").last(where: { $0.hasPrefix("{") }) else { throw IntegrationFailure("key-value.py: \(told)") }
        return try JSONDecoder().decode([String: Int].self, from: Data(line.utf8))
    }
}
