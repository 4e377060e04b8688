import AllianceTrust
import AnchorNode
import AttestationFormat
import Foundation
import NodeTesting
import Testing

@testable import HarborsealCommands

/// A node without brokers, one gateway, and files that carry between them.
private final class Import {
    let folder: URL
    let configuration: String
    let carried: [UInt8]

    /// - Parameter device: the gateway's name within the firm acme.
    init(device: String = "gw-1") throws {
        // The node has this machine's clock.
        let alliance = try TestAlliance(nodeCount: 1, nowSeconds: WallClock.nowSeconds - 60)
        folder = try TestNode.newFolder()
        let path = folder.path
        configuration = "\(path)/node.conf"
        try DurableFile.write(alliance.trustFile.bytes, to: "\(path)/alliance.hstrust")
        try alliance.nodeKeys[0].write(to: "\(path)/receipt.key")
        try """
            [node]
            alliance = test
            name = n0
            key = \(path)/receipt.key
            trust = \(path)/alliance.hstrust
            data = \(path)/data

            [link]
            brokers = localhost:1
            insecure = true

            """.write(toFile: configuration, atomically: false, encoding: .utf8)
        var gateway = try alliance.gateway(device)
        var bytes: [UInt8] = []
        for message in [gateway.hello(), try gateway.batch().message()] {
            CarriedMessage(topic: try #require(UTF8Text(validating: message.topic)), payload: message.payload).append(to: &bytes)
        }
        carried = bytes
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func write(_ name: String) throws -> String {
        let file = folder.appendingPathComponent(name)
        try Data(carried).write(to: file)
        return file.path
    }

    func take(_ files: [String], json: Bool = false) async throws -> CommandResult {
        try await NodeImport(configurationFile: configuration, files: files, asJSON: json).run()
    }

    var replies: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter { $0.hasSuffix(".hsreply") }
    }
}

@Suite("node import") struct NodeImportTests {
    private static let range = "0000000000000001-0-3"

    @Test("a file of journal export is taken, and one message is one message")
    func exported() async throws {
        let node = try Import()
        let result = try await node.take([try node.write("acme.gw-1-\(Self.range).hscarry")])
        #expect(result.exitCode == 0 && result.notes.isEmpty, "\(result)")
        #expect(result.output.contains(": 2 messages, 1 receipt, 0 refused\n"), "\(result.output)")
        #expect(node.replies.count == 1)
    }

    @Test(
        "an archive is refused with 65 and a next step, and not one event of it is taken, whatever else is in the same command",
        arguments: ["acme.gw-1-archive-\(range).hsarchive", "acme.gw-1-archive-\(range).hscarry", "ACME.GW-1-ARCHIVE.HSARCHIVE", "x.hsarchive"])
    func archive(_ name: String) async throws {
        let node = try Import()
        let archive = try node.write(name)
        let result = try await node.take([archive])
        #expect(result.exitCode == 65 && node.replies.isEmpty, "\(result)")
        #expect(result.notes.contains("error: \(archive): this is an archive of harborseal-agent journal archive"), "\(result.notes)")
        #expect(result.notes.contains("nothing of it is taken\n  next: take a file of harborseal-agent journal export; "))
        #expect(result.output == "\(archive): 0 messages, 0 receipts, 0 refused\n")
        let json = try await node.take([archive], json: true)
        let reports = try #require(JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
        #expect(json.exitCode == 65 && reports.count == 1 && reports[0]["messages"] as? Int == 0)
        #expect((reports[0]["fault"] as? String)?.contains("nothing of it is taken") == true)
        #expect((reports[0]["next"] as? String)?.contains("harborseal evidence --archive") == true)
        let both = try await node.take([archive, try node.write("acme.gw-1-\(Self.range).hscarry")])
        #expect(both.exitCode == 65 && both.output.contains(": 2 messages, 1 receipt, 0 refused\n") && node.replies.count == 1, "\(both)")
    }

    @Test("a gateway that is itself called an archive is no archive", arguments: ["archive", "cold-archive", "cold-archive-1"])
    func gatewayName(_ device: String) async throws {
        let node = try Import(device: device)
        let result = try await node.take([try node.write("acme.\(device)-\(Self.range).hscarry")])
        #expect(result.exitCode == 0 && result.output.contains("1 receipt"), "\(result)")
        let archive = try await node.take([try node.write("acme.\(device)-archive-\(Self.range).hscarry")])
        #expect(archive.exitCode == 65, "\(archive)")
    }

    @Test("a file that is damaged keeps its own words and step")
    func damaged() async throws {
        let node = try Import()
        let file = node.folder.appendingPathComponent("cut.hscarry")
        try Data(node.carried.dropLast()).write(to: file)
        let result = try await node.take([file.path])
        #expect(result.exitCode == 65, "\(result)")
        #expect(result.notes.contains("; what was before it is taken\n  next: carry it again: harborseal-agent journal export\n"), "\(result.notes)")
    }

    @Test("what is no file is refused at once, with 66 and the command that writes such files", arguments: [true, false])
    func noFile(_ isPipe: Bool) async throws {
        let node = try Import()
        let path = isPipe ? node.folder.path + "/pipe" : node.folder.path
        if isPipe { try #require(mkfifo(path, 0o600) == 0) }
        let error = await #expect(throws: CommandError.self) { try await node.take([path]) }
        #expect(error?.code == .noInput && error?.nextStep == "name a file that harborseal-agent journal export wrote")
        #expect(error?.message == "cannot read \(path): it is a \(isPipe ? "pipe or device" : "directory"), not a file")
    }
}
