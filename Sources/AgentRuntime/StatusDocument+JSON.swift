internal import AttestationFormat

extension StatusDocument {
    /// One JSON object, sections as members, on one line; sections with items are arrays under their name.
    public var json: [UInt8] {
        var out: [UInt8] = [UInt8(ascii: "{")]
        var index = 0
        while index < sections.count {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            out.appendJSON(sections[index].name)
            out.append(UInt8(ascii: ":"))
            if sections[index].item == nil {
                out.append(section: sections[index])
                index += 1
                continue
            }
            let listName = sections[index].name
            out.append(UInt8(ascii: "["))
            var isFirst = true
            while index < sections.count, sections[index].item != nil, sections[index].name.isSame(as: listName) {
                if !isFirst { out.append(UInt8(ascii: ",")) }
                isFirst = false
                out.append(section: sections[index])
                index += 1
            }
            out.append(UInt8(ascii: "]"))
        }
        out.append(UInt8(ascii: "}"))
        out.append(UInt8(ascii: "\n"))
        return out
    }
}

extension StaticString {
    /// Compares the bytes.
    func isSame(as other: StaticString) -> Bool {
        guard utf8CodeUnitCount == other.utf8CodeUnitCount else { return false }
        for index in 0..<utf8CodeUnitCount where utf8Start[index] != other.utf8Start[index] { return false }
        return true
    }
}

extension Array<UInt8> {
    mutating func append(_ text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func appendJSON(_ name: StaticString) {
        append(UInt8(ascii: "\""))
        append(name)
        append(UInt8(ascii: "\""))
    }

    /// A JSON string; control characters, quotes and backslashes are escaped (RFC 8259, section 7).
    mutating func appendJSON(text: String) {
        append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                append(UInt8(ascii: "\\"))
                append(byte)
            case 0..<0x20:
                append("\\u00")
                append(Self.hexDigit(byte >> 4))
                append(Self.hexDigit(byte & 15))
            default: append(byte)
            }
        }
        append(UInt8(ascii: "\""))
    }

    static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") &+ value : UInt8(ascii: "a") &+ (value &- 10)
    }

    fileprivate mutating func append(section: StatusDocument.Section) {
        append(UInt8(ascii: "{"))
        var isFirst = true
        if let item = section.item {
            append("\"name\":")
            appendJSON(text: item)
            isFirst = false
        }
        for field in section.fields {
            if !isFirst { append(UInt8(ascii: ",")) }
            isFirst = false
            appendJSON(field.name)
            append(UInt8(ascii: ":"))
            switch field.value {
            case .number(let number): append(contentsOf: "\(number)".utf8)
            case .text(let text): appendJSON(text: text)
            case .flag(let flag): append(flag ? "true" : "false")
            case .null: append("null")
            }
        }
        append(UInt8(ascii: "}"))
    }
}
