internal import AttestationFormat
internal import CPosixShims

/// A renewal under way: this program once more, as `renew --automatic`, so that neither TLS nor its buffers are ever the running agent's.
final class RenewalChild {
    /// Four requests of 30 s each, and lookups.
    private static let longestMilliseconds: UInt64 = 180_000
    /// More than its one line.
    private static let maximumByteCount = 4_096

    private let process: Int32
    private let output: Int32
    private let deadline: UInt64
    private var bytes: [UInt8] = []

    /// Nil if it cannot be started; the system's errno says why.
    init?(_ words: [UTF8Text], nowMilliseconds: UInt64, error: inout Int32) {
        var arguments: [CChar] = []
        for word in words { arguments += word.bytes.map { CChar(bitPattern: $0) } + [0] }
        var output: Int32 = -1
        var process: Int32 = 0
        let result = posix_self_spawn(arguments, arguments.count, &output, &process)
        guard result == 0 else {
            error = -result
            return nil
        }
        self.process = process
        self.output = output
        deadline = nowMilliseconds + Self.longestMilliseconds
    }

    deinit {
        _ = posix_socket_close(output)
        _ = posix_reader_end(process, true)
    }

    /// Its exit code and its line once it has ended; nil before. One that takes too long is killed.
    func ending(nowMilliseconds: UInt64) -> (code: Int32, line: String)? {
        var part = [UInt8](repeating: 0, count: 512)
        while bytes.count < Self.maximumByteCount {
            let count = posix_read(output, &part, part.count)
            guard count > 0 else { break }
            bytes.append(contentsOf: part[..<count])
        }
        let ending = posix_reader_end(process, nowMilliseconds >= deadline)
        guard ending != -POSIX_EAGAIN else { return nil }
        if ending > 255 || ending < 0 { return (ExitCode.temporary.rawValue, "the renewal was killed") }
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
        return (ending, String(decoding: line, as: UTF8.self))
    }
}
