import AttestationFormat
import Foundation
import LogisticsEvents
import Testing

/// EventKinds.md is what others implement by: its tables are those of the code, row for row.
@Suite("The document of kinds, quantities and fields")
struct EventKindsTests {
    /// The rows of the first table under each heading, head and line below included.
    static let sections: [String: [[String]]] = {
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let path = "Sources/LogisticsEvents/LogisticsEvents.docc/EventKinds.md"
        let text = (try? String(contentsOf: package.appendingPathComponent(path), encoding: .utf8)) ?? ""
        var sections: [String: [[String]]] = [:]
        for section in text.components(separatedBy: "\n## ") {
            let lines = section.components(separatedBy: "\n")
            let table = lines.drop { !$0.hasPrefix("|") }.prefix { $0.hasPrefix("|") }
            sections[lines[0]] = table.map { line in
                let cells = line.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false)
                return cells.map { $0.trimmingCharacters(in: .whitespaces) }
            }
        }
        return sections
    }()

    static func rows(_ heading: String) -> [[String]] { Array((sections[heading] ?? []).dropFirst(2)) }

    @Test("kinds: number, name, mandatory fields, EPCIS names, closing at once, salt")
    func kinds() {
        let expected = EventCatalogue.kinds.map { kind in
            [
                "\(kind.kind.rawValue)", "`\(kind.name.text)`", kind.mandatory.map(Self.words).joined(separator: ", "), Self.words(kind.epcis),
                kind.isPriority ? "yes" : "", "\(SaltRule.byteCount(for: kind.kind))",
            ]
        }
        Self.compare(Self.rows("Kinds"), expected)
    }

    @Test("quantities: number, name, both units, factor, EPCIS names")
    func quantities() {
        let expected = Quantity.table.map { row in
            let factor = String(repeating: "0", count: Int(row.decimals))
            let epcis = [row.epcisType, row.epcisUnit].map(\.text.string).filter { !$0.isEmpty }.joined(separator: ", ")
            return [
                "\(row.quantity.rawValue)", "`\(row.name.text)`", row.userUnit.text.string, row.wireUnit.text.string, "1" + factor, epcis,
            ]
        }
        Self.compare(Self.rows("Quantities"), expected)
    }

    @Test("fields: name and type, in the table's order")
    func fields() {
        let expected = ExtensionField.table.map { ["`\($0.name.text)`", Self.words($0.type)] }
        Self.compare(Self.rows("Fields").map { Array($0.prefix(2)) }, expected)
    }

    @Test("flags and clocks: number and name")
    func flagsAndClocks() {
        let flags = EventFlags.names.map { ["\($0.flag.numbers[0])", "`\($0.name)`"] }
        Self.compare(Self.rows("Flags").map { Array($0.prefix(2)) }, flags)
        let clocks = EventMoment.ClockSource.allCases.map { ["\($0.rawValue)", "`\($0)`"] }
        Self.compare(Self.rows("Clocks"), clocks)
    }

    /// Names the rows that differ rather than two tables of thirty.
    private static func compare(_ found: [[String]], _ expected: [[String]]) {
        #expect(found.count == expected.count)
        for row in expected where !found.contains(row) { Issue.record("the document lacks \(row)") }
        for row in found where !expected.contains(row) { Issue.record("the code has no \(row)") }
        if Set(found) == Set(expected) { #expect(found == expected, "the order") }
    }

    private static func words(_ field: MandatoryField) -> String {
        switch field {
        case .parent: "parent"
        case .parentSSCC: "parent SSCC"
        case .units: "unit"
        case .container: "container"
        case .readPoint: "read point"
        case .place: "read point or position"
        case .position: "position"
        case .readings: "reading"
        case .summary: "summary"
        case .document(let role): "document `\(role.text)`"
        case .anyDocument: "document"
        case .unitsOrBillOfLading: "unit or document `bol`"
        case .attachment: "digest"
        case .foreignPayload: "foreign payload"
        case .field(let field): "`\(field.name)`"
        }
    }

    private static func words(_ form: EPCISForm?) -> String {
        guard let form else { return "" }
        let first = [form.type, form.action].map(\.text.string).filter { !$0.isEmpty }.joined(separator: " ")
        return [first, form.businessStep.text.string, form.disposition.text.string].filter { !$0.isEmpty }.joined(separator: ", ")
    }

    private static func words(_ type: ExtensionField.ValueType) -> String {
        switch type {
        case .text: "text"
        case .oneOf(let words): words.map { "`\($0.text)`" }.joined(separator: ", ")
        case .epoch: "16 hex digits"
        case .integer(0...Int64.max): "number"
        case .integer(let bounds): "\(bounds.lowerBound) to \(bounds.upperBound)"
        case .measured: "measured"
        case .bytes(let counts) where counts.count == 1: "\(counts.lowerBound) bytes"
        case .bytes(let counts): "\(counts.lowerBound) to \(counts.upperBound) bytes"
        }
    }
}
