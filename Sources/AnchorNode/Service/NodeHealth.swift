import Synchronization

/// What `/readyz` answers: red when the ledger, the disk or every broker is out of order, with the reason.
public final class NodeHealth: Sendable {
    /// What can be out of order.
    public enum Part: String, CaseIterable, Sendable {
        case ledger
        case store
        case broker
        /// The receipt key has ended.
        case key
    }

    /// What somebody should look at, while the node goes on working.
    public enum Concern: String, CaseIterable, Sendable {
        /// The trust file is out of date by its own words, or this node's key ends soon.
        case trust
        /// A revocation list could not be fetched or is refused.
        case revocation
        /// Another node shows another trust file of the version in force.
        case trustFile = "trust-file"
    }

    private let problems = Mutex<[Part: String]>([.ledger: "starting", .broker: "not connected yet"])

    private let concerns = Mutex<[Concern: String]>([:])

    public init() {}

    func set(_ part: Part, problem: String?) {
        problems.withLock { $0[part] = problem }
    }

    /// Notes what somebody should look at; nil: nothing any more.
    public func set(_ concern: Concern, words: String?) {
        concerns.withLock { $0[concern] = words }
    }

    /// What somebody should look at; the node works all the same.
    public var warnings: [Concern: String] { concerns.withLock { $0 } }

    /// What is out of order now, with the reason; empty when the node can work.
    public var report: [Part: String] { problems.withLock { $0 } }
}
