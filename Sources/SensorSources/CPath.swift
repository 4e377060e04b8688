import AttestationFormat

extension UTF8Text {
    /// The bytes as C wants a path: with a zero behind them. A zero inside would end it early: such a path is empty.
    var cString: [CChar] {
        if bytes.contains(0) { return [0] }
        return bytes.map { CChar(bitPattern: $0) } + [0]
    }

    /// The part behind the last slash.
    var lastPathComponent: UTF8Text {
        let start = bytes.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
        return UTF8Text(validating: Array(bytes[start...])) ?? self
    }
}
