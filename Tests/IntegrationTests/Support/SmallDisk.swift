import Foundation

/// A file system of its own in memory, small enough to be filled; unmounted with its owner or at the end of the test run.
final class SmallDisk {
    /// Mounting needs root.
    static let isPossible = getuid() == 0 && (try? SmallDisk(byteCount: 1 << 16)) != nil
    static let reason: String = "needs root and the right to mount a tmpfs"

    let path: String
    private let folder: ScratchFolder

    init(byteCount: Int) throws {
        folder = try ScratchFolder(named: "hs-disk")
        path = folder.file("medium")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try ChildProcess.run([try Programs.tool("mount", package: "mount"), "-t", "tmpfs", "-o", "size=\(byteCount)", "none", path])
        Leftovers.shared.add(mount: path)
    }

    deinit {
        // Lazily: an agent that a failing test left may still hold it.
        _ = try? ChildProcess.run(["/bin/umount", "-l", path])
        Leftovers.shared.remove(mount: path)
    }

    func remount(readOnly: Bool) throws {
        try ChildProcess.run(["/bin/mount", "-o", "remount,\(readOnly ? "ro" : "rw")", path])
    }

    /// Takes all space that is left but for `byteCount`; returns the file that takes it.
    func fill(leaving byteCount: Int) throws -> String {
        let free = try FileManager.default.attributesOfFileSystem(forPath: path)[.systemFreeSize] as? Int ?? 0
        let filler = path + "/filler"
        try Data(count: max(0, free - byteCount)).write(to: URL(fileURLWithPath: filler))
        return filler
    }
}
