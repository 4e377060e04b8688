/// The records that wait to be written or synced: one block of memory for the journal's whole life.
///
/// Everything since the last successful sync stays here, so that after a failed one it can go into a new segment.
final class RecordBuffer {
    /// When this many bytes wait, the journal syncs by itself. 256 KiB: 2,500 events of 100 bytes, more than a sync interval
    /// holds on a small gateway, and a small part of its memory budget.
    static let syncThreshold = 256 << 10

    private let memory: UnsafeMutableRawBufferPointer
    private(set) var count = 0
    private var recordStart = 0
    private var payloadStart = 0

    init() {
        // One record more than the threshold always fits.
        memory = .allocate(byteCount: Self.syncThreshold + 2 * RecordFormat.recordLimit, alignment: 16)
    }

    deinit { memory.deallocate() }

    var isEmpty: Bool { count == 0 }
    var mustSync: Bool { count >= Self.syncThreshold }

    /// The bytes from `offset` on.
    func bytes(from offset: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: memory[offset..<count])
    }

    func removeAll() { count = 0 }

    /// Begins a record whose payload will have exactly `payloadCount` bytes; then put its parts, then `end`.
    @inline(__always)
    func begin(_ kindByte: UInt8, payloadCount: Int) {
        recordStart = count
        if payloadCount < 0x80 {
            put(UInt8(truncatingIfNeeded: payloadCount))
        } else {
            put(UInt8(truncatingIfNeeded: payloadCount) | 0x80)
            put(UInt8(truncatingIfNeeded: payloadCount >> 7))
        }
        put(kindByte)
        count += 4
        payloadStart = count
    }

    /// Fills in the checksum. Returns the record's size in bytes.
    @inline(__always)
    func end(salt: UInt32) -> Int {
        let head = UnsafeRawBufferPointer(rebasing: memory[recordStart..<payloadStart - 4])
        let payload = UnsafeRawBufferPointer(rebasing: memory[payloadStart..<count])
        let checksum = CRC32C.extending(CRC32C.extending(salt, with: head), with: payload)
        memory.storeBytes(of: checksum.littleEndian, toByteOffset: payloadStart - 4, as: UInt32.self)
        return count - recordStart
    }

    /// Gives every waiting record the checksum of another segment.
    func move(fromSalt old: UInt32, toSalt new: UInt32) {
        var offset = 0
        while offset < count {
            guard case .record(let frame) = RecordFormat.parse(bytes(from: offset), at: offset, salt: old) else { return }
            let start = frame.byteCount - frame.payload.count - 4
            let head = UnsafeRawBufferPointer(rebasing: memory[offset..<offset + start])
            let checksum = CRC32C.extending(CRC32C.extending(new, with: head), with: frame.payload)
            memory.storeBytes(of: checksum.littleEndian, toByteOffset: offset + start, as: UInt32.self)
            offset += frame.byteCount
        }
    }

    @inline(__always)
    func put(_ byte: UInt8) {
        memory[count] = byte
        count += 1
    }

    @inline(__always)
    func put(_ bytes: UnsafeRawBufferPointer) {
        UnsafeMutableRawBufferPointer(rebasing: memory[count..<count + bytes.count]).copyMemory(from: bytes)
        count += bytes.count
    }

    @inline(__always)
    func put(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            put(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        put(UInt8(truncatingIfNeeded: rest))
    }
}

/// LEB128, shortest form.
enum Varint {
    @inline(__always)
    static func byteCount(_ value: UInt64) -> Int {
        max(1, (64 - value.leadingZeroBitCount + 6) / 7)
    }
}

/// Reads the parts of a payload; every call gives nil instead of reading past the end.
struct PayloadReader {
    private(set) var rest: UnsafeRawBufferPointer

    @inline(__always)
    init(_ payload: UnsafeRawBufferPointer) { rest = payload }

    @inline(__always)
    mutating func byte() -> UInt8? {
        guard let first = rest.first else { return nil }
        rest = UnsafeRawBufferPointer(rebasing: rest[1...])
        return first
    }

    mutating func bytes(_ count: Int) -> UnsafeRawBufferPointer? {
        guard count >= 0, count <= rest.count else { return nil }
        let taken = UnsafeRawBufferPointer(rebasing: rest[..<count])
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        return taken
    }

    /// A number of at most 64 bits in its shortest form.
    @inline(__always)
    mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while let next = byte() {
            guard shift < 63 || next <= 1 else { return nil }
            value |= UInt64(next & 0x7F) << shift
            if next < 0x80 { return next == 0 && shift > 0 ? nil : value }
            shift += 7
            guard shift <= 63 else { return nil }
        }
        return nil
    }

    mutating func word() -> UInt64? {
        guard let taken = bytes(8) else { return nil }
        return UInt64(bigEndian: taken.loadUnaligned(as: UInt64.self))
    }

    /// A count that must not exceed `limit`.
    mutating func count(limit: Int) -> Int? {
        guard let value = varint(), let count = Int(exactly: value), count <= limit else { return nil }
        return count
    }
}
