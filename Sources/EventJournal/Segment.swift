internal import AttestationFormat
/// What the journal keeps in memory of one segment file: some 80 bytes, whatever the number of its events.
struct Segment {
    /// From this many on, covered segments go before their time: a failing medium makes many small ones.
    static let crowdLimit = 1_024
    /// More than this is no journal of ours, and would take more than 6 MB of memory.
    static let countLimit = 65_536

    let number: UInt64
    let epoch: UInt64
    /// The first sequence that the segment itself holds, in its own epoch.
    let firstSequence: UInt64
    /// The sequence after its last one; nil while it is the last segment, or when the next one is missing.
    var endSequence: UInt64?
    /// What statements covered when it began.
    let signedUpTo: UInt64
    /// The agent's running time when it began.
    let runningMilliseconds: UInt64
    /// Bytes that count; what follows in the file is void.
    var byteCount: Int

    /// `00000000000000a3.hsj`: the number in 16 hexadecimal digits.
    static func name(of number: UInt64) -> [UInt8] {
        var name: [UInt8] = []
        for shift in stride(from: 60, through: 0, by: -4) { name.append(digits[Int(number >> UInt64(shift) & 0xF)]) }
        return name + suffix
    }

    /// Segment numbers, the oldest first.
    static func ascending(_ numbers: [UInt64]) -> [UInt64] {
        SortedOrder.indices(numbers.count) { numbers[$0] < numbers[$1] }.map { numbers[$0] }
    }

    /// The number in a segment file's name; nil for any other file, and for numbers from 2^63 on, after which there would be no next one.
    static func number(in name: [UInt8]) -> UInt64? {
        guard name.count == 16 + suffix.count, name[16...].elementsEqual(suffix) else { return nil }
        var number: UInt64 = 0
        for byte in name[..<16] {
            guard let digit = digits.firstIndex(of: byte) else { return nil }
            number = number << 4 | UInt64(digit)
        }
        return number == 0 || number > UInt64(Int64.max) ? nil : number
    }

    private static var digits: [UInt8] { Array("0123456789abcdef".utf8) }
    private static var suffix: [UInt8] { Array(".hsj".utf8) }
}

/// Consecutive sequences of the current epoch, and where their events are.
struct Extent {
    /// The first one's sequence in the current epoch.
    let newFirst: UInt64
    /// The first one's sequence when it was stored.
    let first: UInt64
    let count: UInt64
    let segment: UInt64

    var newEnd: UInt64 { newFirst &+ count }
    var end: UInt64 { first &+ count }
}

/// The latest intake numbers, so that a source's retry is answered without reading files.
struct IntakeRing {
    /// A source repeats what it has no answer for: a line or a few. 1,024 places take 32 KiB; older numbers are looked up in the segments.
    static let capacity = 1_024

    struct Entry {
        var number: UInt64
        var place: EventPlace
        var source: UInt8
    }

    private var entries: [Entry] = []
    private var next = 0

    mutating func insert(_ entry: Entry) {
        if entries.count < Self.capacity {
            if entries.isEmpty { entries.reserveCapacity(Self.capacity) }
            entries.append(entry)
        } else {
            entries[next] = entry
            next = (next + 1) % Self.capacity
        }
    }

    func find(source: UInt8, number: UInt64) -> EventPlace? {
        for entry in entries where entry.number == number && entry.source == source { return entry.place }
        return nil
    }
}
