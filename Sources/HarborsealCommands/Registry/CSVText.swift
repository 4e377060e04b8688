/// Writes comma-separated values (RFC 4180) that a spreadsheet shows as they are.
enum CSVText {
    /// One record with its line end.
    static func line(_ fields: [String]) -> String {
        fields.map(field).joined(separator: ",") + "\r\n"
    }

    /// Quoted where it must be. A text that a spreadsheet would take for a formula gets an apostrophe in front, which it does not show.
    private static func field(_ text: String) -> String {
        let isFormula = text.unicodeScalars.first.map { formulaMarks.contains($0) } ?? false
        let safe = isFormula ? "'" + text : text
        guard safe.utf8.contains(where: { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }) else { return safe }
        return "\"" + safe.replacing("\"", with: "\"\"") + "\""
    }

    /// What spreadsheets begin a formula with, in both widths, and what they pass over in front of it.
    private static let formulaMarks: [Unicode.Scalar] = ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"]
}
