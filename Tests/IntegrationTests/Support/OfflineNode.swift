import Foundation
import HarborsealTesting

/// A node that no broker reaches: `harborseal node import` is all that feeds it.
final class OfflineNode {
    let name: String
    private let folder: ScratchFolder
    private let configuration: String

    init(_ alliance: Alliance, _ name: String) throws {
        self.name = name
        folder = try ScratchFolder(named: "hs-offline")
        configuration = folder.file("node.conf")
        let keys = alliance.nodeFolder(name)
        try """
            [node]
            alliance = \(alliance.name)
            name = \(name)
            key = \(keys)/receipt.key
            trust = \(alliance.trustFile)
            data = \(folder.path)/data

            [link]
            brokers = localhost:1
            ca = \(alliance.linkAuthority)
            certificate = \(keys)/link.crt
            key = \(keys)/link.key

            """.write(toFile: configuration, atomically: false, encoding: .utf8)
    }

    var configurationFile: String { configuration }

    /// Imports files: exit code and what it said.
    func take(_ files: [String], _ options: [String] = []) throws -> (code: Int32, output: String) {
        let scratch = try ScratchFolder(named: "hs-import")
        let child = try ChildProcess(
            [try Programs.harborseal, "node", "import", "--config", configuration] + options + files, logFile: scratch.file("output"))
        guard case .exited(let code)? = child.waitUntilEnded(seconds: 180) else { throw IntegrationFailure("node import: not done\n\(child.log)") }
        return (code, child.log)
    }

    func ledger() throws -> LedgerReader { try LedgerReader(folder.file("data/ledger.sqlite")) }
}

/// A folder that stands for a USB stick.
final class Stick {
    private let folder: ScratchFolder

    init() throws { folder = try ScratchFolder(named: "hs-stick") }

    var path: String { folder.path }

    /// The files whose names end so.
    func files(_ suffix: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(suffix) }.sorted().map { path + "/" + $0 }
    }

    func bytes(_ suffix: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: try files(suffix).first ?? path)) }

    @discardableResult
    func write(_ bytes: Data, _ name: String) throws -> String {
        try bytes.write(to: URL(fileURLWithPath: path + "/" + name))
        return path + "/" + name
    }
}
