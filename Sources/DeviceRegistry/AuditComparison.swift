/// What holding the audit table against certificates, devices and ledger statements gave.
public struct AuditComparison: Equatable, Sendable {
    /// What does not fit.
    public struct Fault: Equatable, Sendable {
        /// The row that says otherwise than the store; nil: the store has what no row tells of.
        public let row: Int64?
        /// One line, for people.
        public let reason: String
    }

    /// Seal certificates in the table, each with its statement.
    public var registrationCount = 0
    /// Revocations in the table, each with its statements, if the device had a seal certificate.
    public var revocationCount = 0
    /// Receipts of nodes in the table, each with its delivery.
    public var receiptCount = 0
    /// The one with the lowest row first; nil: all fits.
    public var fault: Fault?

    mutating func note(_ row: Int64?, _ reason: @autoclosure () -> String) {
        if let known = fault, (known.row ?? .max) <= (row ?? .max) { return }
        fault = Fault(row: row, reason: reason())
    }
}
