import AllianceTrust
import AttestationFormat
import Foundation
import NodeHTTP
import NodeTesting
import Testing

@testable import HarborsealCommands

/// Nodes beyond loopback answer over TLS, and the trust file's link CA is the only anchor for them.
@Suite struct NodeTLSTests {
    @Test("evidence is collected over TLS from a node whose certificate the alliance's link CA issued, and from no other")
    func collected() async throws {
        let now = Int64(Date().timeIntervalSince1970)
        let alliance = try TestAlliance(nodeCount: 1, nowSeconds: now)
        let folder = try TestNode.newFolder()
        let own = try await AnsweringNode(alliance, 0, tls: certificate(alliance.link, folder, "own"))
        let strange = try await AnsweringNode(alliance, 0, tls: certificate(TestAlliance(nowSeconds: now).link, folder, "strange"))
        let misnamed = try await AnsweringNode(alliance, 0, tls: certificate(alliance.link, folder, "misnamed", address: [127, 0, 0, 2]))
        var gateway = try alliance.gateway()
        let batch = try gateway.batch()
        for answering in [own, strange, misnamed] {
            _ = try await answering.node.handle(gateway.hello())
            _ = try await answering.node.receipt(for: batch)
        }
        let trust = folder.appendingPathComponent("alliance.hstrust").path
        try DurableFile.write(alliance.trustFile.bytes, to: trust, mode: 0o644, replacing: true)
        var command = EvidenceCommand(nodes: [own.url, strange.url, misnamed.url], output: folder.appendingPathComponent("x.hsev").path)
        command.gateway = "acme.gw-1"
        command.trustFile = trust
        let result = try await command.run()
        #expect(own.url.hasPrefix("https://") && result.notes.contains("\(own.url): answered"), "\(result.notes)")
        #expect(result.notes.contains("\(strange.url): NOT included"), "\(result.notes)")
        #expect(result.notes.contains("\(misnamed.url): NOT included"), "\(result.notes)")
        #expect(result.exitCode == 2)
        command.nodes = [own.url]
        command.trustFile = nil
        let unanchored = await #expect(throws: CommandError.self) { try await command.run() }
        #expect(unanchored?.message.contains("\(own.url): NOT included") == true, "the system's authorities know nothing of the alliance")
        for node in [own, strange, misnamed] { try await node.stop() }
        try FileManager.default.removeItem(at: folder)
    }

    private func certificate(
        _ authority: CertificateAuthority, _ folder: URL, _ name: String, address: [UInt8] = [127, 0, 0, 1]
    ) throws -> NodeHTTPConfiguration.TLSFiles {
        let key = try AllianceSigningKey()
        let now = Int64(Date().timeIntervalSince1970)
        let issued = try authority.issueServer(
            organisation: "alliance", commonName: name, dnsNames: [], addresses: [address], publicKey: key.publicKey,
            lifetime: .starting(at: now, days: 1))
        let files = NodeHTTPConfiguration.TLSFiles(
            certificate: folder.appendingPathComponent("\(name).crt").path, key: folder.appendingPathComponent("\(name).key").path)
        try DurableFile.write(Array(issued.pem.utf8), to: files.certificate, mode: 0o644, replacing: true)
        try key.write(to: files.key)
        return files
    }
}
