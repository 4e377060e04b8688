/// A node that has not answered yet.
public struct NodeWaiting: Equatable, Sendable {
    public let node: String
    public let seconds: Int

    /// Silence until then: most nodes have answered.
    static let patienceSeconds = 2

    /// Whether it is the first that is said of this waiting.
    public var isFirst: Bool { seconds == Self.patienceSeconds }

    /// `waiting for https://hk-1.example.org, 12 s`.
    public var words: String { "waiting for \(TerminalStyle.safe(node)), \(seconds) s" }

    /// Runs `body`, and meanwhile tells `report` every second, from 2 s on, that a node is waited for; at the end nil.
    static func during<Answer: Sendable>(
        _ node: String, _ report: (@Sendable (NodeWaiting?) -> Void)?, _ body: () async throws -> Answer
    ) async throws -> Answer {
        guard let report else { return try await body() }
        let teller = Task {
            let start = ContinuousClock.now
            var hasReported = false
            var seconds = patienceSeconds
            while (try? await Task.sleep(until: start + .seconds(seconds), clock: .continuous)) != nil {
                hasReported = true
                report(NodeWaiting(node: node, seconds: seconds))
                seconds += 1
            }
            if hasReported { report(nil) }
        }
        do {
            let answer = try await body()
            teller.cancel()
            await teller.value
            return answer
        } catch {
            teller.cancel()
            await teller.value
            throw error
        }
    }
}
