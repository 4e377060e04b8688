/// MQTT's rules for topic names and filters (MQTT 5, 4.7), as far as a sender must keep them.
enum Topic {
    /// Names: 1 to 65,535 bytes, no zero byte, no wildcard. That they are UTF-8 is checked by the library.
    static func isValidName(_ topic: [UInt8]) -> Bool {
        hasValidLength(topic) && !topic.contains { $0 == 0 || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "#") }
    }

    /// Filters: wildcards only as whole levels, `#` only last.
    static func isValidFilter(_ filter: [UInt8]) -> Bool {
        guard hasValidLength(filter), !filter.contains(0) else { return false }
        let slash = UInt8(ascii: "/")
        for (index, byte) in filter.enumerated() where byte == UInt8(ascii: "+") || byte == UInt8(ascii: "#") {
            guard index == 0 || filter[index - 1] == slash else { return false }
            let isLast = index == filter.count - 1
            guard isLast || (byte == UInt8(ascii: "+") && filter[index + 1] == slash) else { return false }
        }
        return true
    }

    private static func hasValidLength(_ topic: [UInt8]) -> Bool { topic.count >= 1 && topic.count <= 65_535 }
}
