internal import CPosixShims
public import AttestationFormat

/// Files that are read or written whole: keys, certificates, trust file, configuration.
public enum SmallFile {
    /// What the system says of a file that was read.
    public struct Facts: Equatable, Sendable {
        /// The low twelve bits of the mode, for example 0o600.
        public let permissions: UInt32
        /// Numeric id of the user who owns the file.
        public let owner: UInt32
    }

    /// The user as whom this process opens files.
    public static var effectiveUser: UInt32 { posix_user_id() }

    /// Reads a regular file whole.
    ///
    /// - Parameter limit: the most bytes such a file may have; a larger one is refused, not cut.
    public static func read(_ path: UTF8Text, limit: Int) throws(FileError) -> [UInt8] {
        try readWithFacts(path, limit: limit).bytes
    }

    /// Reads a regular file whole, and tells its mode and owner as they were of the very file that was read.
    public static func readWithFacts(_ path: UTF8Text, limit: Int) throws(FileError) -> (bytes: [UInt8], facts: Facts) {
        let file = try OpenFile(reading: path)
        let facts = try file.regularFacts(path)
        // One byte more than the limit tells a file at the limit from a larger one, also while it grows.
        var bytes = [UInt8](repeating: 0, count: limit + 1)
        let count = bytes.withUnsafeMutableBufferPointer {
            hs_smallfile_read(file.descriptor, $0.baseAddress, limit + 1)
        }
        guard count >= 0 else { throw FileError(.read, path, systemError: Int32(truncatingIfNeeded: -count)) }
        guard count <= limit else { throw FileError(.tooLarge, path) }
        bytes.removeLast(limit + 1 - Int(count))
        return (bytes, facts)
    }

    /// The mode and owner of a regular file, without reading it.
    public static func facts(of path: UTF8Text) throws(FileError) -> Facts {
        try OpenFile(reading: path).regularFacts(path)
    }

    /// Writes a new file that only its owner may read (0600), unless `permissions` say otherwise. After return, bytes and name
    /// survive a power cut.
    ///
    /// The bytes go into `<path>.new` first and take the name when they are durable, so the name never stands for half a
    /// file. An existing file is never replaced: ``FileError/isAlreadyThere``.
    public static func writeNew(_ path: UTF8Text, _ bytes: [UInt8], permissions: UInt32 = 0o600) throws(FileError) {
        let draft = path + ".new"
        removeLeftover(draft)
        do throws(FileError) {
            try writeDraft(draft, bytes, permissions)
            try publish(draft, as: path)
        } catch {
            removeLeftover(draft)
            throw FileError(error.code, path, systemError: error.systemError)
        }
        try syncDirectory(of: path)
    }

    /// Makes the directory that holds `path` durable.
    public static func syncDirectory(of path: UTF8Text) throws(FileError) {
        let directory = parent(of: path)
        let result = try withCPath(directory) { hs_smallfile_sync_directory($0) }
        guard result >= 0 else { throw FileError(.sync, directory, systemError: -result) }
    }

    /// The directory part of a path: "." for a bare name.
    public static func parent(of path: UTF8Text) -> UTF8Text {
        guard let slash = path.bytes.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        // A slash is one whole UTF-8 code unit, so both sides of it stay valid text.
        return UTF8Text(validating: Array(path.bytes[..<max(slash, 1)])) ?? "."
    }

    /// Gives a file the name of another, which it replaces; both are in one directory. After return the name survives a power cut.
    public static func replace(_ path: UTF8Text, with source: UTF8Text) throws(FileError) {
        var target = path.bytes
        target.append(0)
        let result = try withCPath(source) { from in
            target.withUnsafeBufferPointer { to in
                to.withMemoryRebound(to: CChar.self) { posix_rename(from, $0.baseAddress) }
            }
        }
        guard result >= 0 else { throw FileError(.publish, path, systemError: -result) }
        try syncDirectory(of: path)
    }

    /// Removes a file, durably. What is not there is no error.
    public static func remove(_ path: UTF8Text) throws(FileError) {
        let result = try withCPath(path) { hs_smallfile_remove($0) }
        if -result == hs_error_not_found { return }
        guard result >= 0 else { throw FileError(.remove, path, systemError: -result) }
        try syncDirectory(of: path)
    }

    /// Whether a name stands for something; also when it cannot be told.
    public static func exists(_ path: UTF8Text) -> Bool {
        do throws(FileError) {
            _ = try facts(of: path)
            return true
        } catch {
            return !error.isNotFound
        }
    }

    private static func writeDraft(_ draft: UTF8Text, _ bytes: [UInt8], _ permissions: UInt32) throws(FileError) {
        var file = try OpenFile(creating: draft)
        // A key never has another mode than it is born with.
        if permissions != 0o600 {
            let given = hs_smallfile_give(file.descriptor, permissions)
            guard given >= 0 else { throw FileError(.write, draft, systemError: -given) }
        }
        let written = bytes.withUnsafeBufferPointer { hs_smallfile_write(file.descriptor, $0.baseAddress, $0.count) }
        guard written >= 0 else { throw FileError(.write, draft, systemError: -written) }
        let synced = hs_smallfile_sync(file.descriptor)
        guard synced >= 0 else { throw FileError(.sync, draft, systemError: -synced) }
        try file.close(draft)
    }

    private static func publish(_ draft: UTF8Text, as path: UTF8Text) throws(FileError) {
        var target = path.bytes
        target.append(0)
        let result = try withCPath(draft) { from in
            target.withUnsafeBufferPointer { to in
                to.withMemoryRebound(to: CChar.self) { hs_smallfile_publish(from, $0.baseAddress) }
            }
        }
        guard result >= 0 else { throw FileError(.publish, path, systemError: -result) }
    }

    /// A draft that an earlier, interrupted run left is worth nothing; if it stays, creating says so.
    private static func removeLeftover(_ draft: UTF8Text) {
        _ = try? withCPath(draft) { hs_smallfile_remove($0) }
    }
}
