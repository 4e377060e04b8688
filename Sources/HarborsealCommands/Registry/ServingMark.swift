internal import Glibc

/// Says to commands whether a registry serves from a data folder: it holds a lock on a file there for as long as it runs, and the end of its
/// process, whatever ended it, lets the lock go.
struct ServingMark {
    private let descriptor: Int32

    /// - Throws: ``CommandError`` for a file that cannot be opened or locked.
    init(folder: String) throws {
        let path = Self.path(folder)
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        // Shared, and waited for: a command that looks has it for a moment, and a second registry on the same folder serves as well.
        guard descriptor >= 0, flock(descriptor, LOCK_SH) == 0 else {
            let cause = String(cString: strerror(errno))
            if descriptor >= 0 { _ = close(descriptor) }
            throw CommandError(.cannotCreate, "\(path): \(cause)", nextStep: "let the registry's user write in [registry] data")
        }
    }

    func release() { _ = close(descriptor) }

    /// Whether some process holds the mark; where that cannot be seen, nobody is said to.
    static func isSet(folder: String) -> Bool {
        let descriptor = open(path(folder), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { _ = close(descriptor) }
        return flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
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
