import AllianceTrust
import Foundation
import HarborsealCommands

/// An alliance with a registry's folder, made by the commands.
final class RegistryWorkspace {
    let workspace: TestWorkspace
    let configuration: String

    var path: String { workspace.path }

    /// - Parameter change: edits registry.conf as a person would.
    init(firms: [String] = ["acme", "zeta"], nodes: [String] = ["hk-1"], _ change: (String) -> String = { $0 }) throws {
        workspace = try TestWorkspace(nodes: nodes, firms: firms)
        let folder = "\(workspace.path)/registry"
        configuration = "\(folder)/registry.conf"
        _ = try RegistryInit(directory: workspace.alliance, url: "https://localhost:8443", output: folder).run()
        let text = try String(contentsOfFile: configuration, encoding: .utf8)
        try change(text).write(toFile: configuration, atomically: false, encoding: .utf8)
    }

    /// Firm acme asks for a second person.
    static func secondPerson(_ text: String) -> String {
        text.replacingOccurrences(of: "[firm.acme]\n", with: "[firm.acme]\nsecond-person = true\n")
    }

    func write(_ name: String, _ text: String) throws -> String { try workspace.write(name, Array(text.utf8)) }

    func add(_ device: String = "gw-1", by: String? = nil) async throws -> [String: Any] {
        let result = try await DeviceAdd(configurationFile: configuration, firm: "acme", device: device, by: by, asJSON: true).run()
        return try Self.object(result.output)
    }

    static func object(_ text: String) throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
    }

    func list() throws -> [[String: Any]] {
        let text = try DeviceList(configurationFile: configuration, asJSON: true).run().output
        return try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]] ?? []
    }
}
