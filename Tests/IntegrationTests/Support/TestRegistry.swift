import CPosixShims
import Foundation
import HarborsealTesting

/// A device registry of Python and openssl, with an alliance's keys: issues what it is asked for, and misbehaves on demand.
final class TestRegistry: @unchecked Sendable {
    static let code = "71234-ABCDE-FGHJK-MNPQR-STVWX-Y"

    let alliance: Alliance
    let port: UInt16
    private let folder: ScratchFolder
    private var process: ChildProcess?

    init(_ alliance: Alliance) throws {
        self.alliance = alliance
        port = try LoopbackPort.free()
        folder = try ScratchFolder(named: "hs-registry")
        try order()
        try start()
    }

    /// Starts it, or starts it again behind the same port with what it issued forgotten.
    func start() throws {
        let script = Programs.packageRoot + "/Tests/IntegrationTests/Support/registry.py"
        let child = try ChildProcess(
            [try Programs.python, script, "\(port)", folder.path, alliance.folder.file("alliance"), Alliance.firm], logFile: folder.file("log"))
        process = child
        let port = port
        try wait(until: "the registry on port \(port)", instead: { child.log }) {
            let descriptor = posix_tcp_connect("127.0.0.1", port)
            guard descriptor >= 0 else { return false }
            defer { posix_socket_close(descriptor) }
            var entry = posix_poll_entry(descriptor: descriptor, events: Int16(POSIX_POLL_OUT), revents: 0)
            return posix_poll(&entry, 1, 1_000) == 1 && posix_socket_error(descriptor) == 0
        }
    }

    func stop() {
        process?.kill()
        process = nil
    }

    deinit { stop() }

    var log: String { (try? String(contentsOfFile: folder.file("log"), encoding: .utf8)) ?? "" }

    /// What it does from now on: registry.py says which orders there are.
    func order(_ orders: [String: Any] = [:], code: String = TestRegistry.code) throws {
        let all = orders.merging(["code": code]) { own, _ in own }
        try JSONSerialization.data(withJSONObject: all).write(to: URL(fileURLWithPath: folder.file("orders.json")), options: .atomic)
    }

    struct Request: Equatable {
        let method: String
        let path: String
        let device: String
        let status: Int
        /// Hash of the public key that was asked for; "-" where none was.
        let key: String
        var role: String { path.split(separator: "/").dropFirst(2).first.map(String.init) ?? "" }
    }

    /// Everything that it was asked so far.
    var requests: [Request] {
        let text = (try? String(contentsOfFile: folder.file("requests.log"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            guard words.count == 5 else { return nil }
            return Request(method: words[0], path: words[1], device: words[2], status: Int(words[3]) ?? 0, key: words[4])
        }
    }

    /// Keys that were asked to be certified for both roles.
    var sharedKeys: Set<String> {
        func keys(_ role: String) -> Set<String> { Set(requests.filter { $0.method == "POST" && $0.role == role }.map(\.key)) }
        return keys("link").intersection(keys("seal")).subtracting(["-"])
    }

    /// A code that nobody used yet.
    static func freshCode() -> String {
        let digits = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
        return "7" + String((0..<25).map { _ in digits.randomElement() ?? "0" })
    }
}
