/// One edge as the kernel hands it over: `struct gpio_v2_line_event` of linux/gpio.h.
struct GPIOEdge: Equatable {
    /// Bytes of one edge.
    static let byteCount = 48

    /// CLOCK_MONOTONIC.
    let nanoseconds: UInt64
    /// From inactive to active; active-low is in it already.
    let rises: Bool
    /// Counts the line's edges from 1 on, those that the kernel had to discard included.
    let number: UInt32

    init(nanoseconds: UInt64, rises: Bool, number: UInt32) {
        self.nanoseconds = nanoseconds
        self.rises = rises
        self.number = number
    }

    /// Reads the kernel's bytes, little-endian as every machine that the agent is built for; nil for an edge that is none.
    init?(_ bytes: Span<UInt8>) {
        guard bytes.count == GPIOEdge.byteCount else { return nil }
        func word(_ start: Int) -> UInt32 {
            UInt32(bytes[start]) | UInt32(bytes[start + 1]) << 8 | UInt32(bytes[start + 2]) << 16 | UInt32(bytes[start + 3]) << 24
        }
        let kind = word(8)
        guard kind == 1 || kind == 2 else { return nil }
        nanoseconds = UInt64(word(0)) | UInt64(word(4)) << 32
        rises = kind == 1
        number = word(20)
    }
}

/// The state of one line, followed by its edges.
struct GPIOLine {
    /// What an edge says.
    enum Finding: Equatable {
        /// So many edges before this one were never seen: from this number on.
        case lost(first: UInt32, count: UInt32)
        /// The line has changed.
        case changed(isActive: Bool)
        /// An edge that is not newer than one that was seen.
        case stale
    }

    private(set) var isActive: Bool
    /// The number of the next edge.
    private var next: UInt32 = 1
    /// The state was read after the request, so an edge in between has changed it already.
    private var isFirst = true

    /// - Parameter isActive: as the line was found, which is state and no event.
    init(isActive: Bool) {
        self.isActive = isActive
    }

    /// Follows an edge. An edge to where the line was already means that the one between them was too short to be seen: lost too.
    mutating func take(_ edge: GPIOEdge) -> [Finding] {
        let missing = edge.number &- next
        guard missing < UInt32(1) << 31 else { return [.stale] }
        var findings: [Finding] = []
        if missing > 0 {
            findings.append(.lost(first: next, count: missing))
        } else if edge.rises == isActive, !isFirst {
            findings.append(.lost(first: edge.number, count: 1))
        }
        findings.append(.changed(isActive: edge.rises))
        isActive = edge.rises
        next = edge.number &+ 1
        isFirst = false
        return findings
    }
}
