public import AttestationFormat

extension ExtensionField {
    /// Longest text of one field, in bytes: a quarter of an event.
    static let maximumTextByteCount = 1024

    /// Whether a value fits this row; throws ``EventError`` with the key `fields.<name>`.
    func check(_ value: EventExtension.Value) throws(EventError) {
        switch (type, value) {
        case (.text, .text(let text)):
            guard (1...ExtensionField.maximumTextByteCount).contains(text.byteCount) else {
                throw fault(.outOfRange, "1 to 1,024 bytes of text")
            }
        case (.oneOf(let words), .text(let text)):
            guard words.contains(text) else { throw fault(.outOfRange, "one of " + ExtensionField.list(words)) }
        case (.epoch, .text(let text)):
            guard text.byteCount == 16, text.bytes.allSatisfy({ $0.isDigit || ($0 >= 0x61 && $0 <= 0x66) }) else {
                throw fault(.outOfRange, "an epoch is 16 lower-case hex digits")
            }
        case (.integer(let bounds), .integer(let number)):
            guard let number = number.int64, bounds.contains(number) else {
                throw fault(.outOfRange, "from " + .decimal(bounds.lowerBound) + " to " + .decimal(bounds.upperBound))
            }
        case (.measured, .integer): break
        case (.bytes(let counts), .bytes(let bytes)):
            guard counts.contains(bytes.count) else {
                throw fault(
                    .outOfRange,
                    .decimal(Int64(counts.lowerBound)) + " to " + .decimal(Int64(counts.upperBound)) + " bytes")
            }
        default:
            throw fault(.wrongType, typeSentence)
        }
    }

    /// What belongs there, for people.
    public var typeSentence: UTF8Text {
        switch type {
        case .text: "text in quotes belongs here"
        case .oneOf(let words): "one of " + ExtensionField.list(words) + " belongs here"
        case .epoch: "16 hex digits in quotes belong here"
        case .integer: "a whole number belongs here"
        case .measured: "a number in the unit of the event's first reading belongs here"
        case .bytes: "bytes as hex digits in quotes belong here"
        }
    }

    private func fault(_ code: EventError.Code, _ detail: UTF8Text) -> EventError {
        EventError(code, key: "fields." + name, detail)
    }

    private static func list(_ words: [FixedText]) -> UTF8Text {
        var text: UTF8Text = ""
        for (index, word) in words.enumerated() {
            text = index == 0 ? word.text : text + ", " + word.text
        }
        return text
    }
}
