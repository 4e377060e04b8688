import Foundation

/// A SoftHSM2 with one token for one gateway's seal key, behind Tests/TokenProxy, which can be told to be slow, broken or away.
final class TokenStore: KeyToken {
    static let pin = "16180339"
    static let module = "/usr/lib/softhsm/libsofthsm2.so"
    static let isInstalled = FileManager.default.fileExists(atPath: module)

    let folder: ScratchFolder
    /// The key's name.
    var object = "seal"

    /// Compiled once a run.
    private static let proxy = Result {
        let folder = try ScratchFolder(named: "hs-proxy")
        try ChildProcess.run(["clang", "-shared", "-fPIC", "-O1", "-o", folder.file("proxy.so"), Programs.packageRoot + "/Tests/TokenProxy/proxy.c"])
        return folder
    }

    init() throws {
        folder = try ScratchFolder(named: "hs-token")
        try FileManager.default.copyItem(atPath: Self.proxy.get().file("proxy.so"), toPath: folder.file("proxy.so"))
        try FileManager.default.createDirectory(atPath: folder.file("tokens"), withIntermediateDirectories: false)
        try "directories.tokendir = \(folder.file("tokens"))\nobjectstore.backend = file\nlog.level = ERROR\n"
            .write(toFile: folder.file("conf"), atomically: false, encoding: .utf8)
        try setPIN(Self.pin)
        try ChildProcess.run(
            wrapper + ["softhsm2-util", "--init-token", "--free", "--label", "gateway", "--pin", Self.pin, "--so-pin", "31415926"])
    }

    /// What stands in front of a program that shall use this store.
    var wrapper: [String] {
        [
            "/usr/bin/env", "SOFTHSM2_CONF=\(folder.file("conf"))", "TOKEN_PROXY_MODULE=\(Self.module)", "TOKEN_PROXY_CONTROL=\(folder.file("control"))",
            "TOKEN_PROXY_LOG=\(folder.file("calls"))",
        ]
    }

    /// The variable that the PIN stands in; nil: a file.
    var pinVariable: String?

    var uri: String {
        let source = pinVariable.map { "env:\($0)" } ?? "file:\(folder.file("pin"))"
        return "pkcs11:token=gateway;object=\(object)?module-path=\(folder.file("proxy.so"))&pin-source=\(source)"
    }

    func setPIN(_ text: String) throws {
        try (text + "\n").write(toFile: folder.file("pin"), atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder.file("pin"))
    }

    /// What the proxy does from now on.
    func disturb(_ words: String) throws {
        try words.write(toFile: folder.file("control.new"), atomically: false, encoding: .utf8)
        _ = rename(folder.file("control.new"), folder.file("control"))
    }

    /// Calls that the token saw: name, result, process.
    var calls: [(name: String, result: String, process: pid_t)] {
        ((try? String(contentsOfFile: folder.file("calls"), encoding: .utf8)) ?? "").split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            return words.count == 3 ? (words[0], words[1], pid_t(words[2]) ?? 0) : nil
        }
    }

    /// The helper that logged in latest.
    var helper: pid_t? { calls.last { $0.name == "login" }?.process }
}

extension RunningAgent {
    /// Makes the seal key in the token and a certificate over it by the firm's issuing key, as the firm would; the gateway's file key is gone.
    func moveSealKey(into token: TokenStore) throws {
        let made = try token.command("make-key")
        let firm = alliance.folder.file("alliance/firms/\(Alliance.firm)/issuing")
        try made.write(toFile: folder.file("public.pem"), atomically: false, encoding: .utf8)
        try """
            basicConstraints = critical, CA:FALSE
            keyUsage = critical, digitalSignature
            extendedKeyUsage = 1.3.6.1.5.5.7.3.36
            subjectAltName = URI:hs:\(alliance.name)/\(gateway)
            authorityKeyIdentifier = keyid

            """.write(toFile: folder.file("extensions"), atomically: false, encoding: .utf8)
        try ChildProcess.run([
            "openssl", "x509", "-new", "-force_pubkey", folder.file("public.pem"), "-CA", firm + ".crt", "-CAkey", firm + ".key", "-set_serial",
            "0x\(String(UInt64.random(in: 1 ... .max), radix: 16))", "-days", "365", "-subj", "/O=\(Alliance.firm)/CN=\(gateway)", "-extfile",
            folder.file("extensions"), "-sha256", "-out", keys + "/seal.crt",
        ])
        try FileManager.default.removeItem(atPath: keys + "/seal.key")
        settings.append(token.setting)
    }
}
