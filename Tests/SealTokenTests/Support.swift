import AttestationFormat
import DeviceCrypto
import Foundation
import HarborsealTesting
import Testing

@testable import SealToken

/// A program run to its end: what it said on both outputs, and its exit code.
struct Run {
    let output: String
    let errors: String
    let code: Int32

    @discardableResult
    init(_ words: [String], environment: [String: String] = [:]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: words[0])
        process.arguments = Array(words.dropFirst())
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        let folder = try TemporaryDirectory(named: "run")
        for name in ["output", "errors"] { _ = FileManager.default.createFile(atPath: folder.file(name), contents: nil) }
        process.standardOutput = FileHandle(forWritingAtPath: folder.file("output"))
        process.standardError = FileHandle(forWritingAtPath: folder.file("errors"))
        try process.run()
        process.waitUntilExit()
        output = try String(contentsOfFile: folder.file("output"), encoding: .utf8)
        errors = try String(contentsOfFile: folder.file("errors"), encoding: .utf8)
        code = process.terminationStatus
    }

    /// Throws what it said when it fails.
    func succeeded() throws -> Run {
        guard code == 0 else { throw RunFailure(text: "\(code): \(output)\(errors)") }
        return self
    }
}

struct RunFailure: Error {
    let text: String
}

/// This test run's own `harborseal-agent`.
let agentProgram = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("harborseal-agent").path

/// A SoftHSM2 of a test's own with one token, and the proxy in front of it.
final class SoftToken: Sendable {
    static let pin = "271828"
    static let securityPIN = "31415926"
    static let module = "/usr/lib/softhsm/libsofthsm2.so"
    static let isInstalled = FileManager.default.fileExists(atPath: module) && FileManager.default.fileExists(atPath: "/usr/bin/softhsm2-util")

    /// Tests/TokenProxy, compiled once.
    private static let proxy = Result {
        let folder = try TemporaryDirectory(named: "token-proxy")
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path + "/TokenProxy/proxy.c"
        _ = try Run(["/usr/bin/env", "clang", "-shared", "-fPIC", "-O1", "-o", folder.file("proxy.so"), source]).succeeded()
        return folder
    }

    let folder: TemporaryDirectory
    let label: String
    private let proxyPath: String

    init(label: String = "gw-1") throws {
        folder = try TemporaryDirectory(named: "soft-token")
        self.label = label
        proxyPath = try Self.proxy.get().file("proxy.so")
        try FileManager.default.createDirectory(atPath: folder.file("tokens"), withIntermediateDirectories: false)
        try folder.write("directories.tokendir = \(folder.file("tokens"))\nobjectstore.backend = file\nlog.level = ERROR\n", to: "softhsm2.conf")
        try setPIN(Self.pin)
        try addToken(label)
    }

    func addToken(_ label: String) throws {
        _ = try Run(
            ["/usr/bin/softhsm2-util", "--init-token", "--free", "--label", label, "--pin", Self.pin, "--so-pin", Self.securityPIN],
            environment: environment
        ).succeeded()
    }

    var environment: [String: String] {
        [
            "SOFTHSM2_CONF": folder.file("softhsm2.conf"), "TOKEN_PROXY_MODULE": Self.module, "TOKEN_PROXY_CONTROL": folder.file("control"),
            "TOKEN_PROXY_LOG": folder.file("calls"),
        ]
    }

