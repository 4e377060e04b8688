import DeviceCrypto

/// Exchanges messages with independent implementations: `write FILE` makes every message at every batch size, `read FILE` verifies what
/// another implementation made. Tests/IndependentReaders/check.py runs both; nothing of this is shipped.
@main
enum ConformanceVectors {
    /// Every size up to 64, and the largest.
    static let batchSizes = Array(1...64) + [1_024]

    static func main() throws {
        let arguments = CommandLine.arguments
        switch arguments.count == 3 ? arguments[1] : "" {
        case "write": try VectorWriter().write(to: arguments[2])
        case "read": try VectorReader(path: arguments[2]).verify()
        default: throw ConformanceError("usage: ConformanceVectors write|read FILE")
        }
    }
}

/// Why the exchange failed, in words.
struct ConformanceError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
