/// A tree of named values, shown as JSON or as indented text. Members keep their order.
indirect enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case unsigned(UInt64)
    case string(String)
    case array([JSONValue])
    case object([Member])

    struct Member: Equatable, Sendable {
        var name: String
        var value: JSONValue

        init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    static func members(_ members: (String, JSONValue?)...) -> JSONValue {
        .object(members.compactMap { name, value in value.map { Member(name, $0) } })
    }

    static func optional(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }

    /// JSON (RFC 8259), indented by two spaces. Whole numbers above 2^53 are exact in the text.
    var json: String {
        var text = ""
        write(to: &text, indent: 0)
        return text + "\n"
    }

    private func write(to text: inout String, indent: Int) {
        let inner = String(repeating: "  ", count: indent + 1)
        let outer = String(repeating: "  ", count: indent)
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += "\(value)"
        case .unsigned(let value): text += "\(value)"
        case .string(let value): text += Self.quoted(value)
        case .array(let values) where values.isEmpty: text += "[]"
        case .array(let values):
            text += "[\n"
            for (index, value) in values.enumerated() {
                text += inner
                value.write(to: &text, indent: indent + 1)
                text += index + 1 < values.count ? ",\n" : "\n"
            }
            text += outer + "]"
        case .object(let members) where members.isEmpty: text += "{}"
        case .object(let members):
            text += "{\n"
            for (index, member) in members.enumerated() {
                text += inner + Self.quoted(member.name) + ": "
                member.value.write(to: &text, indent: indent + 1)
                text += index + 1 < members.count ? ",\n" : "\n"
            }
            text += outer + "}"
        }
    }

    static func quoted(_ value: String) -> String {
        var text = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\t": text += "\\t"
            default:
                if scalar.value < 0x20 || scalar.value == 0x7F {
                    let digits = String(scalar.value, radix: 16)
                    text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                } else {
                    text.unicodeScalars.append(scalar)
                }
            }
        }
        return text + "\""
    }

    /// Indented text for people, one value a line; control characters are made visible.
    func text(indent: Int = 0) -> String {
        let space = String(repeating: "  ", count: indent)
        switch self {
        case .object(let members):
            let width = members.filter { $0.value.isScalar }.map(\.name.count).max() ?? 0
            return members.map { member in
                let name = TerminalStyle.safe(member.name)
                if let scalar = member.value.scalarText {
                    return space + TerminalStyle.padded(name, to: width) + "  " + scalar + "\n"
                }
                return space + name + "\n" + member.value.text(indent: indent + 1)
            }.joined()
        case .array(let values):
            return values.map { value in
                if let scalar = value.scalarText { return space + "- " + scalar + "\n" }
                let inner = value.text(indent: indent + 1)
                return space + "- " + inner.dropFirst((indent + 1) * 2)
            }.joined()
        default: return space + (scalarText ?? "") + "\n"
        }
    }

    private var isScalar: Bool { scalarText != nil }

    private var scalarText: String? {
        switch self {
        case .null: "–"
        case .bool(let value): value ? "yes" : "no"
        case .integer(let value): "\(value)"
        case .unsigned(let value): "\(value)"
        case .string(let value): TerminalStyle.safe(value)
        case .array(let values) where values.isEmpty: "none"
        case .object(let members) where members.isEmpty: "none"
        case .array, .object: nil
        }
    }
}
