/// A failed system call: which one, and the kernel's error number.
public struct SystemError: Error, Equatable, Sendable {
    /// The calls that the journal makes; the raw value is stable and shown in logs.
    public enum Call: UInt8, Sendable, CaseIterable {
        case list, open, read, write, sync, syncFolder, truncate, close, remove, size, lock
    }

    /// The call that failed.
    public let call: Call
    /// The kernel's positive error number (`errno`).
    public let code: Int32

    /// Names a failed call.
    public init(_ call: Call, _ code: Int32) {
        self.call = call
        self.code = code
    }

    /// ENOENT; the numbers here are the same on x86, ARM and RISC-V Linux.
    public static let notFound: Int32 = 2
    /// EINTR.
    public static let interrupted: Int32 = 4
    /// EIO.
    public static let inputOutput: Int32 = 5
    /// ENOSPC.
    public static let noSpace: Int32 = 28
    /// EROFS.
    public static let readOnly: Int32 = 30
    /// EDQUOT.
    public static let quotaExceeded: Int32 = 122

    /// True when freeing space ends the cause: the same segment may be written again.
    public var isLackOfSpace: Bool { code == Self.noSpace || code == Self.quotaExceeded }
}
