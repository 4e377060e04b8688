public import EventJournal

/// A file system in memory that remembers what is on the medium and what is only in the cache, fails where it is told to, and
/// says what a power cut may leave.
///
/// Its rules are those of Linux at their worst: unsynced writes survive, vanish or survive in part, in any order; a folder's entries
/// survive only after a sync of the folder; after a failed sync the cache shows bytes that no later sync writes.
public final class FaultyFileSystem: JournalFileSystem {
    /// What a planned fault does to a call.
    public enum Fault: Sendable, Equatable {
        /// The call fails with this `errno` and does nothing.
        case fail(Int32)
        /// A read or write does at most this many bytes; other calls are not affected.
        case short(Int)
    }

    struct Write {
        var offset: Int
        var bytes: [UInt8]
        /// Not nil: a truncation to this size instead of a write.
        var size: Int?
    }

    final class Inode {
        /// On the medium.
        var synced: [UInt8] = []
        /// What the program sees.
        var cached: [UInt8] = []
        /// Since the last sync, in order.
        var unsynced: [Write] = []
    }

    enum EntryChange {
        case link(name: [UInt8], Inode)
        case unlink(name: [UInt8])
    }

    var entries: [[UInt8]: Inode] = [:]
    var syncedEntries: [[UInt8]: Inode] = [:]
    var unsyncedEntries: [EntryChange] = []
    private var handles: [Int32: Inode] = [:]
    private var nextHandle: Int32 = 3

    /// Calls so far; a fault is planned for one of these indexes.
    public private(set) var callCount = 0
    /// Faults by call index; a used one is removed.
    public var faults: [Int: Fault] = [:]
    /// From this call on every changing call fails like this, until set to nil: a full or read-only medium.
    public var outage: (from: Int, code: Int32)?
    /// Faults that have happened.
    public private(set) var firedCount = 0
    /// The call that a planned failure hit last, if it was one that changes something.
    public private(set) var failedChange: SystemError.Call?
    /// Writes are split at multiples of this many bytes, each part surviving a power cut on its own.
    public var sectorByteCount = 512
    /// Called after each call that changes something.
    public var afterChange: (() -> Void)?
    /// Offsets of a file that cannot be read (EIO), by name.
    public var unreadable: [[UInt8]: Range<Int>] = [:]
    /// When set, the lock is held by this process.
    public var lockHolder: Int32?

    /// An empty folder.
    public init() {}

    /// A folder as a power cut left it.
    public init(image: [[UInt8]: [UInt8]]) {
        for (name, bytes) in image {
            let inode = Inode()
            inode.synced = bytes
            inode.cached = bytes
            entries[name] = inode
        }
        syncedEntries = entries
    }

    /// The folder's content as the program sees it.
    public var image: [[UInt8]: [UInt8]] { entries.mapValues(\.cached) }

    /// Handles that are open now: a journal that was closed leaves none.
    public var openHandleCount: Int { handles.count }

    /// Counts a call and lets a planned fault happen. Returns the most bytes that it may do.
    private func enter(_ call: SystemError.Call, changes: Bool) throws(SystemError) -> Int {
        defer { callCount += 1 }
        if changes, let outage, callCount >= outage.from {
            firedCount += 1
            throw SystemError(call, outage.code)
        }
        switch faults.removeValue(forKey: callCount) {
        case .fail(let code):
            firedCount += 1
            failedChange = changes ? call : nil
            throw SystemError(call, code)
        case .short(let count):
            if call == .read || call == .write { firedCount += 1 }
            return count
        case nil:
            return .max
        }
    }

    private func inode(_ file: Int32, _ call: SystemError.Call) throws(SystemError) -> Inode {
        guard let inode = handles[file] else { throw SystemError(call, 9) }
        return inode
    }

    public func list(_ body: ([UInt8]) -> Void) throws(SystemError) {
        _ = try enter(.list, changes: false)
        for name in entries.keys { body(name) }
    }

