/// What happened and was not taken yet, in order. Its size is bounded by who stops reading when it is full.
struct LinkEventQueue {
    private var events: [LinkEvent] = []
    private var head = 0
    /// Bytes of the messages in it.
    private(set) var byteCount = 0

    mutating func append(_ event: LinkEvent) {
        byteCount += Self.byteCount(of: event)
        events.append(event)
    }

    mutating func take() -> LinkEvent? {
        guard head < events.count else { return nil }
        let event = events[head]
        // The payload must not stay alive in the taken slot.
        events[head] = .subscribed(index: 0)
        head += 1
        byteCount -= Self.byteCount(of: event)
        if head == events.count {
            events.removeAll(keepingCapacity: events.count <= 64)
            head = 0
        } else if head >= 256 {
            events.removeFirst(head)
            head = 0
        }
        return event
    }

    private static func byteCount(of event: LinkEvent) -> Int {
        // 128: the event itself, so that empty messages and acknowledgements count too.
        guard case .message(let message) = event else { return 128 }
        return message.payload.count + message.topic.count + 128
    }
}
