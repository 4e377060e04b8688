/// What sections about other devices' messages hold.
extension SettingKind {
    /// Digits with at most one point among them, not all of them 0; a sign may stand in front.
    static func isFactor(_ bytes: [UInt8]) -> Bool {
        let digits = bytes.first == UInt8(ascii: "-") ? bytes.dropFirst() : bytes[...]
        let parts = digits.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count <= 2, digits.count <= 12, parts.count == 1 || parts[1].count <= 9 else { return false }
        guard parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { UnitText.isDigit($0) } }) else { return false }
        return digits.contains { (UInt8(ascii: "1")...UInt8(ascii: "9")).contains($0) }
    }

    /// Wildcards stand only for whole levels, `#` only for the last.
    static func isTopicFilter(_ bytes: [UInt8]) -> Bool {
        guard !bytes.isEmpty, !bytes.contains(0) else { return false }
        let levels = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        for (index, level) in levels.enumerated() where level.count > 1 || index < levels.count - 1 {
            if level.contains(UInt8(ascii: "#")) || (level.count > 1 && level.contains(UInt8(ascii: "+"))) { return false }
        }
        return true
    }

    /// Empty, or a `/` in front; behind each `~` a 0 or a 1.
    static func isPointer(_ bytes: [UInt8]) -> Bool {
        guard let first = bytes.first else { return true }
        guard first == UInt8(ascii: "/") else { return false }
        for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "~") {
            guard index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "0") || bytes[index + 1] == UInt8(ascii: "1") else { return false }
        }
        return true
    }
}