    public func open(_ name: [UInt8], _ mode: JournalFileMode) throws(SystemError) -> Int32 {
        _ = try enter(.open, changes: mode != .read)
        let inode: Inode
        if let known = entries[name] {
            inode = known
            if mode == .create, !known.cached.isEmpty { cut(known, to: 0) }
        } else {
            guard mode == .create else { throw SystemError(.open, SystemError.notFound) }
            inode = Inode()
            entries[name] = inode
            unsyncedEntries.append(.link(name: name, inode))
            afterChange?()
        }
        nextHandle += 1
        handles[nextHandle] = inode
        return nextHandle
    }

    public func read(_ file: Int32, at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        let limit = try enter(.read, changes: false)
        let inode = try inode(file, .read)
        let count = max(0, min(limit, target.count, inode.cached.count - offset))
        for (name, range) in unreadable where entries[name] === inode && range.overlaps(offset..<offset + max(1, count)) {
            throw SystemError(.read, SystemError.inputOutput)
        }
        inode.cached.withUnsafeBytes { source in
            target.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[offset..<offset + count]))
        }
        return count
    }

    public func write(_ file: Int32, at offset: Int, _ source: UnsafeRawBufferPointer) throws(SystemError) -> Int {
        let limit = try enter(.write, changes: true)
        let inode = try inode(file, .write)
        let count = min(limit, source.count)
        var done = 0
        while done < count {
            let place = offset + done
            let part = min(count - done, sectorByteCount - place % sectorByteCount)
            let write = Write(offset: place, bytes: Array(source[done..<done + part]))
            inode.unsynced.append(write)
            Self.apply(write, to: &inode.cached)
            done += part
        }
        afterChange?()
        return count
    }

    public func sync(_ file: Int32) throws(SystemError) {
        let inode = try inode(file, .sync)
        do {
            _ = try enter(.sync, changes: true)
        } catch {
            // The pages are clean now, and on no medium: what fsync has lost, no later fsync finds.
            if error.code != SystemError.interrupted { inode.unsynced.removeAll() }
            throw error
        }
        for write in inode.unsynced { Self.apply(write, to: &inode.synced) }
        inode.unsynced.removeAll()
        afterChange?()
    }

    public func syncFolder() throws(SystemError) {
        _ = try enter(.syncFolder, changes: true)
        syncedEntries = entries
        unsyncedEntries.removeAll()
        afterChange?()
    }

    public func truncate(_ file: Int32, to byteCount: Int) throws(SystemError) {
        _ = try enter(.truncate, changes: true)
        cut(try inode(file, .truncate), to: byteCount)
        afterChange?()
    }

    private func cut(_ inode: Inode, to size: Int) {
        let change = Write(offset: 0, bytes: [], size: size)
        inode.unsynced.append(change)
        Self.apply(change, to: &inode.cached)
    }

    public func close(_ file: Int32) throws(SystemError) {
        handles[file] = nil
        _ = try enter(.close, changes: false)
    }

    public func remove(_ name: [UInt8]) throws(SystemError) {
        _ = try enter(.remove, changes: true)
        guard entries.removeValue(forKey: name) != nil else { throw SystemError(.remove, SystemError.notFound) }
        unsyncedEntries.append(.unlink(name: name))
        afterChange?()
    }

    public func size(_ file: Int32) throws(SystemError) -> Int {
        _ = try enter(.size, changes: false)
        return try inode(file, .size).cached.count
    }

    public func dropCache(_ file: Int32) {
        guard let inode = handles[file], inode.unsynced.isEmpty else { return }
        inode.cached = inode.synced
    }

    public func lock() throws(SystemError) -> JournalLock {
        _ = try enter(.lock, changes: false)
        return lockHolder.map { .held(by: $0) } ?? .taken
    }

    static func apply(_ write: Write, to bytes: inout [UInt8]) {
        if let size = write.size {
            if size < bytes.count { bytes.removeSubrange(size...) }
            bytes += [UInt8](repeating: 0, count: size - bytes.count)
            return
        }
        let end = write.offset + write.bytes.count
        if end > bytes.count { bytes += [UInt8](repeating: 0, count: end - bytes.count) }
        bytes.replaceSubrange(write.offset..<end, with: write.bytes)
    }
}
