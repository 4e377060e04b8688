/// Reads one segment from bytes in memory: for fuzzing and for tools that were handed a file.
///
/// Takes any bytes; never traps, never allocates more than a window and what it returns.
public enum SegmentReader {
    /// What the bytes of segment `number` hold.
    public static func summary(of bytes: [UInt8], number: UInt64) -> InspectionSummary {
        var summary = InspectionSummary()
        let memory = OneFile(bytes: bytes)
        let window = ScanWindow()
        do throws(SystemError) {
            let header = try SegmentHeader.find(memory, file: 0, number: number, size: bytes.count, window: window)
            let scanner = SegmentScanner(memory, file: 0, segment: number, limit: bytes.count, window: window)
            var walker = SegmentWalker(
                scanner, epoch: header?.state.epoch ?? 0, firstSequence: header?.state.nextSequence ?? 0, endSequence: nil)
            summary.segmentCount = 1
            summary.byteCount = bytes.count
            if header == nil { summary.lostHeaderCount = 1 }
            while true {
                let item = try walker.next()
                _ = summary.take(item, epoch: walker.epoch)
                if case .end = item { return summary }
            }
        } catch {
            return summary
        }
    }
}

/// A read-only file system of one file.
private struct OneFile: JournalFileSystem {
    let bytes: [UInt8]

    func list(_ body: ([UInt8]) -> Void) {}
    func open(_ name: [UInt8], _ mode: JournalFileMode) throws(SystemError) -> Int32 { 0 }
    func read(_ file: Int32, at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        let count = max(0, min(target.count, bytes.count - offset))
        bytes.withUnsafeBytes { target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + count])) }
        return count
    }
    func write(_ file: Int32, at offset: Int, _ source: UnsafeRawBufferPointer) throws(SystemError) -> Int {
        throw SystemError(.write, SystemError.readOnly)
    }
    func sync(_ file: Int32) throws(SystemError) {}
    func syncFolder() throws(SystemError) {}
    func truncate(_ file: Int32, to byteCount: Int) throws(SystemError) { throw SystemError(.truncate, SystemError.readOnly) }
    func close(_ file: Int32) throws(SystemError) {}
    func remove(_ name: [UInt8]) throws(SystemError) { throw SystemError(.remove, SystemError.readOnly) }
    func size(_ file: Int32) throws(SystemError) -> Int { bytes.count }
    func dropCache(_ file: Int32) {}
    func lock() throws(SystemError) -> JournalLock { .taken }
}
