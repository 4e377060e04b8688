import AllianceTrust
import AnchorNode
import CPosixShims
import Foundation
import HTTPServing
import NodeTesting
import Testing

@testable import HarborsealCommands

/// How `node serve` ends where it cannot go on: with what, and with which exit code.
@Suite(.serialized) struct NodeServeTests {
    private let workspace: TestWorkspace
    private let file: String

    init() throws {
        workspace = try TestWorkspace(nodes: ["hk-1"])
        file = "\(workspace.alliance)/nodes/hk-1/node.conf"
    }

    private func serve(_ overrides: [String], file: String? = nil) async -> CommandResult {
        await CommandRunner.result { try await NodeServe(configurationFile: file ?? self.file, overrides: overrides).run() }
    }

    /// What keeps the node from starting; no override of `http.port` means a free one.
    enum Obstacle: String, CaseIterable {
        case missingFile, wrongValue, missingKey, readableKey, missingTrust, brokenTrust, otherAlliance, noTLS, unusableTLS
        case portTaken, strangeAddress, lockedStore
    }

    @Test("each obstacle gives its exit code, says what and where, and names no code of the program's", arguments: Obstacle.allCases)
    func obstacles(_ obstacle: Obstacle) async throws {
        let (code, words) = try expected(obstacle)
        let result = try await end(obstacle)
        #expect(result.exitCode == code, "\(result)")
        for word in words { #expect(result.notes.contains(word), "\(word): \(result.notes)") }
        #expect(!result.notes.contains("]\n") && !result.notes.contains("Error("), "\(result.notes)")
    }

    private func expected(_ obstacle: Obstacle) throws -> (Int32, [String]) {
        switch obstacle {
        case .missingFile: (66, ["/nowhere/node.conf: cannot be opened: No such file or directory"])
        case .wrongValue: (78, ["http.port", "many"])
        case .missingKey: (66, ["cannot read /nowhere/key: No such file or directory"])
        case .readableKey: (77, ["chmod 600 "])
        case .missingTrust: (66, ["cannot read /nowhere/alliance.hstrust"])
        case .brokenTrust: (78, ["the trust file is refused: ", "at byte 0"])
        case .otherAlliance: (78, ["the trust file is alliance gba-test's, not other's"])
        case .noTLS: (78, ["[http] listen is 192.0.2.1", "next: set [http] certificate"])
        case .unusableTLS: (78, ["/nowhere/a.crt"])
        case .portTaken: (75, ["HTTP cannot listen at 127.0.0.1 port ", "Address already in use", "next: ss -ltnp"])
        case .strangeAddress: (75, ["HTTP cannot listen at 192.0.2.1 port ", "Cannot assign requested address", "next: set [http] listen"])
        case .lockedStore: (75, ["is in use by another node"])
        }
    }

    private func end(_ obstacle: Obstacle) async throws -> CommandResult {
        let free = "http.port=0"
        switch obstacle {
        case .missingFile: return await serve([free], file: "/nowhere/node.conf")
        case .wrongValue: return await serve(["http.port=many"])
        case .missingKey: return await serve([free, "node.key=/nowhere/key"])
        case .readableKey:
            let key = "\(workspace.alliance)/nodes/hk-1/receipt.key"
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: key)
            return await serve([free])
        case .missingTrust: return await serve([free, "node.trust=/nowhere/alliance.hstrust"])
        case .brokenTrust: return await serve([free, "node.trust=\(try workspace.write("broken", [0xFF]))"])
        case .otherAlliance: return await serve([free, "node.alliance=other"])
        case .noTLS: return await serve([free, "http.listen=192.0.2.1"])
        case .unusableTLS: return await serve([free, "http.certificate=/nowhere/a.crt", "http.key=/nowhere/a.key"])
        case .portTaken:
            let descriptor = posix_tcp_listen_loopback(0, 1)
            defer { _ = posix_socket_close(descriptor) }
            return await serve(["http.port=\(posix_socket_local_port(descriptor))"])
        case .strangeAddress:
            // A server's certificate makes it listen beyond loopback, at an address (RFC 5737) that no machine has.
            _ = try AllianceAddServer(directory: workspace.alliance, server: "hk-1", dnsNames: ["localhost"], addresses: []).run()
            let folder = "\(workspace.alliance)/servers/hk-1"
            return await serve([free, "http.listen=192.0.2.1", "http.certificate=\(folder)/server.crt", "http.key=\(folder)/server.key"])
        case .lockedStore:
            let lock = try StoreLock(folder: "\(workspace.alliance)/nodes/hk-1")
            defer { lock.release() }
            return await serve([free])
        }
    }

    @Test("every error of a node and of its HTTP side has words without its code, and no error that time mends is permanent")
    func words() {
        let error = NodeError(.foreignStore, "x: made for another")
        #expect(error.description == "x: made for another")
        #expect(HTTPStartError(error, listeningAt: "127.0.0.1", port: 8480, section: "http") == nil, "nothing to do with the port")
        #expect(!ExitCodes.permanent.contains(.temporary) && !ExitCodes.permanent.contains(.system))
    }
}
