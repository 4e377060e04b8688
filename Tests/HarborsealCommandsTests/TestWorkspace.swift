import Foundation
import HarborsealCommands

/// A folder with an alliance made by the commands, which goes with its owner.
final class TestWorkspace {
    let path: String
    let alliance: String

    /// - Parameter nodes: node names; none makes a bare alliance.
    init(nodes: [String] = ["hk-1", "sz-1", "gz-1"], firms: [String] = ["acme"], quorum: UInt64? = nil, signs: Bool = true) throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("harborseal-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
        alliance = "\(path)/alliance"
        _ = try AllianceInit(alliance: "gba-test", directory: alliance, receiptsNeeded: quorum).run()
        for firm in firms { _ = try AllianceAddFirm(directory: alliance, firm: firm).run() }
        for node in nodes { _ = try AllianceAddNode(directory: alliance, node: node).run() }
        if signs { _ = try AllianceSign(directory: alliance).run() }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func text(_ name: String) throws -> String {
        try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
    }

    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        let file = "\(path)/\(name)"
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return file
    }

    /// Edits the draft as a person with an editor would.
    func editDraft(_ edit: (inout [String: Any]) -> Void) throws {
        let url = URL(fileURLWithPath: "\(alliance)/draft.json")
        guard var draft = try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any] else { return }
        edit(&draft)
        try JSONSerialization.data(withJSONObject: draft).write(to: url)
    }
}
