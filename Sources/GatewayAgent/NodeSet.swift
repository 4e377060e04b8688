/// A node's place in the agent's own table, which only grows: trust files may reorder their nodes.
public typealias NodeIndex = Int

/// A set of nodes, one bit each.
public struct NodeSet: Sendable, Equatable {
    /// Most nodes that are told apart. An alliance has a handful; 64 fit one word.
    public static let capacity = 64
    private var bits: UInt64 = 0

    public init() {}

    public mutating func insert(_ node: NodeIndex) {
        guard node >= 0, node < Self.capacity else { return }
        bits |= 1 << UInt64(node)
    }

    public func contains(_ node: NodeIndex) -> Bool {
        node >= 0 && node < Self.capacity && bits & (1 << UInt64(node)) != 0
    }

    public var count: Int { bits.nonzeroBitCount }
}
