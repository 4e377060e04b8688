public import AttestationFormat

extension Registry {
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

    /// What to send now: for each node the oldest statement that it lacks, if its pause is over. So a node gets them in their order, and one
    /// that is away keeps none from the others. Revocations go first: a fleet's registrations take minutes, and each list stands by itself.
    public func dueDeliveries(nowSeconds: Int64) throws -> [StatementDelivery] {
        try store.read { try $0.dueDeliveries(nowSeconds: nowSeconds, longestPauseSeconds: Self.longestPauseSeconds) }
    }

    /// Stores what came of sending a statement to a node.
    ///
    /// - Throws: ``RegistryError`` with code `argument` for a receipt of more than 4,096 bytes, or a delivery that is not known.
    public func record(_ result: DeliveryResult, of statementID: Int64, to node: Name, nowSeconds: Int64) throws {
        try store.write { transaction in
            guard let delivery = try transaction.delivery(statementID, to: node.text.string) else {
                throw RegistryError(.argument, "statement \(statementID) is not for node \(node)")
            }
            let (state, receipt, answer) = try Self.outcome(of: result, node: node)
            let pause = min(Self.firstPauseSeconds << Int64(min(delivery.tries, 16)), Self.longestPauseSeconds)
            // A second, late answer does not undo a receipt.
            guard delivery.state != .accepted || state == .accepted else { return }
            try transaction.setDelivery(
                statementID, to: node.text.string, state, nextTrySeconds: nowSeconds + pause, receipt: receipt, answer: answer)
            guard state != .due, delivery.state != state else { return }
            try transaction.audit(
                .statement, on: delivery.gatewayID, outcome: state == .accepted ? AuditEntry.ok : "refused",
                "\(delivery.kind.rawValue) statement \(statementID), node \(node)\(answer.map { ": \($0)" } ?? ": in its ledger")",
                by: Self.itself, nowSeconds: nowSeconds)
        }
    }

    private static func outcome(of result: DeliveryResult, node: Name) throws -> (DeliveryState, [UInt8]?, String?) {
        switch result {
        case .accepted(let receipt):
            guard receipt.count <= Limits.receiptByteCount else {
                throw RegistryError(.argument, "node \(node) sent a receipt of \(receipt.count) bytes, more than \(Limits.receiptByteCount)")
            }
            return (.accepted, receipt, nil)
        case .refused(let answer): return (.refused, nil, PrintableText.line(answer, limit: answerLimit))
        case .failed(let answer): return (.due, nil, PrintableText.line(answer, limit: answerLimit))
        }
    }
}
