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
    /// ENXIO: what a socket in the folder gives when it is opened.
    static let noSuchDevice: Int32 = 6
    /// EISDIR.
    static let isFolder: Int32 = 21
    /// ENOSPC.
    public static let noSpace: Int32 = 28
    /// ESPIPE: what is neither file nor folder.
    static let isNoFile: Int32 = 29
    /// EROFS.
    public static let readOnly: Int32 = 30
    /// ELOOP: what a symbolic link in the folder gives, as none is followed.
    static let isLink: Int32 = 40
    /// EDQUOT.
    public static let quotaExceeded: Int32 = 122

    /// True when opening or reading will fail the same way tomorrow: a bad block, or something of a segment's name that is no file.
    var isLasting: Bool {
        code == Self.inputOutput || code == Self.isFolder || code == Self.isLink || code == Self.isNoFile || code == Self.noSuchDevice
    }

    /// True when freeing space ends the cause: the same segment may be written again.
    public var isLackOfSpace: Bool { code == Self.noSpace || code == Self.quotaExceeded }
}
