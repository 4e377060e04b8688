public import MerkleTree

/// Writes deterministic CBOR (RFC 8949, 4.2.1) into one growing array.
///
/// Lengths and integers are always the shortest. The order of map keys is the caller's: write them sorted by their
/// encoded bytes. Nothing here can fail.
public struct CBORWriter: Sendable {
    /// What has been written so far.
    public private(set) var bytes: [UInt8]

    /// - Parameter byteCount: room to make at once, in bytes; more is made when needed.
    public init(reserving byteCount: Int = 0) {
        bytes = []
        bytes.reserveCapacity(byteCount)
    }

    /// Empties the writer and keeps its memory, for the next item.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
    }

    /// An unsigned integer (major type 0).
    public mutating func write(_ value: UInt64) {
        writeHead(0x00, value)
    }

    /// An integer, major type 0 or 1 as its sign asks.
    public mutating func write(_ value: Int64) {
        if value < 0 {
            // -1 - value is never negative and never overflows, since value is at least -2^63.
            writeHead(0x20, UInt64(bitPattern: ~value))
        } else {
            writeHead(0x00, UInt64(bitPattern: value))
        }
    }

    /// An integer of either kind.
    public mutating func write(_ value: CBORInteger) {
        switch value {
        case .unsigned(let value): write(value)
        case .negative(let value): write(value)
        }
    }

    /// A small map key and its integer.
    mutating func write(key: UInt64, _ value: CBORInteger) {
        write(key)
        write(value)
    }

    /// A byte string.
    public mutating func write(_ value: [UInt8]) {
        writeHead(0x40, UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    /// A byte string of some bytes of an array.
    public mutating func write(_ value: ArraySlice<UInt8>) {
        writeHead(0x40, UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    /// A byte string of 32 bytes.
    public mutating func write(_ value: Digest) {
        writeHead(0x40, UInt64(Digest.byteCount))
        value.append(to: &bytes)
    }

    /// A text string.
    public mutating func write(_ value: UTF8Text) {
        writeHead(0x60, UInt64(value.bytes.count))
        bytes.append(contentsOf: value.bytes)
    }

    public mutating func write(_ value: Bool) {
        bytes.append(value ? 0xF5 : 0xF4)
    }

    /// `nil` in the words of wire-format.md.
    public mutating func writeNull() {
        bytes.append(0xF6)
    }

    /// The head of an array; `count` items must follow.
    public mutating func beginArray(_ count: Int) {
        writeHead(0x80, UInt64(count))
    }

    /// The head of a map; `count` keys, each followed by its value, must follow.
    public mutating func beginMap(_ count: Int) {
        writeHead(0xA0, UInt64(count))
    }

    /// Tag 18, which stands in front of a COSE_Sign1 message (RFC 9052, section 2).
    public mutating func writeSign1Tag() {
        bytes.append(0xD2)
    }

    /// The head of a byte string; `byteCount` bytes must follow, by ``writeEncoded(_:)`` or other writes.
    public mutating func beginByteString(_ byteCount: Int) {
        writeHead(0x40, UInt64(byteCount))
    }

    /// An item that is encoded already.
    public mutating func writeEncoded(_ item: [UInt8]) {
        bytes.append(contentsOf: item)
    }

    /// An item that is encoded already, as part of an array.
    public mutating func writeEncoded(_ item: ArraySlice<UInt8>) {
        bytes.append(contentsOf: item)
    }

    /// Initial byte and argument (RFC 8949, section 3), the shortest form.
    private mutating func writeHead(_ majorType: UInt8, _ argument: UInt64) {
        if argument < 24 {
            bytes.append(majorType | UInt8(truncatingIfNeeded: argument))
        } else if argument <= 0xFF {
            bytes.append(majorType | 24)
            bytes.append(UInt8(truncatingIfNeeded: argument))
        } else if argument <= 0xFFFF {
            bytes.append(majorType | 25)
            appendBigEndian(argument, byteCount: 2)
        } else if argument <= 0xFFFF_FFFF {
            bytes.append(majorType | 26)
            appendBigEndian(argument, byteCount: 4)
        } else {
            bytes.append(majorType | 27)
            appendBigEndian(argument, byteCount: 8)
        }
    }

    private mutating func appendBigEndian(_ value: UInt64, byteCount: Int) {
        var shift = byteCount * 8
        while shift > 0 {
            shift -= 8
            bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
        }
    }
}
