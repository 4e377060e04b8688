import Glibc

/// Keeps a second node from using the same store: both would give indexes.
public struct StoreLock: Sendable {
    private let descriptor: Int32

    /// - Throws: `NodeError` with code `configuration` when the folder cannot be used, `storeInUse` when it is in use.
    public init(folder: String) throws {
        let path = folder + "/lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let cause = String(cString: strerror(errno))
            throw NodeError(.configuration, "\(path) cannot be opened: \(cause); let the node's user write in [node] data")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            _ = close(descriptor)
            throw NodeError(.storeInUse, "\(folder) is in use by another node: stop it, or give this one its own data folder")
        }
    }

    /// Lets the next one in; the end of the process does the same.
    public func release() {
        _ = close(descriptor)
    }
}
