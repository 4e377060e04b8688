internal import Glibc

/// Says to commands whether a registry serves from a data folder: it holds a lock on a file there for as long as it runs, and the end of its
/// process, whatever ended it, lets the lock go.
struct ServingMark {
    private let descriptor: Int32

    /// Tries in a second: a command that looks has the lock for a moment.
    private static let tries = 20

    /// - Throws: ``CommandError`` for a file that cannot be opened or locked, or with code `temporary` while another registry serves from the folder.
    init(folder: String) throws {
        let path = Self.path(folder)
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        var cause = errno
        if descriptor >= 0 {
            for attempt in 1...Self.tries {
                if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return }
                cause = errno
                guard cause == EWOULDBLOCK, attempt < Self.tries else { break }
                usleep(50_000)
            }
            _ = close(descriptor)
        }
        // Two would send every statement twice, and each would write lists over the other's.
        guard cause != EWOULDBLOCK else {
            throw CommandError(
                .temporary, "another registry serves from \(folder)", nextStep: "stop that one first (systemctl stop harborseal-registry, where it is the service)")
        }
        throw CommandError(.cannotCreate, "\(path): \(String(cString: strerror(cause)))", nextStep: "let the registry's user write in [registry] data")
    }

    func release() { _ = close(descriptor) }

    /// Whether some process holds the mark; where that cannot be seen, nobody is said to.
    static func isSet(folder: String) -> Bool {
        let descriptor = open(path(folder), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { _ = close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }

    /// What a command that changed the registry says where nobody carries it to nodes and broker; empty: somebody does.
    static func notes(folder: String) -> String {
        guard !isSet(folder: folder) else { return "" }
        return """
            no registry runs here: nodes and broker know nothing of it until it is started
              next: start it (harborseal registry serve, or its service); it tells them within seconds, and nothing is lost meanwhile

            """
    }

    private static func path(_ folder: String) -> String { folder + "/serving.lock" }
}
