import AgentConfiguration
import AttestationFormat
import ConfigurationFile
import Foundation
import Testing

/// The files of Firmware-Config that are made from the table. `HARBORSEAL_WRITE_DOCUMENTS=1 swift test` writes them anew.
private enum Document: String, CaseIterable {
    case example = "agent.conf"
    case table = "agent.conf.md"

    var generated: String {
        switch self {
        case .example: AgentSettings.exampleFile.string
        case .table: AgentSettings.documentation.string
        }
    }

    var url: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Firmware-Config/\(rawValue)")
    }
}

@Suite("Firmware-Config/agent.conf")
struct DocumentTests {
    @Test("the checked-in files are what the table makes", arguments: Document.allCases)
    fileprivate func checkedIn(document: Document) throws {
        if ProcessInfo.processInfo.environment["HARBORSEAL_WRITE_DOCUMENTS"] == "1" {
            try Data(document.generated.utf8).write(to: document.url)
        }
        #expect(try String(contentsOf: document.url, encoding: .utf8) == document.generated)
    }

    @Test("every key stands in the example with its default or an example, and why")
    func everyKey() {
        for setting in AgentSettings.schema.settings {
            let value = setting.defaultText ?? setting.example
            #expect(!value.bytes.isEmpty, "\(setting.key.string)")
            #expect(setting.kind.value(of: value) != nil, "\(setting.section.string).\(setting.key.string) = \(value.string)")
            #expect(setting.why.byteCount >= 20, "\(setting.key.string)")
            #expect(AgentSettings.exampleFile.string.contains("\(setting.key.string) = \(value.string)"), "\(setting.key.string)")
        }
    }

    @Test("every section of the table is described, in the table's order")
    func everySection() {
        #expect(AgentSettings.schema.notes.map(\.section) == AgentSettings.schema.sections)
    }

    @Test("the example as it stands lacks the identity alone")
    func asItStands() {
        let error = #expect(throws: ConfigurationProblems.self) { try load(AgentSettings.exampleFile.string) }
        #expect(error?.problems.map(\.code) == [.missing])
    }

    @Test("the example with everything switched on is a valid configuration")
    func switchedOn() throws {
        let lines = AgentSettings.exampleFile.string.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.hasPrefix("#") && !line.hasPrefix("# ") ? String(line.dropFirst()) : String(line)
        }
        let configuration = try load(lines.joined(separator: "\n"))
        #expect(configuration.sources.count == 10)
        #expect(configuration.mappings.count == 2)
        #expect(configuration.sensors.count == 1)
        #expect(configuration.rules.count == 3)
        #expect(configuration.link.brokers.count == 2)
    }

    private func load(_ text: String) throws(ConfigurationProblems) -> AgentConfiguration {
        var document = ConfigurationDocument(path: "agent.conf")
        document.add(Array(text.utf8), of: "agent.conf")
        return try AgentConfiguration(ConfigurationLayers(document))
    }
}
