internal import CPosixShims

/// CRC-32C (Castagnoli), the journal's checksum: finds every burst of up to 32 bits and every 1- to 3-bit error in a record.
public enum CRC32C {
    /// The checksum of bytes; of `"123456789"` it is 0xE306_9283.
    public static func checksum(of bytes: Span<UInt8>) -> UInt32 {
        bytes.withUnsafeBytes { extending(0, with: $0) }
    }

    /// The same without the processor's own instruction: for the self-test.
    public static func checksumByTables(of bytes: Span<UInt8>) -> UInt32 {
        bytes.withUnsafeBytes { posix_crc32c_by_tables(0, $0.baseAddress, $0.count) }
    }

    /// Continues a checksum.
    @inline(__always)
    static func extending(_ checksum: UInt32, with bytes: UnsafeRawBufferPointer) -> UInt32 {
        posix_crc32c(checksum, bytes.baseAddress, bytes.count)
    }

    /// What every checksum of a segment starts from: a record of one segment is no record of another, so neither old blocks
    /// that a file system shows again nor a renamed file pass for this segment's.
    static func salt(ofSegment number: UInt64) -> UInt32 {
        var bytes = number.littleEndian
        return withUnsafeBytes(of: &bytes) { extending(0, with: $0) }
    }
}
