import AllianceTrust
import Foundation
import Testing

@testable import HarborsealCommands

/// `Firmware-Config/mosquitto/fetch-lists`, for a broker on another machine than the registry.
@Suite(.serialized, .enabled(if: RealBroker.isPresent, "needs Debian's mosquitto and mosquitto-clients"))
struct FetchListsTests {
    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
        "../../../Firmware-Config/mosquitto/fetch-lists"
    ).standardizedFileURL.path

    private let stage: RegistrationStage

    init() throws { stage = try RegistrationStage() }

    private var folder: String { "\(stage.registry.path)/broker" }

    /// Runs it as the timer does; how it ends, and what it says.
    ///
    /// - Parameter path: a folder whose programs go before Debian's.
    private func fetch(_ url: String, path: String = "/usr/bin") throws -> (code: Int32, text: String) {
        let command = "PATH=\(path):$PATH RELOAD='/bin/kill -HUP \(stage.broker.processIdentifier)' \(Self.script) \(url) \(folder) 2>&1"
        return try RunningRegistry.run("env", ["sh", "-c", command])
    }

    private func list() throws -> [UInt8] { try DurableFile.read("\(folder)/link-ca.crl") }

    @Test("a broker elsewhere refuses a revoked gateway after the next fetch, and goes on with the others")
    func fetched() async throws {
        let registry = try stage.startRegistry(isWritingLists: false)
        for device in ["gw-1", "gw-2"] {
            let code = try #require(try await stage.registry.add(device)["code"] as? String)
            _ = try registry.enrol("link", "acme.\(device)", code: code)
        }
        let url = "https://localhost:\(registry.port)"
        let first = try fetch(url)
        #expect(first.code == 0 && first.text.isEmpty, "\(first.text)")
        #expect(try stage.isLetIn("acme.gw-1"))
        let revoked = try BuiltProgram.run([
            "device", "revoke", "acme.gw-1", "--since", "\(WallClock.nowSeconds - 1)", "--config", stage.registry.configuration,
        ])
        #expect(revoked.exitCode == 2 && revoked.output.contains("no seal certificate of acme.gw-1 is known here"), "only its link: \(revoked.output)")
        let before = try list()
        let second = try fetch(url)
        #expect(try second.code == 0 && list() != before, "\(second.text)")
        var isLetIn = true
        for _ in 0..<600 where isLetIn {
            isLetIn = try stage.isLetIn("acme.gw-1")
            usleep(50_000)
        }
        #expect(!isLetIn, "\(stage.broker.logText)")
        #expect(try stage.isLetIn("acme.gw-2"))
        #expect(DurableFile.permissions(of: "\(folder)/link-ca.crl") == 0o644, "the broker's user reads it")
        #expect(registry.stop() == 0)
    }

    @Test("a registry that is away, that another CA vouches for, or a list that the link CA did not sign, changes nothing and is said", arguments: ["away", "stranger", "unsigned"])
    func refused(_ what: String) throws {
        let other = try RegistryWorkspace()
        let registry = try what == "stranger" ? RunningRegistry.start(other) : stage.startRegistry(isWritingLists: false)
        // A link CA of the same name with another key: whoever answers for the registry's name cannot sign.
        let curl = try stage.registry.write(
            "curl", "#!/bin/sh\nwhile [ \"$1\" != -o ]; do shift; done\nopenssl crl -in \(other.workspace.alliance)/link-ca.crl -outform DER -out \"$2\"\n")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: curl)
        let before = try list()
        let url = what == "away" ? "https://localhost:1" : "https://localhost:\(registry.port)"
        let result = try fetch(url, path: what == "unsigned" ? stage.registry.path : "/usr/bin")
        #expect(result.code != 0 && !result.text.isEmpty, "\(result)")
        #expect(result.text.contains("not signed by") == (what == "unsigned"), "\(result.text)")
        #expect(try list() == before)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).allSatisfy { !$0.hasPrefix(".link-ca") }, "nothing is left behind")
        #expect(registry.stop() == 0)
    }
}
