import Foundation

/// The `openssl` program, the second opinion on everything that is X.509.
enum OpenSSLTool {
    struct Result {
        var exitCode: Int32
        var output: String
    }

    static var isPresent: Bool {
        FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")
    }

    static func run(_ arguments: [String]) throws -> Result {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Result(exitCode: process.terminationStatus, output: String(decoding: data, as: UTF8.self))
    }
}

/// A directory that goes when its owner does.
final class TemporaryDirectory {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("harborseal-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String, _ content: some Sequence<UInt8>) throws -> String {
        let path = "\(self.path)/\(name)"
        try Data(content).write(to: URL(fileURLWithPath: path))
        return path
    }
}
