internal import CPosixShims

/// The journal's folder on a real file system. The folder is made (mode 0700) when it is missing.
public final class PosixFileSystem: JournalFileSystem {
    /// Longest name that is read; no file of the journal's has more than 20 bytes.
    private static let nameCapacity = 256
    private static let lockName: [UInt8] = Array("lock".utf8)

    private let folder: Int32
    private let isForReading: Bool
    private var lockFile: Int32 = -1

    /// Opens the folder at a path. Throws when it neither exists nor can be made.
    ///
    /// - Parameter isForReading: nothing is made, written, cut, removed or locked: the folder behaves like one on a read-only medium,
    ///   also beside a running agent.
    public init(path: [UInt8], isForReading: Bool = false) throws(SystemError) {
        let result = Self.withName(path) { posix_folder_open($0, !isForReading) }
        guard result >= 0 else { throw SystemError(.open, -result) }
        folder = result
        self.isForReading = isForReading
    }

    deinit {
        if lockFile >= 0 { _ = posix_file_close(lockFile) }
        _ = posix_file_close(folder)
    }

    public func list(_ body: ([UInt8]) -> Void) throws(SystemError) {
        var error: Int32 = 0
        guard let listing = posix_listing_open(folder, &error) else { throw SystemError(.list, -error) }
        defer { posix_listing_close(listing) }
        var name = [CChar](repeating: 0, count: Self.nameCapacity)
        while true {
            let count = posix_listing_next(listing, &name, Self.nameCapacity)
            guard count >= 0 else { throw SystemError(.list, -count) }
            guard count > 0 else { return }
            let bytes = name[..<Int(count)].map { UInt8(bitPattern: $0) }
            if bytes != Self.lockName { body(bytes) }
        }
    }

    public func open(_ name: [UInt8], _ mode: JournalFileMode) throws(SystemError) -> Int32 {
        let number: Int32 =
            switch mode {
            case .read: POSIX_FILE_READ
            case .write: POSIX_FILE_WRITE
            case .create: POSIX_FILE_CREATE
            }
        if isForReading, mode != .read { throw SystemError(.open, SystemError.readOnly) }
        let result = Self.withName(name) { posix_file_open_at(folder, $0, number) }
        guard result >= 0 else { throw SystemError(.open, -result) }
        return result
    }

    public func read(_ file: Int32, at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        let result = posix_file_read_at(file, target.baseAddress, target.count, Int64(offset))
        guard result >= 0 else { throw SystemError(.read, Int32(truncatingIfNeeded: -result)) }
        return Int(result)
    }

    public func write(_ file: Int32, at offset: Int, _ source: UnsafeRawBufferPointer) throws(SystemError) -> Int {
        let result = posix_file_write_at(file, source.baseAddress, source.count, Int64(offset))
        guard result >= 0 else { throw SystemError(.write, Int32(truncatingIfNeeded: -result)) }
        return Int(result)
    }

    public func sync(_ file: Int32) throws(SystemError) { try check(posix_file_sync(file), .sync) }

    public func syncFolder() throws(SystemError) { try check(posix_folder_sync(folder), .syncFolder) }

    public func truncate(_ file: Int32, to byteCount: Int) throws(SystemError) {
        try check(posix_file_truncate(file, Int64(byteCount)), .truncate)
    }

    public func close(_ file: Int32) throws(SystemError) { try check(posix_file_close(file), .close) }

    public func remove(_ name: [UInt8]) throws(SystemError) {
        if isForReading { throw SystemError(.remove, SystemError.readOnly) }
        try check(Self.withName(name) { posix_file_remove_at(folder, $0) }, .remove)
    }

    public func size(_ file: Int32) throws(SystemError) -> Int {
        let result = posix_file_size(file)
        guard result >= 0 else { throw SystemError(.size, Int32(truncatingIfNeeded: -result)) }
        // No segment is larger; a stranger's file may be, and must not stop a machine whose Int has 32 bits.
        return Int(clamping: min(result, Int64(JournalOptions.largestSegmentByteCount)))
    }

    public func dropCache(_ file: Int32) { _ = posix_file_drop_cache(file) }

    /// An advisory lock on the file `lock`, whose content is the holder's process id for people; on a read-only medium on the folder itself.
    public func lock() throws(SystemError) -> JournalLock {
        if isForReading { return .taken }
        var file = Self.withName(Self.lockName) { posix_file_open_at(folder, $0, POSIX_FILE_LOCK) }
        let isFile = file >= 0
        if !isFile { file = Self.withName([0x2E]) { posix_file_open_at(folder, $0, POSIX_FILE_READ) } }
        guard file >= 0 else { throw SystemError(.lock, -file) }
        guard posix_file_lock(file) == 0 else {
            let holder = isFile ? Self.processID(in: file) : 0
            _ = posix_file_close(file)
            return .held(by: holder)
        }
        lockFile = file
        if isFile { Self.write(processID: posix_process_id(), to: file) }
        return .taken
    }

    /// Bytes that may still be written to the file system. Throws `.size`.
    public func freeByteCount() throws(SystemError) -> Int64 {
        let result = posix_folder_free_bytes(folder)
        guard result >= 0 else { throw SystemError(.size, Int32(truncatingIfNeeded: -result)) }
        return result
    }
}

extension PosixFileSystem {
    private func check(_ result: Int32, _ call: SystemError.Call) throws(SystemError) {
        guard result >= 0 else { throw SystemError(call, -result) }
    }

    private static func withName(_ name: [UInt8], _ body: (UnsafePointer<CChar>) -> Int32) -> Int32 {
        let terminated = name.map { CChar(bitPattern: $0) } + [0]
        return terminated.withUnsafeBufferPointer { buffer in buffer.baseAddress.map(body) ?? -SystemError.notFound }
    }

    /// For people only: a full disk leaves it empty.
    private static func write(processID: Int32, to file: Int32) {
        var digits: [UInt8] = [0x0A]
        var rest = processID
        repeat {
            digits.insert(UInt8(0x30 + rest % 10), at: 0)
            rest /= 10
        } while rest > 0
        _ = posix_file_truncate(file, 0)
        _ = posix_file_write_at(file, digits, digits.count, 0)
    }

    private static func processID(in file: Int32) -> Int32 {
        var bytes = [UInt8](repeating: 0, count: 10)
        let count = posix_file_read_at(file, &bytes, bytes.count, 0)
        var value: Int32 = 0
        for byte in bytes.prefix(Int(max(0, count))) {
            guard byte >= 0x30, byte <= 0x39 else { break }
            value = value &* 10 &+ Int32(byte - 0x30)
        }
        return value
    }
}
