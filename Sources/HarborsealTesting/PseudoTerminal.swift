import Foundation

/// A serial line without a device: what is written here comes out of `path`, as from a receiver. Closing it is pulling the plug.
public final class PseudoTerminal {
    /// The end that a program opens, for example `/dev/pts/3`.
    public let path: String
    private var master: Int32

    public struct Failure: Error {}

    public init() throws {
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)
        // TIOCSPTLCK and TIOCGPTN of <asm/ioctls.h>, which C's own names for them hide from Swift.
        var lock: Int32 = 0
        var number: UInt32 = 0
        guard master >= 0, ioctl(master, 0x4004_5431, &lock) == 0, ioctl(master, 0x8004_5430, &number) == 0 else { throw Failure() }
        path = "/dev/pts/\(number)"
    }

    deinit { unplug() }

    /// Writes what fits; the count.
    @discardableResult
    public func send(_ bytes: [UInt8]) -> Int { max(0, write(master, bytes, bytes.count)) }
    @discardableResult
    public func send(_ text: String) -> Int { send(Array(text.utf8)) }

    /// What the program has written and was not read yet.
    public func received() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(master, &bytes, bytes.count)
        return count > 0 ? Array(bytes[..<count]) : []
    }

    public func unplug() {
        if master >= 0 { close(master) }
        master = -1
    }
}
