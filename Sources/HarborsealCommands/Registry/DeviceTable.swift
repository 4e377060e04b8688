internal import AttestationFormat

/// The rows of a list of devices in CSV: a header with the columns `device`, and where wanted `firm` and `note`, in any order.
struct DeviceTable {
    /// Devices of one list: as many as a registry takes in one transaction without keeping enrolments waiting for more than seconds.
    static let rowLimit = 20_000
    /// Bytes of a note.
    static let noteByteLimit = 200

    /// A row that may be added.
    struct Row: Equatable {
        let line: Int
        let firm: String
        let device: String
        let note: String

        var gatewayID: String { "\(firm).\(device)" }
    }

    /// A row that may not, and why.
    struct Refusal: Equatable {
        let line: Int
        /// What the row is about, as it stands there; empty where it cannot be read.
        let what: String
        let why: String
    }

    private(set) var rows: [Row] = []
    private(set) var refusals: [Refusal] = []

    private enum Column: String, CaseIterable {
        case device, firm, note
    }

    /// - Parameter firm: the firm of rows that name none; nil: each row must.
    /// - Throws: ``CommandError`` for what is wrong with the whole list.
    init(_ bytes: [UInt8], path: String, alliance: String, firm: String?) throws {
        do {
            var reader = try CSVReader(bytes)
            let columns = try Self.columns(reader.next())
            var lineByGateway: [String: Int] = [:]
            while let result = reader.next() {
                guard rows.count + refusals.count < Self.rowLimit else {
                    throw CommandError(
                        .malformed, "\(path) has more than \(Self.rowLimit) devices", nextStep: "split it, and add one part after the other")
                }
                do throws(CSVReader.Fault) {
                    let row = try Self.row(try result.get(), columns, alliance: alliance, firm: firm)
                    if let former = lineByGateway[row.gatewayID] {
                        throw CSVReader.Fault(line: row.line, words: "it stands in line \(former) already")
                    }
                    lineByGateway[row.gatewayID] = row.line
                    rows.append(row)
                } catch {
                    refusals.append(Refusal(line: error.line, what: Self.what(result, columns), why: error.words))
                }
            }
        } catch let fault as CSVReader.Fault {
            throw CommandError(
                .malformed, "\(path), line \(fault.line): \(fault.words)",
                nextStep: "the first line names the columns: device, and where wanted firm and note, with commas between")
        }
        guard !rows.isEmpty || !refusals.isEmpty else {
            throw CommandError(.malformed, "\(path) has a header and no devices", nextStep: "add a line for each device")
        }
    }

    /// Where each column stands.
    private static func columns(_ header: Result<CSVReader.Record, CSVReader.Fault>?) throws -> [Column: Int] {
        guard let record = try header?.get() else { throw CSVReader.Fault(line: 1, words: "the list is empty") }
        var columns: [Column: Int] = [:]
        for (index, field) in record.fields.enumerated() {
            let name = trimmed(field).lowercased()
            guard let column = Column(rawValue: name) else {
                let hint = field.contains(";") ? "fields are separated by commas here, not by semicolons" : "no column is called \(TerminalStyle.safe(field))"
                throw CSVReader.Fault(line: record.line, words: hint)
            }
            guard columns.updateValue(index, forKey: column) == nil else {
                throw CSVReader.Fault(line: record.line, words: "the column \(name) stands there twice")
            }
        }
        guard columns[.device] != nil else { throw CSVReader.Fault(line: record.line, words: "no column is called device") }
        return columns
    }

    private static func row(
        _ record: CSVReader.Record, _ columns: [Column: Int], alliance: String, firm: String?
    ) throws(CSVReader.Fault) -> Row {
        guard record.fields.count == columns.count else {
            let count = CountedText.of(record.fields.count, "field")
            throw CSVReader.Fault(line: record.line, words: "it has \(count), and the header names \(CountedText.of(columns.count, "column"))")
        }
        func value(_ column: Column) -> String { columns[column].map { trimmed(record.fields[$0]) } ?? "" }
        let named = value(.firm)
        guard let rowFirm = named.isEmpty ? firm : named else {
            throw CSVReader.Fault(line: record.line, words: "it names no firm: fill the column firm, or give --firm")
        }
        if let firm, rowFirm != firm {
            throw CSVReader.Fault(line: record.line, words: "its firm is \(TerminalStyle.safe(rowFirm)), and --firm says \(firm)")
        }
        let note = value(.note)
        guard note.utf8.count <= noteByteLimit else {
            throw CSVReader.Fault(line: record.line, words: "its note has \(note.utf8.count) bytes, and \(noteByteLimit) are kept")
        }
        do {
            _ = try CheckedNames.gateway(alliance: alliance, firm: rowFirm, device: value(.device))
        } catch {
            let (message, nextStep, _) = CommandRunner.describe(error)
            throw CSVReader.Fault(line: record.line, words: message + (nextStep.map { ": \($0)" } ?? ""))
        }
        return Row(line: record.line, firm: rowFirm, device: value(.device), note: note)
    }

    private static func what(_ result: Result<CSVReader.Record, CSVReader.Fault>, _ columns: [Column: Int]) -> String {
        guard case .success(let record) = result, let index = columns[.device], index < record.fields.count else { return "" }
        return TerminalStyle.cut(TerminalStyle.safe(record.fields[index]), to: 64)
    }

    private static func trimmed(_ field: String) -> String {
        String(field.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}
