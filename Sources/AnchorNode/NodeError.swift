/// Why a node cannot start or go on. What a gateway sends never raises one of these: it is refused (`Refusal`).
public struct NodeError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Stable codes; callers branch on these.
    public enum Code: String, Equatable, Sendable {
        /// The store belongs to another node, key or alliance.
        case foreignStore
        /// The store was written by a newer version of this program.
        case newerStore
        /// The store contradicts itself: a root, an entry or a checkpoint is not what the stored bytes give.
        case damagedStore
        /// The trust file does not verify, names another alliance or is older than the one in force.
        case trustFileRefused
        /// This node's name or key is not in the trust file.
        case notInTrustFile
        /// By the trust file this node's key is not in force at this time, which a clock that is set late also gives.
        case keyNotInForce
        /// Another process has the store.
        case storeInUse
        /// A configured value cannot be used.
        case configuration
        /// A broker cannot be used as it is configured.
        case broker
        /// A test stopped the node at this point.
        case stopped
    }

    public let code: Code
    /// What, where, and the next step, for people.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
