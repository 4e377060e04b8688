/// What holding the audit table against everything else in the store gave.
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
    /// Revocations in the table, of devices and of certificates made by hand, each with its statements where it has a seal certificate.
    public var revocationCount = 0
    /// Receipts of nodes in the table, each with its delivery and verified.
    public var receiptCount = 0
    /// Certificates and lists of issuing keys that the configuration does not name: their signatures were not verified.
    public var unverifiedCount = 0
    /// The one with the lowest row first; nil: all fits.
    public var fault: Fault?

    mutating func note(_ row: Int64?, _ reason: @autoclosure () -> String) {
        if let known = fault, (known.row ?? .max) <= (row ?? .max) { return }
        fault = Fault(row: row, reason: reason())
    }

    /// Notes where the store has another value than a row.
    mutating func compare<Value: Equatable>(_ stored: Value?, _ told: Value?, _ row: Int64, _ what: @autoclosure () -> String) {
        guard stored != told else { return }
        note(row, "\(what()) is \(told.map { "\($0)" } ?? "not there") in it, and \(stored.map { "\($0)" } ?? "not there") in the store")
    }
}
