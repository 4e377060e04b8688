/// The layout of a record (documented for people in the article Layout):
///
///     length   1 or 2 bytes, LEB128, of the payload: 1 to 16,383
///     kind     1 byte
///     crc      4 bytes, little-endian: CRC-32C over length, kind and payload, begun with the segment's salt
///     payload
enum RecordFormat {
    /// "HSJRNL1\n": the first bytes of a segment; the digit is the format.
    static let magic: [UInt8] = [0x48, 0x53, 0x4A, 0x52, 0x4E, 0x4C, 0x31, 0x0A]
    /// What two bytes of length can say; a header with every table full stays below it.
    static let payloadLimit = 16_383
    /// The largest record: two bytes of length, kind, checksum, payload.
    static let recordLimit = payloadLimit + 7
    /// Events are at most 4,096 bytes (wire-format.md, section 1).
    static let eventLimit = 4_096
    /// Statements are at most 1,024 bytes, receipts 4,096.
    static let statementLimit = 1_024
    static let receiptLimit = 4_096

    /// What the bytes at a place are.
    enum Parse {
        case record(RecordFrame)
        /// More bytes than there are would be needed.
        case incomplete
        case invalid
    }

    /// Reads one record at the start of `bytes`.
    @inline(__always)
    static func parse(_ bytes: UnsafeRawBufferPointer, at fileOffset: Int, salt: UInt32) -> Parse {
        guard bytes.count >= 2 else { return .incomplete }
        var payloadCount = Int(bytes[0])
        var lengthCount = 1
        if payloadCount >= 0x80 {
            guard bytes[1] > 0, bytes[1] < 0x80 else { return .invalid }
            payloadCount = payloadCount & 0x7F | Int(bytes[1]) << 7
            lengthCount = 2
        }
        guard payloadCount > 0 else { return .invalid }
        guard bytes.count > lengthCount else { return .incomplete }
        let kindByte = bytes[lengthCount]
        guard let kind = RecordKind(rawValue: kindByte & 0x0F) else { return .invalid }
        guard kindByte < 0x10 || kind == .event || kind == .intakeEvent else { return .invalid }
        let start = lengthCount + 5
        guard bytes.count >= start + payloadCount else { return .incomplete }
        let stored = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: lengthCount + 1, as: UInt32.self))
        let payload = UnsafeRawBufferPointer(rebasing: bytes[start..<start + payloadCount])
        let head = UnsafeRawBufferPointer(rebasing: bytes[0...lengthCount])
        guard CRC32C.extending(CRC32C.extending(salt, with: head), with: payload) == stored else { return .invalid }
        return .record(RecordFrame(
            kind: kind, kindByte: kindByte, payload: payload, offset: fileOffset, byteCount: start + payloadCount))
    }
}

/// A record whose checksum is right; `payload` is valid until its window moves.
struct RecordFrame {
    let kind: RecordKind
    let kindByte: UInt8
    let payload: UnsafeRawBufferPointer
    /// Where the record begins in its file.
    let offset: Int
    /// Bytes of the whole record.
    let byteCount: Int
}
