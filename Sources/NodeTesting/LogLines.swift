public import Logging
internal import Synchronization

/// A logger that keeps what is said.
public final class LogLines: Sendable {
    private let kept = Mutex<[String]>([])

    public init() {}

    public var lines: [String] { kept.withLock { $0 } }

    public var logger: Logger { Logger(label: "test") { _ in Handler(owner: self) } }

    fileprivate func add(_ line: String) { kept.withLock { $0.append(line) } }

    private struct Handler: LogHandler {
        let owner: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            owner.add("\(event.level): \(event.message) \(event.metadata ?? [:])")
        }
    }
}
