/// The limits of section 1, in bytes unless the name says otherwise, and the few that this module adds.
public enum Limits {
    /// One event.
    public static let eventByteCount = 4_096
    /// Events of one batch.
    public static let batchEventCount = 1_024
    /// A whole batch-message.
    public static let batchMessageByteCount = 262_144
    /// A statement over a batch.
    public static let statementByteCount = 1_024
    /// A registration or revocation.
    public static let registrationByteCount = 65_536
    /// A receipt, and an event-proof.
    public static let receiptByteCount = 4_096
    /// A trust file.
    public static let trustFileByteCount = 65_536
    /// An evidence file: 16 MiB.
    public static let evidenceByteCount = 16 * 1_024 * 1_024
    /// A hello or a reply: the largest thing in one is a trust file, and its head.
    public static let nodeMessageByteCount = trustFileByteCount + 64
    /// Hashes of one path: no tree has more levels, since sizes have 64 bits.
    public static let pathHashCount = 64
    /// Largest value of first + count (section 2).
    public static let sequenceEnd = UInt64(Int64.max)
}