    /// Writes the PIN's file as its user would.
    func setPIN(_ text: String, mode: Int = 0o600) throws {
        try folder.write(text + "\n", to: "pin")
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: folder.file("pin"))
    }

    /// The URI of the key in this token.
    func uri(_ path: String? = nil, module: String? = nil, query: String? = nil) -> String {
        "pkcs11:\(path ?? "token=\(label);object=seal")?module-path=\(module ?? Self.module)\(query ?? "&pin-source=file:\(folder.file("pin"))")"
    }

    /// The same behind the proxy.
    func proxied(_ path: String? = nil) -> String { uri(path, module: proxyPath) }

    /// What the proxy does from now on.
    func disturb(_ words: String) throws {
        try folder.write(words, to: "control.new")
        _ = rename(folder.file("control.new"), folder.file("control"))
    }

    /// Calls that the proxy saw, such as `login 0xa0 4711`.
    var calls: [String] {
        ((try? String(contentsOfFile: folder.file("calls"), encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
    }

    func calls(_ name: String) -> [String] { calls.filter { $0.hasPrefix(name + " ") } }

    /// `harborseal-agent token VERB`.
    func command(_ verb: String, _ uri: String? = nil, json: Bool = false) throws -> Run {
        try Run([agentProgram, "token", verb, uri ?? self.uri()] + (json ? ["--json"] : []), environment: environment)
    }

    /// Makes the seal key in the token; its public part in PEM.
    @discardableResult
    func makeKey(_ uri: String? = nil) throws -> String { try command("make-key", uri).succeeded().output }

    func tool(_ words: String...) throws -> Run {
        try Run(["/usr/bin/pkcs11-tool", "--module", Self.module, "--token-label", label] + words, environment: environment)
    }

    /// A program that is this agent with this token's environment.
    func program() throws -> UTF8Text {
        let lines = environment.sorted { $0.key < $1.key }.map { "export \($0.key)='\($0.value)'\n" }.joined()
        try folder.write("#!/bin/sh\n\(lines)exec '\(agentProgram)' \"$@\"\n", to: "agent")
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder.file("agent"))
        return UTF8Text(folder.file("agent"))
    }

    /// A signer of the proxied token, driven by the real clock.
    func signer(_ uri: String? = nil, expecting key: PublicKey? = nil, patienceMilliseconds: UInt64 = 10_000) throws -> DrivenSigner {
        DrivenSigner(
            TokenSigner(
                try TokenURI(UTF8Text(uri ?? proxied())), expecting: key, program: try program(), patienceMilliseconds: patienceMilliseconds))
    }
}

/// A signer with the loop that the agent would give it.
final class DrivenSigner {
    let signer: TokenSigner
    init(_ signer: TokenSigner) { self.signer = signer }
    deinit { signer.stop() }

    static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return UInt64(time.tv_sec) * 1_000 + UInt64(time.tv_nsec) / 1_000_000
    }

    /// Turns of the loop until `condition` holds; false when it does not within so many seconds.
    @discardableResult
    func turn(seconds: Double = 60, until condition: () -> Bool) -> Bool {
        let end = Self.now + UInt64(seconds * 1_000)
        var isReadable = false
        repeat {
            signer.advance(isReadable: isReadable, nowMilliseconds: Self.now)
            if condition() { return true }
            let wake = signer.nextDeadline(nowMilliseconds: Self.now).map { $0 > Self.now ? $0 - Self.now : 0 } ?? 100
            var entry = pollfd(fd: signer.descriptor, events: Int16(POLLIN), revents: 0)
            isReadable = poll(&entry, 1, Int32(min(wake, 100))) > 0
        } while Self.now < end
        return false
    }

    /// Signs as the agent does; nil when there is no signature in time.
    func sign(_ message: [UInt8], seconds: Double = 60) -> Signature? {
        signer.begin(message, nowMilliseconds: Self.now)
        var signature: Signature?
        turn(seconds: seconds) {
            signature = signer.finish()
            return signature != nil
        }
        return signature
    }

    /// Judges signatures by the key that the token showed.
    func verifier() throws -> P256Verifier {
        let found = try #require(signer.found)
        return try #require(P256Verifier(publicKey: found.publicKey))
    }

    /// Waits until it says what keeps it from signing.
    func trouble(seconds: Double = 60) -> String? {
        turn(seconds: seconds) { signer.trouble != nil }
        return signer.trouble
    }
}
