/// A piece of a segment file in memory; one allocation that many scans share.
final class ScanWindow {
    /// Twice the largest record, so that a refill always brings a whole one.
    static let capacity = 2 * (RecordFormat.recordLimit + 2)
    /// What is read again one by one where the medium refuses a larger piece.
    static let blockByteCount = 4_096

    let memory: UnsafeMutableRawBufferPointer
    /// Which file's bytes these are: its segment number; 0: none.
    var segment: UInt64 = 0
    var fileOffset = 0
    var count = 0
    /// Bytes that the medium refused so far; they read as zeros.
    var unreadableByteCount = 0

    init() { memory = .allocate(byteCount: Self.capacity, alignment: 16) }

    deinit { memory.deallocate() }

    /// Forgets what it holds, because files changed.
    func invalidate() { segment = 0 }

    /// The bytes from a file offset on; empty when they are not here.
    @inline(__always)
    func bytes(from offset: Int) -> UnsafeRawBufferPointer {
        guard offset >= fileOffset, offset <= fileOffset + count else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(rebasing: memory[(offset - fileOffset)..<count])
    }
}

/// Finds the records of one segment file, in order, and what is no record between them.
///
/// The only reader of segments: recovery, publishing, look-ups and `journal verify` all go through it.
struct SegmentScanner<FileSystem: JournalFileSystem> {
    enum Step {
        case record(RecordFrame)
        /// Bytes that are no record, before a later valid one.
        case damage(offset: Int, byteCount: Int)
        /// No further record; the bytes behind `offset` are none.
        case end(offset: Int, tailByteCount: Int)
    }

    let fileSystem: FileSystem
    let file: Int32
    let segment: UInt64
    let salt: UInt32
    /// Bytes beyond are void: not written yet, or given up when the next segment began.
    let limit: Int
    let window: ScanWindow
    var offset: Int

    init(
        _ fileSystem: FileSystem, file: Int32, segment: UInt64, limit: Int, window: ScanWindow, from offset: Int = 0
    ) {
        self.fileSystem = fileSystem
        self.file = file
        self.segment = segment
        self.limit = limit
        self.window = window
        self.offset = offset
        salt = CRC32C.salt(ofSegment: segment)
        // The window may still hold these bytes: batches are read one after the other.
        if window.segment != segment || window.fileOffset + window.count > limit { window.count = 0 }
        window.segment = segment
    }

    /// The next record, or what stands in its place.
    mutating func next() throws(SystemError) -> Step {
        if offset == 0 { try skipMagic() }
        while true {
            guard offset < limit else { return .end(offset: offset, tailByteCount: 0) }
            switch RecordFormat.parse(window.bytes(from: offset), at: offset, salt: salt) {
            case .record(let frame) where frame.offset + frame.byteCount <= limit:
                offset += frame.byteCount
                return .record(frame)
            case .incomplete where canLoadMore(at: offset):
                try load(at: offset)
            default:
                return try resynchronise()
            }
        }
    }

    private mutating func skipMagic() throws(SystemError) {
        try load(at: 0)
        let start = window.bytes(from: 0)
        guard start.count >= RecordFormat.magic.count, limit >= RecordFormat.magic.count else { return }
        if start[..<RecordFormat.magic.count].elementsEqual(RecordFormat.magic) { offset = RecordFormat.magic.count }
    }

    /// Looks at every following byte for a record whose checksum is right.
    private mutating func resynchronise() throws(SystemError) -> Step {
        let start = offset
        var candidate = start + 1
        while candidate < limit {
            let bytes = window.bytes(from: candidate)
            if bytes.count < RecordFormat.recordLimit, canLoadMore(at: candidate) {
                try load(at: candidate)
                continue
            }
            if case .record(let frame) = RecordFormat.parse(bytes, at: candidate, salt: salt),
                frame.offset + frame.byteCount <= limit {
                offset = candidate
                return .damage(offset: start, byteCount: candidate - start)
            }
            candidate += 1
        }
        offset = limit
        return .end(offset: start, tailByteCount: limit - start)
    }

    /// True when the window does not yet hold all that it can from this offset on.
    @inline(__always)
    private func canLoadMore(at offset: Int) -> Bool {
        if window.count == 0 || offset < window.fileOffset || offset > window.fileOffset + window.count { return true }
        return window.fileOffset + window.count < limit && window.fileOffset != offset
    }

    /// Moves the window to this offset and fills it as far as the file goes.
    private func load(at offset: Int) throws(SystemError) {
        let wanted = min(ScanWindow.capacity, limit - offset)
        window.fileOffset = offset
        window.count = 0
        while window.count < wanted {
            let target = UnsafeMutableRawBufferPointer(rebasing: window.memory[window.count..<wanted])
            let done = try readOnce(at: offset + window.count, into: target)
            guard done > 0 else {
                // The file is shorter than it should be: what is missing reads as damage.
                target.initializeMemory(as: UInt8.self, repeating: 0)
                window.count = wanted
                return
            }
            window.count += done
        }
    }

    private func readOnce(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        do {
            return try retrying { () throws(SystemError) in try fileSystem.read(file, at: offset, into: target) }
        } catch {
            guard error.code == SystemError.inputOutput else { throw error }
        }
        // A bad block: one block alone, and zeros where even that fails. Zeros are never a record.
        let count = min(target.count, ScanWindow.blockByteCount - offset % ScanWindow.blockByteCount)
        let block = UnsafeMutableRawBufferPointer(rebasing: target[..<count])
        do {
            return try retrying { () throws(SystemError) in try fileSystem.read(file, at: offset, into: block) }
        } catch {
            guard error.code == SystemError.inputOutput else { throw error }
            block.initializeMemory(as: UInt8.self, repeating: 0)
            window.unreadableByteCount += count
            return count
        }
    }
}

/// Repeats a call that a signal interrupted.
@inline(__always)
func retrying<Result>(_ call: () throws(SystemError) -> Result) throws(SystemError) -> Result {
    while true {
        do {
            return try call()
        } catch {
            guard error.code == SystemError.interrupted else { throw error }
        }
    }
}
