internal import Foundation

/// A program that tells the broker of new lists, run without a shell.
struct ReloadCommand {
    /// A reload that takes longer hangs.
    private static let timeLimitSeconds = 30

    private let words: [String]

    init(_ words: [String]) { self.words = words }

    /// - Returns: what went wrong; nil: it ended with 0.
    func run() async -> String? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: words[0])
        process.arguments = Array(words.dropFirst())
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        let (endings, ending) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = { ending.yield($0.terminationStatus); ending.finish() }
        do {
            try process.run()
        } catch {
            return error.localizedDescription
        }
        let identifier = process.processIdentifier
        let guardian = Task {
            try await Task.sleep(for: .seconds(Self.timeLimitSeconds))
            kill(identifier, SIGKILL)
        }
        var status: Int32?
        for await value in endings { status = value }
        guardian.cancel()
        guard let status else {
            // The registry stops: nobody waits for it any more.
            kill(identifier, SIGKILL)
            return "it did not end in time"
        }
        return status == 0 ? nil : "it ended with \(status)"
    }
}
