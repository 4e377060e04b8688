import Foundation

/// The `openssl` program: makes requests, and is the second opinion on every answer.
enum OpenSSLTool {
    struct Failure: Error {
        var words: [String]
        var output: String
    }

    /// Runs it in a folder.
    ///
    /// - Returns: exit code and both outputs together.
    static func run(_ words: [String], in folder: String) throws -> (exitCode: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = words
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }

    /// Runs it and expects that it succeeds.
    @discardableResult
    static func output(_ words: [String], in folder: String) throws -> String {
        let (exitCode, output) = try run(words, in: folder)
        guard exitCode == 0 else { throw Failure(words: words, output: output) }
        return output
    }
}

/// A folder in which openssl makes keys and requests; it goes with its owner.
final class Workshop {
    static let p256 = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]

    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("harborseal-workshop-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Makes a key unless it is there.
    func key(_ name: String, _ words: [String] = Workshop.p256) throws {
        guard !FileManager.default.fileExists(atPath: "\(path)/\(name).key") else { return }
        try OpenSSLTool.output(["genpkey"] + words + ["-out", "\(name).key"], in: path)
    }

    /// A request in DER, of a P-256 key that is made where it is not there.
    func request(_ key: String, subject: String = "/", _ words: [String] = []) throws -> [UInt8] {
        try self.key(key)
        // openssl's own configuration would add defaults to the subject.
        try Data("[req]\ndistinguished_name=name\n[name]\n".utf8).write(to: URL(fileURLWithPath: "\(path)/empty.cnf"))
        try OpenSSLTool.output(
            ["req", "-new", "-config", "empty.cnf", "-key", "\(key).key", "-subj", subject, "-outform", "DER", "-out", "\(key).csr"]
                + (words.contains { $0.hasPrefix("-sha") || $0 == "-md5" } ? [] : ["-sha256"]) + words, in: path)
        return try read("\(key).csr")
    }

    func read(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)")))
    }

    @discardableResult
    func write(_ bytes: some Sequence<UInt8>, _ name: String) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
        return name
    }
}
