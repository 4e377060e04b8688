import AttestationFormat
import CPosixShims

/// A read that takes long, done by a child process: reading a DS18B20 measures for 750 ms, some gas sensors for seconds, and
/// the one-thread loop must not wait for it.
///
/// The kernel knows no way to read such a file without waiting: writing `trigger` to `therm_bulk_read` waits as well. The child is
/// `/bin/cat`, spawned with the open file as its input, and ends with the read.
final class SlowRead {
    /// A dozen DS18B20 with parasite power measure one after the other.
    private static let longestMilliseconds: UInt64 = 20_000
    /// A child that was killed, or has written everything, is looked after this often until it is gone.
    private static let lookMilliseconds: UInt64 = 2
    /// More than any attribute has.
    private static let maximumByteCount = 4_096

    private let process: Int32
    /// What the child writes to; negative once that has ended.
    private(set) var descriptor: Int32
    /// When to call ``advance(isReady:nowMilliseconds:)`` even if nothing can be read.
    private(set) var nextDeadline: UInt64
    private var bytes: [UInt8] = []
    private var isLate = false

    /// Starts a child that reads `file`, which is closed here. Throws ``SourceError``: the child cannot be started.
    init(closing file: Int32, nowMilliseconds: UInt64) throws(SourceError) {
        var output: Int32 = -1
        var process: Int32 = 0
        let result = posix_reader_spawn(file, &output, &process)
        _ = posix_file_close(file)
        self.process = process
        descriptor = output
        nextDeadline = nowMilliseconds + SlowRead.longestMilliseconds
        guard result >= 0 else { throw .system(errno: -result, step: "starting", path: "/bin/cat") }
    }

    deinit {
        guard process > 0 else { return }
        closeOutput()
        _ = posix_reader_end(process, true)
    }

    /// Takes what the child has written; nil while it is not done.
    func advance(isReady: Bool, nowMilliseconds: UInt64) -> AttributeRead? {
        if isReady, descriptor >= 0 { takeOutput() }
        if descriptor >= 0 {
            guard nowMilliseconds >= nextDeadline else { return nil }
            isLate = true
            closeOutput()
        }
        let ending = posix_reader_end(process, isLate)
        guard ending != -POSIX_EAGAIN else {
            nextDeadline = nowMilliseconds + SlowRead.lookMilliseconds
            return nil
        }
        return ending == 0 ? .text(bytes) : .failed(errno: 0)
    }

    private func takeOutput() {
        var part = [UInt8](repeating: 0, count: 512)
        while descriptor >= 0 {
            let count = posix_read(descriptor, &part, part.count)
            if count == -Int(POSIX_EAGAIN) { return }
            if count <= 0 || bytes.count > SlowRead.maximumByteCount { return closeOutput() }
            bytes.append(contentsOf: part[..<count])
        }
    }

    private func closeOutput() {
        if descriptor >= 0 { _ = posix_socket_close(descriptor) }
        descriptor = -1
    }
}
