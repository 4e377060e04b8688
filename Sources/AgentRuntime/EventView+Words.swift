internal import AttestationFormat
internal import CPosixShims
internal import LogisticsEvents

extension EventView {
    /// The event on one line, for people: when, the kind, what it is about, and what it says beyond that. What a stranger wrote cannot
    /// end the line or change the terminal.
    var words: [UInt8] {
        var out = Self.utc(wallClockMilliseconds) + " " + kind.words
        for item in what { out = out + " " + item }
        if let readPoint { out = out + " read-point=" + readPoint }
        for reading in readings {
            out = out + " " + reading.sensor
            guard let value = reading.value?.int64 else { continue }
            let quantity = UInt8(exactly: reading.quantity).flatMap { Quantity(rawValue: $0) }
            out = out + "=" + UTF8Text(quantity?.words(value) ?? "\(value)")
        }
        for item in extensions {
            out = out + " " + item.name
            switch item.value {
            case .integer(let value): if let value = value.int64 { out = out + UTF8Text("=\(value)") }
            case .text(let value): out = out + "=" + value
            case .bool(let value): out = out + (value ? "=true" : "=false")
            case .bytes(let value): out = out + "=" + Hexadecimal.text(of: value)
            }
        }
        return out.bytes.map { $0 < 0x20 || $0 == 0x7F ? UInt8(ascii: "?") : $0 }
    }

    /// `2026-11-22T14:03:07.250Z`.
    static func utc(_ milliseconds: UInt64) -> UTF8Text {
        var text = [CChar](repeating: 0, count: 48)
        posix_utc_text(milliseconds, &text, text.count)
        return UTF8Text(text.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "?" })
    }
}

extension EventKind {
    /// Its name; the number of a kind that this program does not know.
    var words: UTF8Text {
        switch self {
        case .number(let number): KnownKind(rawValue: number)?.description.name.text ?? UTF8Text("kind-\(number)")
        case .text(let name): name
        }
    }
}
