/// A 32-byte hash value, stored inline: no allocation, cheap to copy and to compare.
///
/// The four words hold the bytes in memory order; only `bytes`, `append(to:)` and `withUnsafeBytes` show them.
public struct Digest: Hashable, Sendable {
    /// Bytes in every digest.
    public static let byteCount = 32

    @usableFromInline
    var words: (UInt64, UInt64, UInt64, UInt64)

    /// 32 zero bytes: "none known" where a previous statement is named (wire-format.md, section 4).
    @inlinable
    public init() {
        words = (0, 0, 0, 0)
    }

    /// Takes exactly 32 bytes; any other number gives nil.
    @inlinable
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == Digest.byteCount else { return nil }
        self.init(reading: bytes.span)
    }

    /// Reads 32 bytes that start at `offset` of the span; nil when they are not all there.
    @inlinable
    public init?(reading span: Span<UInt8>, at offset: Int = 0) {
        guard offset >= 0, span.count >= Digest.byteCount, offset <= span.count - Digest.byteCount else { return nil }
        self.init()
        span.withUnsafeBytes { source in
            withUnsafeMutableBytes(of: &words) { target in
                target.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[offset..<offset + Digest.byteCount]))
            }
        }
    }

    /// Lets a hash function write its 32 bytes straight into the digest.
    ///
    /// - Parameter body: is given a buffer of exactly 32 zeroed bytes, valid during the call only.
    @inlinable
    public init(filledBy body: (UnsafeMutableRawBufferPointer) -> Void) {
        self.init()
        withUnsafeMutableBytes(of: &words, body)
    }

    /// The 32 bytes as a new array.
    @inlinable
    public var bytes: [UInt8] {
        withUnsafeBytes { Array($0) }
    }

    /// Appends the 32 bytes to `bytes`.
    @inlinable
    public func append(to bytes: inout [UInt8]) {
        withUnsafeBytes { bytes.append(contentsOf: $0) }
    }

    /// Shows the 32 bytes without copying them.
    ///
    /// - Parameter body: is given a buffer of exactly 32 bytes, valid during the call only.
    @inlinable
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        Swift.withUnsafeBytes(of: words, body)
    }

    /// Whether all 32 bytes are zero.
    @inlinable
    public var isZero: Bool {
        words.0 | words.1 | words.2 | words.3 == 0
    }

    @inlinable
    public static func == (left: Digest, right: Digest) -> Bool {
        left.words.0 == right.words.0 && left.words.1 == right.words.1
            && left.words.2 == right.words.2 && left.words.3 == right.words.3
    }

    @inlinable
    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}

extension Digest: Comparable {
    /// Orders as the bytes do, the first byte being the most significant.
    @inlinable
    public static func < (left: Digest, right: Digest) -> Bool {
        if left.words.0 != right.words.0 { return left.words.0.bigEndian < right.words.0.bigEndian }
        if left.words.1 != right.words.1 { return left.words.1.bigEndian < right.words.1.bigEndian }
        if left.words.2 != right.words.2 { return left.words.2.bigEndian < right.words.2.bigEndian }
        return left.words.3.bigEndian < right.words.3.bigEndian
    }
}
