internal import AttestationFormat

/// Judges one line before inih sees it.
///
/// Debian's inih splits lines of 200 bytes and more, takes an indented line as the continuation of the value before, cuts at
/// ` ;`, takes `:` for `=`, ignores what follows a `]`, and stops at a zero byte, all in silence. Here each is a problem.
enum LineGate {
    /// What a line is.
    enum Line: Equatable {
        /// Blank or a comment.
        case nothing
        case section(UTF8Text)
        case value
    }

    /// Why a line is refused.
    struct Refusal: Error {
        let code: ConfigurationProblem.Code
        let reason: UTF8Text

        init(_ code: ConfigurationProblem.Code, _ reason: UTF8Text) {
            self.code = code
            self.reason = reason
        }
    }

    /// inih's buffer holds 200 bytes with the terminating zero.
    static let lineByteLimit = 199
    /// A value of the environment or a flag has no line, but no more room either.
    static let valueByteLimit = 199
    /// inih's buffer for a section's name holds 50 bytes with the terminating zero.
    static let sectionByteLimit = 49

    /// Says what the line is, or why it is refused. `line` is without its end.
    static func judge(_ line: ArraySlice<UInt8>) throws(Refusal) -> Line {
        guard line.count <= lineByteLimit else {
            throw Refusal(.lineTooLong, "the line has \(line.count) bytes, at most 199 are read; shorten it")
        }
        for byte in line where (byte < 0x20 && byte != UInt8(ascii: "\t")) || byte == 0x7F {
            throw Refusal(.controlCharacter, "the line has a control character (code \(byte)); remove it")
        }
        guard UTF8Text(validating: Array(line)) != nil else {
            throw Refusal(.notUTF8, "the line is not UTF-8; save the file as UTF-8")
        }
        guard let start = line.firstIndex(where: { !isBlank($0) }) else { return .nothing }
        let first = line[start]
        if first == UInt8(ascii: "#") || first == UInt8(ascii: ";") { return .nothing }
        guard start == line.startIndex else {
            throw Refusal(.indented, "the line is indented; continuation lines do not exist here: start it at the margin")
        }
        try refuseInlineComment(line)
        if first == UInt8(ascii: "[") { return .section(try sectionName(line)) }
        try checkKeyAndValue(line)
        return .value
    }

    private static func refuseInlineComment(_ line: ArraySlice<UInt8>) throws(Refusal) {
        var follows = false
        for byte in line {
            if byte == UInt8(ascii: ";"), follows {
                throw Refusal(.inlineComment, "what follows \" ;\" would be cut off; put the comment on a line of its own")
            }
            follows = isBlank(byte)
        }
    }

    private static func sectionName(_ line: ArraySlice<UInt8>) throws(Refusal) -> UTF8Text {
        guard let end = line.firstIndex(of: UInt8(ascii: "]")) else {
            throw Refusal(.badSectionHeader, "the section header has no \"]\"; write it as [name]")
        }
        guard line[(end + 1)...].allSatisfy(isBlank) else {
            throw Refusal(.badSectionHeader, "something follows the \"]\"; put it on a line of its own")
        }
        let name = line[(line.startIndex + 1)..<end]
        guard !name.isEmpty, name.count <= sectionByteLimit, let text = UTF8Text(validating: Array(name)) else {
            throw Refusal(.badSectionHeader, "a section's name has 1 to 49 bytes; this one has \(name.count)")
        }
        return text
    }

    private static func checkKeyAndValue(_ line: ArraySlice<UInt8>) throws(Refusal) {
        let separator = line.firstIndex { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: ":") }
        guard let separator, line[separator] == UInt8(ascii: "=") else {
            throw Refusal(.notAKeyAndValue, "no \"key = value\" and no [section]; write it in one of these forms")
        }
        guard separator > line.startIndex else {
            throw Refusal(.notAKeyAndValue, "there is no key before the \"=\"; write it as key = value")
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }
}

extension LineGate.Refusal {
    /// A reason with numbers in it.
    init(_ code: ConfigurationProblem.Code, _ reason: String) {
        self.init(code, UTF8Text(reason))
    }
}
