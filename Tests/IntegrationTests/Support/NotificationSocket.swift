import Foundation

/// The service manager's end of sd_notify(3): a real datagram socket.
final class NotificationSocket {
    private let folder: ScratchFolder
    private let descriptor: Int32
    /// What `NOTIFY_SOCKET` must say.
    let address: String

    /// - Parameter isAbstract: an address in no file system, as containers use it.
    init(isAbstract: Bool = false) throws {
        folder = try ScratchFolder(named: "hs-notify")
        let path = folder.file("s")
        address = isAbstract ? "@" + path : path
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { target in
            target.copyBytes(from: (isAbstract ? "\0" + path : path).utf8)
        }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.utf8.count + (isAbstract ? 1 : 0))
        let result = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        guard descriptor >= 0, result == 0 else { throw IntegrationFailure("\(address) cannot be bound: errno \(errno)") }
    }

    deinit { close(descriptor) }

    /// The next message; nil when none comes in time.
    func next(seconds: Double) -> String? {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, Int32(seconds * 1_000)) == 1 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
    }

    /// Everything that came until now.
    func drain() -> [String] {
        var all: [String] = []
        while let message = next(seconds: 0) { all.append(message) }
        return all
    }

    /// Waits for a message with this line in it; the others are passed over.
    func wait(for line: String, seconds: Double) -> Bool {
        let deadline = ContinuousClock.now.advanced(by: .seconds(seconds))
        while ContinuousClock.now < deadline {
            guard let message = next(seconds: 0.2) else { continue }
            if message.split(separator: "\n").contains(Substring(line)) { return true }
        }
        return false
    }
}
