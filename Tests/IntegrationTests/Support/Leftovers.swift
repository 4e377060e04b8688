import Foundation

/// What has to be gone when the test run ends, also when a test fails or nobody frees what all tests share.
final class Leftovers: @unchecked Sendable {
    static let shared = Leftovers()
    private let lock = NSLock()
    private var groups: Set<pid_t> = []
    private var folders: Set<String> = []
    private var mounts: Set<String> = []

    private init() { atexit { Leftovers.shared.removeAll() } }

    func add(group: pid_t) { lock.withLock { _ = groups.insert(group) } }
    func remove(group: pid_t) { lock.withLock { _ = groups.remove(group) } }
    func add(folder: String) { lock.withLock { _ = folders.insert(folder) } }
    func remove(folder: String) { lock.withLock { _ = folders.remove(folder) } }
    func add(mount: String) { lock.withLock { _ = mounts.insert(mount) } }
    func remove(mount: String) { lock.withLock { _ = mounts.remove(mount) } }

    private func removeAll() {
        // Only groups of children that were not waited for: their ids cannot have been given to others.
        for group in lock.withLock({ groups }) {
            _ = kill(-group, SIGKILL)
            var status: Int32 = 0
            _ = waitpid(group, &status, 0)
        }
        for mount in lock.withLock({ mounts }) { _ = umount2(mount, Int32(MNT_DETACH)) }
        for folder in lock.withLock({ folders }) { try? FileManager.default.removeItem(atPath: folder) }
    }
}

/// A folder in the temporary folder; gone with its owner, or at the end of the test run.
final class ScratchFolder: Sendable {
    let path: String

    init(named name: String = "harborseal-integration") throws {
        // Short: a UNIX socket's path has at most 107 bytes.
        path = FileManager.default.temporaryDirectory.path + "/\(name)-\(UInt32.random(in: .min ... .max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        Leftovers.shared.add(folder: path)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
        Leftovers.shared.remove(folder: path)
    }

    func file(_ name: String) -> String { path + "/" + name }
}
