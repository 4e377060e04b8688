/// The messages that are under way and not acknowledged: at most `capacity`, in the order in which they left.
///
/// MQTT's ids have 16 bits and wrap. An id is never taken for a newer message: an entry that stays while 60,000 newer
/// ones leave makes the window stale before its id can come round.
public struct PublishWindow: Sendable {
    struct Entry: Sendable {
        let messageID: UInt16
        let serial: UInt64
        let sentMilliseconds: Int64
    }

    /// How many may be under way.
    public let capacity: Int
    private(set) var entries: [Entry] = []
    private var nextSerial: UInt64 = 0
    /// Half-way between "never happens with a live broker" and the 65,535 ids there are.
    static let staleAfterCount: UInt64 = 60_000

    /// - Parameter capacity: at least 1.
    public init(capacity: Int) {
        self.capacity = capacity < 1 ? 1 : capacity
        entries.reserveCapacity(self.capacity)
    }

    public var count: Int { entries.count }
    public var isFull: Bool { entries.count >= capacity }
    /// When the oldest one left; nil if none is under way.
    public var oldestSentMilliseconds: Int64? { entries.first?.sentMilliseconds }
    /// Whether ids could soon come round to one that is still under way.
    public var isStale: Bool {
        guard let oldest = entries.first else { return false }
        return nextSerial &- oldest.serial > Self.staleAfterCount
    }

    /// A message left. False, and nothing noted, when the window is full.
    public mutating func insert(messageID: UInt16, nowMilliseconds: Int64) -> Bool {
        guard !isFull else { return false }
        entries.append(Entry(messageID: messageID, serial: nextSerial, sentMilliseconds: nowMilliseconds))
        nextSerial &+= 1
        return true
    }

    /// An id was used up for something that is not in the window (a subscription, QoS 0).
    public mutating func skipID() { nextSerial &+= 1 }

    /// An acknowledgement came. False when nothing with this id is under way.
    public mutating func remove(messageID: UInt16) -> Bool {
        guard let index = entries.firstIndex(where: { $0.messageID == messageID }) else { return false }
        entries.remove(at: index)
        return true
    }

    /// The connection ended: nothing is under way any more.
    public mutating func removeAll() { entries.removeAll(keepingCapacity: true) }
}
