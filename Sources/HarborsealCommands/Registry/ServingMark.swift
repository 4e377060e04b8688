internal import AllianceTrust
internal import Glibc

/// Says to commands whether a registry serves from a data folder: it holds a lock on a file there for as long as it runs, and the end of its
/// process, whatever ended it, lets the lock go.
struct ServingMark {
    private let descriptor: Int32

    /// Before the firms: a server without firms says so, and a file of an earlier version nothing.
    private static let heading = "serves firms:"

    /// Tries in a second: a command that looks has the lock for a moment.
    private static let tries = 20

    /// - Parameter firms: those that the server was started with, as it reads its configuration once; nil: it does not say.
    /// - Throws: ``CommandError`` for a file that cannot be opened or locked, or with code `temporary` while another registry serves from the folder.
    init(folder: String, firms: [String]? = nil) throws {
        let path = Self.path(folder)
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        var cause = errno
        if descriptor >= 0 {
            for attempt in 1...Self.tries {
                if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
                    Self.write(firms, to: descriptor)
                    return
                }
                cause = errno
                guard cause == EWOULDBLOCK, attempt < Self.tries else { break }
                usleep(50_000)
            }
            _ = close(descriptor)
        }
        // Two would send every statement twice, and each would write lists over the other's.
        guard cause != EWOULDBLOCK else {
            throw CommandError(
                .temporary, "another registry serves from \(folder)", nextStep: "stop that one first (systemctl stop harborseal-registry, where it is the service)")
        }
        throw CommandError(.cannotCreate, "\(path): \(String(cString: strerror(cause)))", nextStep: "let the registry's user write in [registry] data")
    }

    func release() { _ = close(descriptor) }

    /// Whether some process holds the mark; where that cannot be seen, nobody is said to.
    static func isSet(folder: String) -> Bool {
        let descriptor = open(path(folder), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { _ = close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }

    /// What the mark says beside being there; where the disk does not take it, nobody is warned, and nothing else is lost.
    private static func write(_ firms: [String]?, to descriptor: Int32) {
        let bytes = Array((firms.map { [heading] + $0 } ?? []).map { $0 + "\n" }.joined().utf8)
        guard ftruncate(descriptor, 0) == 0 else { return }
        _ = pwrite(descriptor, bytes, bytes.count, 0)
    }

    /// The firms that the server which runs was started with; nil: none runs, or one that does not say.
    private static func servedFirms(folder: String) -> [String]? {
        guard isSet(folder: folder), let bytes = try? DurableFile.read(path(folder)) else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        return lines.first == heading ? Array(lines.dropFirst()) : nil
    }

    /// What a command says where the server which runs was started with a firm that the configuration has no more; empty: it was not.
    static func notes(folder: String, left firm: String) -> String {
        guard servedFirms(folder: folder)?.contains(firm) == true else { return "" }
        return """
            note: the registry that runs here was started with firm \(firm), and takes no code of its registry until it reads its configuration
              next: restart it (systemctl restart harborseal-registry, where it is the service); the code stays good

            """
    }

    /// What a command says where the configuration that it has read names a firm that the server which runs was started without; empty: none.
    static func notes(folder: String, configured firms: [String]) -> String {
        guard let served = servedFirms(folder: folder) else { return "" }
        let missing = firms.filter { !served.contains($0) }
        guard !missing.isEmpty else { return "" }
        return """
            note: the registry that runs here was started without \(missing.count == 1 ? "firm" : "firms") \(missing.joined(separator: ", ")), and refuses their gateways until it reads its configuration
              next: restart it (systemctl restart harborseal-registry, where it is the service); codes that were made stay good

            """
    }

    /// What a command that changed the registry says where nobody carries it to nodes and broker; empty: somebody does.
    static func notes(folder: String) -> String {
        guard !isSet(folder: folder) else { return "" }
        return """
            no registry runs here: nodes and broker know nothing of it until it is started
              next: start it (harborseal registry serve, or its service); it tells them within seconds, and nothing is lost meanwhile

            """
    }

    private static func path(_ folder: String) -> String { folder + "/serving.lock" }
}
