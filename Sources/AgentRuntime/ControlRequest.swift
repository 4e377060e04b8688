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
    /// `journal archive` has made everything of former epochs, and of this one what lies below the sequence, durable elsewhere.
    case archived(Epoch, UInt64)

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
            } else if let (epoch, sequence) = Self.archived(line) {
                self = .archived(epoch, sequence)
            } else {
                return nil
            }
        }
    }

    /// `archived EPOCH SEQUENCE`.
    private static func archived(_ line: UTF8Text) -> (Epoch, UInt64)? {
        // The word, 16 digits, and the spaces behind both.
        guard line.hasPrefix("archived "), line.byteCount > 26, line.bytes[25] == UInt8(ascii: " "),
            let digits = UTF8Text(validating: Array(line.bytes[9..<25])), let epoch = Epoch(digits),
            let sequence = line.number(after: "archived " + digits + " ")
        else { return nil }
        return (epoch, sequence)
    }

    /// How ``refusal`` begins, and no other answer does.
    static var refusalStart: [UInt8] { Array("{\"error\":".utf8) }

    /// The answer to a line that is no request.
    static var refusal: [UInt8] {
        refusalStart + Array("\"unknown question: ask status json, status text, status colour or doctor\"}\n".utf8)
    }
}
