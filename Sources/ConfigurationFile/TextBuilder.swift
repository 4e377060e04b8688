internal import AttestationFormat

/// Puts lines together; texts only, so the bytes stay UTF-8.
struct TextBuilder {
    private var bytes: [UInt8] = []

    /// Columns after which a comment goes on in the next line.
    static let commentColumns = 100

    /// The text so far.
    var text: UTF8Text { UTF8Text(validating: bytes) ?? "" }

    mutating func line(_ text: UTF8Text = "") {
        bytes.append(contentsOf: text.bytes)
        bytes.append(UInt8(ascii: "\n"))
    }

    /// Comment lines, `# ` before each, broken at spaces.
    mutating func comment(_ text: UTF8Text) {
        var line: [UInt8] = []
        for word in text.bytes.split(separator: UInt8(ascii: " ")) {
            if !line.isEmpty, line.count + 1 + word.count > TextBuilder.commentColumns {
                finishComment(line)
                line = []
            }
            if !line.isEmpty { line.append(UInt8(ascii: " ")) }
            line.append(contentsOf: word)
        }
        if !line.isEmpty { finishComment(line) }
    }

    private mutating func finishComment(_ line: [UInt8]) {
        bytes.append(contentsOf: [UInt8(ascii: "#"), UInt8(ascii: " ")])
        bytes.append(contentsOf: line)
        bytes.append(UInt8(ascii: "\n"))
    }

}
