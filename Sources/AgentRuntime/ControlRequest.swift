internal import AttestationFormat

/// A line at the control socket.
enum ControlRequest: Equatable {
    case statusJSON, statusText, statusColour
    case doctor
    /// `journal export` begins.
    case carry
    /// A piece of `journal export`, from a sequence on.
    case carryFrom(UInt64)
    /// A piece of `journal import`: its bytes follow the line.
    case take

    /// Nil for every other line, which gets ``refusal``: what a later program asks must not be taken for `status`.
    init?(_ line: UTF8Text) {
        switch line {
        case "status json": self = .statusJSON
        case "status text": self = .statusText
        case "status colour": self = .statusColour
        case "doctor": self = .doctor
        case "carry": self = .carry
        default:
            if let first = line.number(after: "carry ") {
                self = .carryFrom(first)
            } else if line.number(after: "take ") != nil {
                self = .take
            } else {
                return nil
            }
        }
    }

    /// How ``refusal`` begins, and no other answer does.
    static var refusalStart: [UInt8] { Array("{\"error\":".utf8) }

    /// The answer to a line that is no request.
    static var refusal: [UInt8] {
        refusalStart + Array("\"unknown question: ask status json, status text, status colour or doctor\"}\n".utf8)
    }
}
