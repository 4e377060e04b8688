import AttestationFormat

/// An MQTT topic filter (MQTT 5, 4.7) against the names of topics.
struct TopicPattern: Equatable, Sendable {
    private let levels: [[UInt8]]

    init(_ filter: UTF8Text) {
        levels = TopicPattern.levels(filter.bytes)
    }

    private static func levels(_ text: [UInt8]) -> [[UInt8]] {
        text.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { Array($0) }
    }

    /// Whether a topic's messages are meant.
    func matches(_ topic: [UInt8]) -> Bool {
        let names = TopicPattern.levels(topic)
        // A wildcard in front does not mean the broker's own topics, such as $SYS.
        if topic.first == UInt8(ascii: "$"), levels.first != names.first { return false }
        for (index, level) in levels.enumerated() {
            if level == [UInt8(ascii: "#")] { return true }
            guard index < names.count, level == [UInt8(ascii: "+")] || level == names[index] else { return false }
        }
        return names.count == levels.count
    }
}
