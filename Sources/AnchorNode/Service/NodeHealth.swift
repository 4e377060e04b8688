import Synchronization

/// What `/readyz` answers: red when the ledger, the disk or every broker is out of order, with the reason.
public final class NodeHealth: Sendable {
    /// What can be out of order.
    public enum Part: String, CaseIterable, Sendable {
        case ledger
        case store
        case broker
    }

    private let problems = Mutex<[Part: String]>([.ledger: "starting", .broker: "not connected yet"])

    public init() {}

    func set(_ part: Part, problem: String?) {
        problems.withLock { $0[part] = problem }
    }

    /// What is out of order now, with the reason; empty when the node can work.
    public var report: [Part: String] { problems.withLock { $0 } }
}
