import Foundation
import HarborsealTesting

/// A SoftHSM2 with one token for keys of the alliance, behind Tests/TokenProxy, which can be told to be slow, broken or away.
final class KeyStore: Sendable {
    static let module = "/usr/lib/softhsm/libsofthsm2.so"
    static let isInstalled = [module, "/usr/bin/softhsm2-util", "/usr/bin/pkcs11-tool"].allSatisfy { FileManager.default.fileExists(atPath: $0) }
    static let pin = "577215664"

    let folder: TemporaryDirectory

    struct Failure: Error {
        let text: String
    }

    init() throws {
        folder = try TemporaryDirectory(named: "key-store")
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
        try tool("clang", "-shared", "-fPIC", "-O1", "-o", folder.file("proxy.so"), source + "/TokenProxy/proxy.c")
        try FileManager.default.createDirectory(atPath: folder.file("tokens"), withIntermediateDirectories: false)
        try folder.write("directories.tokendir = \(folder.file("tokens"))\nobjectstore.backend = file\nlog.level = ERROR\n", to: "conf")
        try setPIN(Self.pin)
        try tool("softhsm2-util", "--init-token", "--free", "--label", "alliance", "--pin", Self.pin, "--so-pin", "31415926")
    }

    var environment: [String: String] {
        [
            "SOFTHSM2_CONF": folder.file("conf"), "TOKEN_PROXY_MODULE": Self.module, "TOKEN_PROXY_CONTROL": folder.file("control"),
            "TOKEN_PROXY_LOG": folder.file("calls"),
        ]
    }

    func setPIN(_ text: String) throws {
        try folder.write(text + "\n", to: "pin")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder.file("pin"))
    }

    /// The URI of a key in the token.
    func uri(_ object: String) -> String {
        "pkcs11:token=alliance;object=\(object)?module-path=\(folder.file("proxy.so"))&pin-source=file:\(folder.file("pin"))"
    }

    /// What the proxy does from now on.
    func disturb(_ words: String) throws {
        try folder.write(words, to: "control.new")
        _ = rename(folder.file("control.new"), folder.file("control"))
    }

    /// Calls of a kind that the token saw, with their results.
    func calls(_ name: String) -> [String] {
        ((try? String(contentsOfFile: folder.file("calls"), encoding: .utf8)) ?? "").split(separator: "\n").map(String.init).filter { $0.hasPrefix(name + " ") }
    }

    /// Makes a key pair as a person would before the alliance.
    func makeKey(_ object: String, curve: String = "prime256v1") throws {
        try tool(
            "pkcs11-tool", "--module", Self.module, "--token-label", "alliance", "--login", "--pin", Self.pin, "--keypairgen", "--key-type", "EC:\(curve)",
            "--label", object, "--id", String(object.utf8.reduce(into: "") { $0 += String($1, radix: 16) }.prefix(16)))
    }

    /// Puts a key that is a file into the token.
    func take(_ file: String, as object: String) throws {
        try tool("softhsm2-util", "--import", file, "--token", "alliance", "--label", object, "--id", object.utf8.map { String($0, radix: 16) }.joined(), "--pin", Self.pin)
    }

    @discardableResult
    func tool(_ words: String...) throws -> String {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        try process.runHearingSignals()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(text: "\(words): \(text)") }
        return text
    }

    /// The built program, with this token.
    func harborseal(_ words: String...) throws -> (exitCode: Int32, output: String) { try BuiltProgram.run(words, environment: environment) }
}
