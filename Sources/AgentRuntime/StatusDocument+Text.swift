internal import AttestationFormat

extension StatusDocument {
    /// Width of the column of names; longer names push their value.
    private static var nameColumnCount: Int { 24 }

    /// Aligned lines, a heading a section; colours only if asked for.
    public func text(withColours: Bool) -> [UInt8] {
        var out: [UInt8] = []
        for (index, section) in sections.enumerated() {
            let isFirst = section.item == nil || index > 0 && !section.name.description.utf8.elementsEqual(sections[index - 1].name.description.utf8)
            if index > 0, isFirst { out.append(UInt8(ascii: "\n")) }
            if withColours { out.append("\u{1B}[1m") }
            out.append(section.name)
            if let item = section.item {
                out.append(UInt8(ascii: " "))
                out.append(contentsOf: item.utf8)
            }
            if withColours { out.append("\u{1B}[0m") }
            out.append(UInt8(ascii: "\n"))
            for field in section.fields { out.append(field, withColours: withColours, column: Self.nameColumnCount) }
        }
        return out
    }
}

extension Array<UInt8> {
    fileprivate mutating func append(_ field: StatusDocument.Field, withColours: Bool, column: Int) {
        append("  ")
        append(field.name)
        var padding = column - field.name.utf8CodeUnitCount
        repeat {
            append(UInt8(ascii: " "))
            padding -= 1
        } while padding > 0
        if withColours { append(Self.colour(of: field.level)) }
        append(contentsOf: field.shown.utf8)
        if withColours, field.level != .plain { append("\u{1B}[0m") }
        append(UInt8(ascii: "\n"))
    }

    private static func colour(of level: StatusDocument.Level) -> StaticString {
        switch level {
        case .plain: ""
        case .good: "\u{1B}[32m"
        case .warning: "\u{1B}[33m"
        case .bad: "\u{1B}[31m"
        }
    }
}

extension StatusDocument.Field {
    fileprivate var shown: String {
        if let words { return words }
        return switch value {
        case .number(let number): "\(number)"
        case .text(let text): text
        case .flag(let flag): flag ? "yes" : "no"
        case .null: "unknown"
        }
    }
}
