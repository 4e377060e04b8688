import AttestationFormat
import CPosixShims

/// A file of lines, read block by block; a line is a range of the buffer, never a copy.
struct LineFile: ~Copyable {
    /// Room for the longest line and a block that costs few system calls.
    private static let bufferByteCount = 128 * 1024

    private let descriptor: Int32
    private(set) var buffer = [UInt8](repeating: 0, count: LineFile.bufferByteCount)
    /// Bytes of the buffer that have been read and not handed out.
    private var unread = 0..<0
    private var fileOffset: Int64 = 0
    private var isAtEnd = false
    /// Number of the line handed out last, counted from 1.
    private(set) var lineNumber: UInt64 = 0

    /// What `next` found.
    enum Item {
        /// A line without its newline.
        case line(Range<Int>)
        /// A line that is longer than an intake line may be; skipped.
        case tooLong
        case end
        /// Reading failed with this errno.
        case failed(Int32)
    }

    init(path: UTF8Text) throws(SourceError) {
        descriptor = posix_readable_open(path.cString)
        guard descriptor >= 0 else { throw .system(errno: -descriptor, step: "opening", path: path) }
    }

    deinit {
        if descriptor >= 0 { _ = posix_readable_close(descriptor) }
    }

    /// The next line; its range is valid until the next call.
    mutating func next() -> Item {
        var isSkipping = false
        var searched = unread.lowerBound
        while true {
            if let newline = newline(from: searched) {
                let line = unread.lowerBound..<newline
                unread = newline + 1..<unread.upperBound
                lineNumber += 1
                return isSkipping || line.count > IntakeParser.maximumLineByteCount ? .tooLong : .line(line)
            }
            if unread.count > IntakeParser.maximumLineByteCount {
                isSkipping = true
                unread = unread.upperBound..<unread.upperBound
            }
            if isAtEnd { return lastLine(isSkipping) }
            let unsearched = unread.count
            if let failure = fill() { return .failed(failure) }
            searched = unread.lowerBound + unsearched
        }
    }

    /// A last line needs no newline.
    private mutating func lastLine(_ isSkipping: Bool) -> Item {
        guard !unread.isEmpty || isSkipping else { return .end }
        let line = unread
        unread = unread.upperBound..<unread.upperBound
        lineNumber += 1
        return isSkipping ? .tooLong : .line(line)
    }

    private func newline(from start: Int) -> Int? {
        let found = buffer.span.extracting(start..<unread.upperBound).withUnsafeBytes { posix_find_byte($0.baseAddress, 0x0A, $0.count) }
        return found < 0 ? nil : start + found
    }

    /// Moves what is left to the front and reads behind it; the errno when that fails.
    private mutating func fill() -> Int32? {
        let kept = unread.count
        for index in 0..<kept { buffer[index] = buffer[unread.lowerBound + index] }
        let offset = fileOffset
        let count = buffer.withUnsafeMutableBufferPointer { target -> Int64 in
            guard let base = target.baseAddress else { return 0 }
            return posix_readable_read(descriptor, base + kept, target.count - kept, offset)
        }
        guard count >= 0 else {
            unread = 0..<kept
            return Int32(truncatingIfNeeded: -count)
        }
        isAtEnd = count == 0
        fileOffset += count
        unread = 0..<kept + Int(count)
        return nil
    }
}
