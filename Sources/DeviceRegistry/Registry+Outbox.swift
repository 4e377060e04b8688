import AllianceTrust
public import AttestationFormat

extension Registry {
    /// Statements under way to one node at once: one after the other, a fleet of 1,000 takes minutes.
    public static let deliveriesPerNode = 8

    /// Pauses between two tries, in seconds: 10, 20, 40... up to an hour.
    private static let firstPauseSeconds: Int64 = 10
    private static let longestPauseSeconds: Int64 = 3_600
    private static let answerLimit = 200

    /// Says which nodes there are: a new one is to get every statement, one that is gone none any more. To be called at the start, and with
    /// each new trust file. Kept durably: a command that revokes need not know the nodes.
    public func setNodes(_ nodes: [Name], nowSeconds: Int64) throws {
        let wanted = Set(nodes.map(\.text.string))
        guard try store.read({ Set(try $0.nodes()) }) != wanted else { return }
        try store.write { transaction in
            let known = Set(try transaction.nodes())
            for node in wanted.subtracting(known).sorted() { try transaction.addNode(node, nowSeconds: nowSeconds) }
            for node in known.subtracting(wanted).sorted() { try transaction.removeNode(node) }
            try transaction.audit(
                .configure, on: nil, "statements go to \(wanted.isEmpty ? "no node" : wanted.sorted().joined(separator: ", "))",
                by: Self.itself, nowSeconds: nowSeconds)
        }
    }

    /// What may be under way now: for each node the first statements that it lacks, those whose pause is over, and none while the first one's is not.
    /// So a node that is away is not asked for each of a thousand, and keeps none from the others.
    ///
    /// The oldest revocation goes first, one at a time, since a fleet's registrations take minutes, and a list that comes behind a newer one is refused;
    /// but not before the registrations of the device that it is about. Registrations stand in no order to each other.
    public func dueDeliveries(nowSeconds: Int64, perNode limit: Int = Registry.deliveriesPerNode) throws -> [StatementDelivery] {
        try store.read { try $0.dueDeliveries(nowSeconds: nowSeconds, longestPauseSeconds: Self.longestPauseSeconds, limit: limit) }
    }

    /// Stores what came of sending a statement to a node.
    ///
    /// - Returns: how far the statement has come with it.
    /// - Throws: ``RegistryError`` with code `argument` for a receipt of more than 4,096 bytes, or a delivery that is not known.
    @discardableResult
    public func record(_ result: DeliveryResult, of statementID: Int64, to node: Name, nowSeconds: Int64) throws -> DeliveryState {
        try store.write { transaction in
            guard let delivery = try transaction.delivery(statementID, to: node.text.string) else {
                throw RegistryError(.argument, "statement \(statementID) is not for node \(node)")
            }
            // A second, late answer does not undo a receipt.
            if case .accepted = result {} else if delivery.state == .accepted { return .accepted }
            if case .postponed(let answer, let seconds) = result {
                try transaction.postponeDelivery(
                    statementID, to: node.text.string, nextTrySeconds: nowSeconds + min(max(seconds, 1), Self.longestPauseSeconds),
                    answer: PrintableText.line(answer, limit: Self.answerLimit))
                return delivery.state
            }
            let (state, answer) = try outcome(of: result, delivery, in: transaction)
            let pause = min(Self.firstPauseSeconds << Int64(min(delivery.tries, 16)), Self.longestPauseSeconds)
            try transaction.setDelivery(
                statementID, to: node.text.string, state, nextTrySeconds: nowSeconds + pause, receipt: result.receipt, entry: result.entry, answer: answer)
            guard state != .due, delivery.state != state else { return state }
            try transaction.audit(
                .statement, on: delivery.gatewayID, outcome: state == .refused ? "refused" : AuditEntry.ok,
                "\(delivery.kind.rawValue) statement \(statementID), node \(node)\(answer.map { ": \($0)" } ?? ": \(AuditedFacts.receiptWords)")",
                by: Self.itself, nowSeconds: nowSeconds)
            return state
        }
    }

    /// A node that has a newer list needs this one no more, if it is this registry that made a newer one: else its lists are behind what the node holds,
    /// and no revocation of it reaches the node.
    private func isSuperseded(_ delivery: StatementDelivery, in transaction: RegistryTransaction) throws -> Bool {
        guard let statement = try? RegistrationStatement(parsing: delivery.statement), statement.header.kind == .revocation,
            let number = try? UnverifiedRevocationList(der: statement.payload).number,
            let made = try transaction.list(issuer: statement.header.keyID), let newest = try UnverifiedRevocationList(der: made.der).number
        else { return false }
        return number < newest
    }

    private func outcome(
        of result: DeliveryResult, _ delivery: StatementDelivery, in transaction: RegistryTransaction
    ) throws -> (DeliveryState, String?) {
        let node = delivery.node
        switch result {
        case .stale(let answer):
            let state = try isSuperseded(delivery, in: transaction) ? DeliveryState.superseded : .refused
            return (state, PrintableText.line(answer, limit: Self.answerLimit))
        case .accepted(let receipt, let entry):
            guard entry?.count ?? 0 <= Limits.registrationByteCount else {
                throw RegistryError(.argument, "node \(node) showed an entry of \(entry?.count ?? 0) bytes, more than \(Limits.registrationByteCount)")
            }
            guard receipt.count <= Limits.receiptByteCount else {
                throw RegistryError(.argument, "node \(node) sent a receipt of \(receipt.count) bytes, more than \(Limits.receiptByteCount)")
            }
            return (.accepted, nil)
        case .refused(let answer): return (.refused, PrintableText.line(answer, limit: Self.answerLimit))
        case .failed(let answer), .postponed(let answer, _): return (.due, PrintableText.line(answer, limit: Self.answerLimit))
        }
    }
}

extension DeliveryResult {
    fileprivate var receipt: [UInt8]? { if case .accepted(let receipt, _) = self { receipt } else { nil } }
    fileprivate var entry: [UInt8]? { if case .accepted(_, let entry) = self { entry } else { nil } }
}
