public import AttestationFormat

extension SettingKind {
    /// The value of a text; nil when the text is not of this kind.
    public func value(of text: UTF8Text) -> SettingValue? {
        switch self {
        case .name: SettingKind.isName(text) ? .text(text) : nil
        case .text(let maximum): (1...maximum).contains(text.byteCount) ? .text(text) : nil
        case .path: SettingKind.isPath(text, maximumByteCount: 4_095) ? .text(text) : nil
        case .keyLocation: SettingKind.isPath(text, maximumByteCount: 4_095) || text.hasPrefix("pkcs11:") ? .text(text) : nil
        case .socketPath: SettingKind.isPath(text, maximumByteCount: 107) ? .text(text) : nil
        case .flag: text == "true" ? .flag(true) : text == "false" ? .flag(false) : nil
        case .choice(let words): words.contains(text) ? .text(text) : nil
        case .choices(let words, let maximum):
            SettingKind.list(text, maximum) { words.contains($0) ? $0 : nil }.map { .texts($0) }
        case .choiceOrFactor(let words, let range):
            words.contains(text) ? .text(text) : SettingKind.factor(text, range).map { .number($0) }
        case .integer(let range): SettingKind.integer(text, range).map { .number($0) }
        case .integers(let range, let maximum):
            SettingKind.list(text, maximum) { SettingKind.integer($0, range) }.map { .numbers($0) }
        case .mode: SettingKind.mode(text).map { .number($0) }
        case .duration(let range): SettingKind.within(range, DurationText.milliseconds(text)).map { .number($0) }
        case .byteCount(let range): SettingKind.within(range, ByteCountText.byteCount(text)).map { .number($0) }
        case .host: NetworkAddress.isHost(text.bytes[...]) ? .text(text) : nil
        case .address: NetworkAddress(text, usualPort: 0) == nil ? nil : .text(text)
        case .addresses(let maximum):
            SettingKind.list(text, maximum) { NetworkAddress($0, usualPort: 0) == nil ? nil : $0 }.map { .texts($0) }
        case .lastDay: CalendarDay.secondsAfter(text).map { .number($0) }
        case .decimalRange: SettingKind.bounds(text).map { .texts($0) }
        case .amount: text.bytes.first.map(UnitText.isDigit) ?? false ? .text(text) : nil
        case .limit(let words): words.contains(text) ? .text(text) : SettingKind.limit(text).map { .texts($0) }
        case .decimalFactor: SettingKind.isFactor(text.bytes) ? .text(text) : nil
        case .topicFilter: SettingKind.isTopicFilter(text.bytes) ? .text(text) : nil
        case .jsonPointer: SettingKind.isPointer(text.bytes) ? .text(text) : nil
        }
    }

    static func isName(_ text: UTF8Text) -> Bool {
        let hyphen = UInt8(ascii: "-")
        guard (1...32).contains(text.byteCount), text.bytes.first != hyphen, text.bytes.last != hyphen else { return false }
        return text.bytes.allSatisfy {
            $0 == hyphen || UnitText.isDigit($0) || ($0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z"))
        }
    }

    private static func isPath(_ text: UTF8Text, maximumByteCount: Int) -> Bool {
        text.bytes.first == UInt8(ascii: "/") && (2...maximumByteCount).contains(text.byteCount)
    }

    private static func integer(_ text: UTF8Text, _ range: ClosedRange<Int64>) -> Int64? {
        guard text.bytes.first == UInt8(ascii: "-") else { return within(range, UnitText.decimal(text.bytes[...])) }
        return within(range, UnitText.decimal(text.bytes.dropFirst()).map { -$0 })
    }

    private static func factor(_ text: UTF8Text, _ range: ClosedRange<Int64>) -> Int64? {
        guard text.bytes.last == UInt8(ascii: "x") else { return nil }
        return within(range, UnitText.decimal(text.bytes.dropLast()))
    }

    /// Four octal digits; the owner may always read and write, or the program could not use its own socket.
    private static func mode(_ text: UTF8Text) -> Int64? {
        guard text.byteCount == 4, text.bytes[0] == UInt8(ascii: "0"),
            let value = UnitText.number(text.bytes[1...], radix: 8), value & 0o600 == 0o600
        else { return nil }
        return value
    }

    private static func within(_ range: ClosedRange<Int64>, _ value: Int64?) -> Int64? {
        guard let value, range.contains(value) else { return nil }
        return value
    }

    /// The items of a list, each of them judged; nil when one is wrong, twice there, or there are too many.
    private static func list<Item: Equatable>(
        _ text: UTF8Text, _ maximumCount: Int, _ item: (UTF8Text) -> Item?
    ) -> [Item]? {
        var items: [Item] = []
        for part in text.bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            guard let word = UTF8Text(validating: Array(trimmed(part))), let value = item(word),
                !items.contains(value), items.count < maximumCount
            else { return nil }
            items.append(value)
        }
        return items
    }

    /// The two numbers of `A .. B` as texts; which is larger is known only with the unit's digits.
    private static func bounds(_ text: UTF8Text) -> [UTF8Text]? {
        let bytes = text.bytes
        let dot = UInt8(ascii: ".")
        guard let middle = bytes.indices.dropLast().first(where: { bytes[$0] == dot && bytes[$0 + 1] == dot }),
            let lower = UTF8Text(validating: Array(trimmed(bytes[..<middle]))),
            let upper = UTF8Text(validating: Array(trimmed(bytes[(middle + 2)...]))),
            !lower.bytes.isEmpty, !upper.bytes.isEmpty
        else { return nil }
        return [lower, upper]
    }

    /// Word and number of `above 8` as texts.
    private static func limit(_ text: UTF8Text) -> [UTF8Text]? {
        guard let space = text.bytes.firstIndex(of: UInt8(ascii: " ")),
            let word = UTF8Text(validating: Array(text.bytes[..<space])),
            let number = UTF8Text(validating: Array(trimmed(text.bytes[space...]))),
            SettingKind.limitWords.contains(word), !number.bytes.isEmpty
        else { return nil }
        return [word, number]
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var rest = bytes
        while let first = rest.first, first == UInt8(ascii: " ") || first == UInt8(ascii: "\t") { rest.removeFirst() }
        while let last = rest.last, last == UInt8(ascii: " ") || last == UInt8(ascii: "\t") { rest.removeLast() }
        return rest
    }
}
