internal import AttestationFormat
internal import CPosixShims
internal import SmallFiles

/// The numbers of lines: none is given out twice, also across restarts and power cuts.
///
/// The file holds the first number that was never promised. A thousand are promised at a time, so that flash is written once in a
/// thousand lines; a restart skips what was left of them.
struct NumberFile {
    static let blockCount: UInt64 = 1000

    private let path: UTF8Text
    private var next: UInt64
    private var end: UInt64

    /// Reads the file; a missing one begins at 0.
    ///
    /// - Throws: when it is there and cannot be read, or holds no number: beginning anew would repeat numbers, and the agent would take
    ///   new lines for old ones.
    init(_ path: UTF8Text) throws(FileError) {
        self.path = path
        next = 0
        do throws(FileError) {
            let text = try SmallFile.read(path, limit: 32)
            let digits = text.prefix { $0 >= 0x30 && $0 <= 0x39 }
            guard !digits.isEmpty, digits.count <= 18, text.count <= digits.count + 1 else { throw FileError(.read, path) }
            next = digits.reduce(0) { $0 * 10 + UInt64($1 & 15) }
        } catch {
            guard error.isNotFound else { throw error }
        }
        end = next
    }

    /// The next number; the file is written first where the promised ones are used up.
    mutating func take() throws(FileError) -> UInt64 {
        if next == end {
            try write(end + NumberFile.blockCount)
            end += NumberFile.blockCount
        }
        defer { next += 1 }
        return next
    }

    /// Beside the old file first, then in its place, both durable.
    private func write(_ number: UInt64) throws(FileError) {
        var text: [UInt8] = []
        var rest = number
        repeat {
            text.insert(UInt8(ascii: "0") + UInt8(rest % 10), at: 0)
            rest /= 10
        } while rest > 0
        let draft = path + ".next"
        _ = (draft.bytes + [0]).withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { hs_smallfile_remove($0.baseAddress) }
        }
        try SmallFile.writeNew(draft, text + [0x0A])
        let result = (draft.bytes + [0]).withUnsafeBufferPointer { from in
            (path.bytes + [0]).withUnsafeBufferPointer { to in
                from.withMemoryRebound(to: CChar.self) { from in
                    to.withMemoryRebound(to: CChar.self) { posix_rename(from.baseAddress, $0.baseAddress) }
                }
            }
        }
        guard result == 0 else { throw FileError(.publish, path, systemError: -result) }
        try SmallFile.syncDirectory(of: path)
    }
}
