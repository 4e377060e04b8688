/// A hash with 32 bytes of output: SHA-256, from whichever library the program is linked with.
///
/// The prefixed forms exist so that RFC 9162's leaf and node hashes need no temporary array.
public protocol HashFunction {
    /// The hash of `bytes`.
    static func hash(_ bytes: Span<UInt8>) -> Digest

    /// The hash of one byte followed by `bytes`.
    static func hash(prefix: UInt8, _ bytes: Span<UInt8>) -> Digest

    /// The hash of one byte followed by two digests.
    static func hash(prefix: UInt8, _ left: Digest, _ right: Digest) -> Digest
}

extension HashFunction {
    /// The hash of all bytes of an array.
    @inlinable
    public static func hash(_ bytes: [UInt8]) -> Digest {
        hash(bytes.span)
    }
}
