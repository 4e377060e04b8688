internal import CPosixShims
internal import AttestationFormat

/// A descriptor that is closed when its owner goes. Paths are passed along for messages alone.
struct OpenFile: ~Copyable {
    /// Negative once closed.
    private(set) var descriptor: Int32

    /// Opens for reading; a pipe does not block.
    init(reading path: UTF8Text) throws(FileError) {
        let result = try withCPath(path) { hs_smallfile_open($0) }
        guard result >= 0 else { throw FileError(.open, path, systemError: -result) }
        descriptor = result
    }

    /// Creates a file that did not exist, mode 0600.
    init(creating path: UTF8Text) throws(FileError) {
        let result = try withCPath(path) { hs_smallfile_create($0) }
        guard result >= 0 else { throw FileError(.create, path, systemError: -result) }
        descriptor = result
    }

    deinit {
        if descriptor >= 0 { _ = hs_smallfile_close(descriptor) }
    }

    /// Closes and reports what closing says: a delayed write error may show only here.
    mutating func close(_ path: UTF8Text) throws(FileError) {
        let result = hs_smallfile_close(descriptor)
        descriptor = -1
        guard result >= 0 else { throw FileError(.close, path, systemError: -result) }
    }

    /// Mode and owner; refuses what is no regular file.
    func regularFacts(_ path: UTF8Text) throws(FileError) -> SmallFile.Facts {
        var facts = hs_smallfile_facts()
        let result = hs_smallfile_facts_of(descriptor, &facts)
        guard result >= 0 else { throw FileError(.inspect, path, systemError: -result) }
        guard facts.is_regular else { throw FileError(.notRegular, path) }
        return SmallFile.Facts(permissions: facts.permissions, owner: facts.owner)
    }
}

/// Gives `body` the path as a C string. A zero byte inside would silently name another file, so it is refused.
func withCPath<Result>(_ path: UTF8Text, _ body: (UnsafePointer<CChar>) -> Result) throws(FileError) -> Result {
    guard !path.bytes.isEmpty, !path.bytes.contains(0) else { throw FileError(.badPath, path) }
    var bytes = path.bytes
    bytes.append(0)
    let result: Result? = bytes.withUnsafeBufferPointer { buffer in
        buffer.withMemoryRebound(to: CChar.self) { characters in
            guard let start = characters.baseAddress else { return nil }
            return body(start)
        }
    }
    guard let result else { throw FileError(.badPath, path) }
    return result
}
