// The C library's stat belongs to whichever of these modules the compiler reads first.
internal import CoreFoundation
internal import Foundation
internal import Glibc

/// Files that survive a power cut: written beside their place, synced, put there by one rename, and the directory synced.
///
/// `Data.write(options: .atomic)` syncs neither the file nor its directory, so nothing here uses it.
public enum DurableFile {
    /// Reads a whole file.
    ///
    /// - Parameter byteLimit: larger files are refused before anything is allocated for them.
    /// - Throws: ``TrustError`` with code `unreadable` or `tooLarge`.
    public static func read(_ path: String, byteLimit: Int = 16 * 1024 * 1024) throws -> [UInt8] {
        let descriptor = try openRegular(path)
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw failure("read", path, .unreadable) }
            if count == 0 { return bytes }
            guard bytes.count + count <= byteLimit else {
                throw TrustError(.tooLarge, "\(path) is larger than \(byteLimit) bytes, the most that belongs here")
            }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    /// Opens a file for reading; its descriptor is the caller's to close. A pipe, a device or a directory is refused: to open a pipe without a
    /// writer would wait for ever.
    ///
    /// - Throws: ``TrustError`` with code `unreadable`.
    public static func openRegular(_ path: String) throws -> Int32 {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw failure("read", path, .unreadable) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            let found = facts.st_mode & S_IFMT == S_IFDIR ? "a directory" : "a pipe or device"
            throw TrustError(.unreadable, "cannot read \(path): it is \(found), not a file")
        }
        return descriptor
    }

    /// Writes a whole file so that after a power cut either the old or the new content is there.
    ///
    /// - Parameters:
    ///   - mode: permissions of the new file; 0600 for private keys.
    ///   - replacing: whether a file that is there may be replaced; otherwise it is an error and stays as it is.
    /// - Throws: ``TrustError`` with code `file`.
    public static func write(_ bytes: [UInt8], to path: String, mode: UInt32 = 0o644, replacing: Bool = true) throws {
        let temporary = "\(path).\(getpid()).tmp"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(mode))
        guard descriptor >= 0 else { throw failure("write", path) }
        do {
            try writeAll(bytes, to: descriptor, path: path)
            guard fsync(descriptor) == 0 else { throw failure("sync", path) }
        } catch {
            close(descriptor)
            unlink(temporary)
            throw error
        }
        guard close(descriptor) == 0 else { throw failure("close", path) }
        try putInPlace(temporary, at: path, replacing: replacing)
        try syncDirectory(of: path)
    }

    /// Puts a file that is whole and synced in its place on the same file system, durably.
    ///
    /// - Throws: ``TrustError`` with code `file`, also where something is there already: that stays, and `temporary` goes.
    public static func place(_ temporary: String, at path: String) throws {
        try putInPlace(temporary, at: path, replacing: false)
        try syncDirectory(of: path)
    }

    /// Copies a file of whatever size, for its owner alone, and syncs the copy.
    ///
    /// - Throws: ``TrustError`` with code `unreadable` or `file`, also where something is at `target` already.
    public static func copy(_ source: String, to target: String) throws {
        let from = try openRegular(source)
        defer { close(from) }
        let to = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard to >= 0 else { throw failure("write", target) }
        defer { close(to) }
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = Glibc.read(from, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw failure("read", source, .unreadable) }
            guard count > 0 else { break }
            try writeAll(Array(chunk[..<count]), to: to, path: target)
        }
        guard fsync(to) == 0 else { throw failure("sync", target) }
    }

    /// Makes a directory and those above it, each synced into its parent.
    public static func makeDirectory(_ path: String, mode: UInt32 = 0o755) throws {
        var isDirectory = ObjCBool(false)
        if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) {
            guard isDirectory.boolValue else { throw TrustError(.file, "\(path) is there and is no directory") }
            return
        }
        let parent = directory(of: path)
        if parent != path { try makeDirectory(parent) }
        guard mkdir(path, mode_t(mode)) == 0 || errno == EEXIST else { throw failure("make directory", path) }
        try syncDirectory(of: path)
    }

    /// Whether something is at this path.
    public static func exists(_ path: String) -> Bool {
        access(path, F_OK) == 0
    }

    /// The permission bits of a file, or nil where there is none.
    public static func permissions(of path: String) -> UInt32? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.posixPermissions] as? NSNumber)?.uint32Value
    }

    private static func putInPlace(_ temporary: String, at path: String, replacing: Bool) throws {
        if replacing {
            guard rename(temporary, path) == 0 else {
                let error = failure("write", path)
                unlink(temporary)
                throw error
            }
            return
        }
        // link(2) refuses an existing name in one step; rename would replace a key that another process just made.
        let linked = link(temporary, path) == 0
        let cause = errno
        unlink(temporary)
        guard linked else {
            if cause == EEXIST {
                throw TrustError(
                    .file, "\(path) is there already and is not overwritten", nextStep: "move it away, or choose another name")
            }
            errno = cause
            throw failure("write", path)
        }
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32, path: String) throws {
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw failure("write", path) }
            offset += count
        }
    }

    private static func syncDirectory(of path: String) throws {
        let parent = directory(of: path)
        let descriptor = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", parent) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("sync", parent) }
    }

    private static func directory(of path: String) -> String {
        var trimmed = Substring(path)
        while trimmed.count > 1 && trimmed.last == "/" { trimmed = trimmed.dropLast() }
        guard let slash = trimmed.lastIndex(of: "/") else { return "." }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }

    private static func failure(_ verb: String, _ path: String, _ code: TrustError.Code = .file) -> TrustError {
        let cause = errno
        return TrustError(code, "cannot \(verb) \(path): \(String(cString: strerror(cause)))")
    }
}
