internal import AttestationFormat
internal import CPosixShims

/// Writes one carried file so that a stick that is pulled out too early never shows half a file under its name.
struct CarriedFileWriter: ~Copyable {
    private static let draft: UTF8Text = ".harborseal.part"

    private let folder: Int32
    private var file: Int32
    /// Bytes written so far.
    private(set) var byteCount: Int64 = 0

    /// The folder must be there: a stick that is not mounted must not become a folder on the gateway's own flash.
    init(folder path: UTF8Text, error: inout Int32) {
        let opened = path.withCText { posix_folder_open($0, false) }
        folder = opened
        file = opened < 0 ? opened : Self.draft.withCText { posix_file_open_at(opened, $0, POSIX_FILE_CREATE) }
        error = min(file, 0)
    }

    deinit {
        if file >= 0 {
            _ = posix_file_close(file)
            let opened = folder
            _ = Self.draft.withCText { posix_file_remove_at(opened, $0) }
        }
        if folder >= 0 { _ = posix_file_close(folder) }
    }

    /// 0, or a negated errno.
    mutating func write(_ bytes: ArraySlice<UInt8>) -> Int32 {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { posix_file_write_at(file, $0.baseAddress, $0.count, byteCount) }
            guard count > 0 else { return count < 0 ? Int32(clamping: count) : -ErrorNumber.inputOutput }
            byteCount += count
            rest = rest.dropFirst(Int(count))
        }
        return 0
    }

    /// Gives the file its name once every byte is on the medium. 0, or a negated errno.
    mutating func publish(as name: UTF8Text) -> Int32 {
        let synced = posix_file_sync(file)
        guard synced == 0 else { return synced }
        let closed = posix_file_close(file)
        file = -1
        guard closed == 0 else { return closed }
        let opened = folder
        let renamed = Self.draft.withCText { from in name.withCText { posix_file_rename_at(opened, from, $0) } }
        return renamed == 0 ? posix_folder_sync(folder) : renamed
    }
}

/// Reads one carried file message by message.
final class CarriedFileReader {
    /// Bytes read at once.
    private static let pieceByteCount = 16_384

    let path: UTF8Text
    private let file: Int32
    private var readCount: Int64 = 0
    private var isAtEnd = false
    private var reader = CarriedReader()
    /// The next message to this gateway, and the batch that it is about; 0 for what is about no batch.
    private(set) var next: (message: CarriedMessage, first: UInt64)?
    /// Messages that are no replies to this gateway.
    private(set) var foreignCount = 0
    /// Why nothing more comes, if that is not the file's end.
    private(set) var problem: String?

    /// `nil` with a negated errno when the file cannot be opened.
    init?(_ path: UTF8Text, error: inout Int32) {
        self.path = path
        file = path.withCText { posix_readable_open($0) }
        error = min(file, 0)
        if file < 0 { return nil }
    }

    deinit { if file >= 0 { _ = posix_readable_close(file) } }

    /// Moves on to the next reply to the gateway.
    func advance(for gateway: GatewayID) {
        next = nil
        while next == nil, let message = read() {
            guard let topic = try? Topic(parsing: message.topic), topic.gatewayID == gateway, case .reply = topic.channel else {
                foreignCount += 1
                continue
            }
            var first: UInt64 = 0
            if let reply = try? Reply(parsing: message.payload), case .receipt(let start, _) = reply { first = start }
            next = (message, first)
        }
    }

    private func read() -> CarriedMessage? {
        while problem == nil {
            do throws(FormatError) {
                if let message = try reader.next(isAtEnd: isAtEnd) { return message }
            } catch {
                problem = "is no carried file from byte \(error.offset) on; what was before it is taken"
            }
            if isAtEnd { return nil }
            var piece = [UInt8](repeating: 0, count: Self.pieceByteCount)
            let count = posix_readable_read(file, &piece, piece.count, readCount)
            if count < 0 { problem = "cannot be read: \(SystemWords.of(Int32(clamping: -count)))" }
            if count <= 0 { isAtEnd = true }
            readCount += max(0, count)
            reader.append(Array(piece[..<max(0, Int(count))]))
        }
        return nil
    }
}
