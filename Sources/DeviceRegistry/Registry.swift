public import AllianceTrust
import AttestationFormat
import MerkleTree
import Synchronization

/// A device registry in a folder: devices, codes, certificates, revocation lists, audit table, and the outbox to the ledgers.
///
/// Whatever a call changes, with its audit row and its ledger statement, is one transaction, durable when the call returns: SQLite's
/// write-ahead log with `synchronous = FULL`. Several processes may have one registry open: the server and an operator's command. Calls
/// block for a sync of the disk. Times are the caller's, in seconds since 1970. What a call refuses is in the audit table, too.
public final class Registry: Sendable {
    public let settings: RegistrySettings
    let statements: any LedgerStatementMaker
    let issuers: Issuers
    let store: RegistryStore
    /// Lists that were published, and name what this store does not know; by their issuing keys. They stay published in its lists' places.
    let kept = Mutex<[Digest: [UInt8]]>([:])
    let retiredFirms = RetiredFirms()

    /// Opens the registry in `folder`, which must exist.
    ///
    /// - Parameter mayCreate: makes `registry.sqlite` (mode 0600) in it where there is none.
    /// - Throws: ``RegistryError`` with code `noStore`, `foreignStore`, `newerStore`, `damagedStore`, `storeFailed`, or `argument` for settings
    ///   that cannot be used.
    public init(folder: String, settings: RegistrySettings, statements: any LedgerStatementMaker, mayCreate: Bool = true) throws {
        try settings.check()
        self.settings = settings
        self.statements = statements
        issuers = try Issuers(settings)
        store = try RegistryStore(path: Self.storePath(folder), alliance: settings.alliance, mayCreate: mayCreate)
    }

    static func storePath(_ folder: String) -> String { "\(folder)/registry.sqlite" }

    /// Whether there is a store in `folder`, of whatever it is.
    public static func hasStore(in folder: String) -> Bool { DurableFile.exists(storePath(folder)) }

    /// Moves the write-ahead log into the database file and closes it.
    public func close() throws {
        try store.close()
    }

    /// Moves what of the write-ahead log nobody reads into the database file, and waits for nobody. To be called now and then.
    public func checkpoint() throws {
        try store.checkpoint()
    }

    /// EST's `cacerts`: of `link` the link CA's certificate, of `seal` the firms' issuing certificates and the root.
    public func authorities(_ label: CertificateLabel) -> [CertificateBytes] {
        switch label {
        case .link: [settings.link.certificate]
        case .seal: settings.firms.map(\.authority.certificate) + [settings.root]
        }
    }
}

extension Registry {
    /// Runs `body` in one transaction, and writes down what came of it.
    ///
    /// - Parameter body: gives its result and what the audit table says of it.
    func perform<Value>(
        _ action: AuditAction, on gatewayID: GatewayID?, by requester: Requester, nowSeconds: Int64,
        _ body: (RegistryTransaction) throws -> (Value, detail: String)
    ) throws -> Value {
        try store.write { transaction in
            try attempt(action, on: gatewayID, by: requester, nowSeconds: nowSeconds, in: transaction) { try body(transaction) }
        }.get()
    }

    /// Runs `body` within a transaction. A refusal undoes what it did, is written down, and the transaction goes on.
    func attempt<Value>(
        _ action: AuditAction, on gatewayID: GatewayID?, by requester: Requester, nowSeconds: Int64, in transaction: RegistryTransaction,
        _ body: () throws -> (Value, detail: String)
    ) throws -> Result<Value, RegistryError> {
        do {
            let (value, detail) = try transaction.savepoint(body)
            try transaction.audit(action, on: gatewayID, detail, by: requester, nowSeconds: nowSeconds)
            return .success(value)
        } catch let error as RegistryError where error.isRefusal {
            try refuse(error, action, on: gatewayID, by: requester, nowSeconds: nowSeconds, in: transaction)
            return .failure(error)
        }
    }

    /// Writes a refusal down. Of what gateways and strangers ask for, no more than the limit of an hour is: the table never shrinks.
    func refuse(
        _ error: RegistryError, _ action: AuditAction, on gatewayID: GatewayID?, by requester: Requester, nowSeconds: Int64,
        in transaction: RegistryTransaction
    ) throws {
        var (detail, gatewayID) = (error.message, gatewayID)
        if action == .enrol || action == .renew {
            // Whoever has a firm's code thinks of names without end: one that is not registered counts as a stranger's.
            if let name = gatewayID, try transaction.device(name) == nil { (detail, gatewayID) = ("\(name): \(detail)", nil) }
            let limit = gatewayID == nil ? Self.strangersRefusalLimit : Self.deviceRefusalLimit
            // An hour to both sides: a clock that is set back by less frees nothing, and what one far ahead wrote locks nothing.
            let count = try transaction.refusalCount(of: gatewayID, in: (nowSeconds - 3_599)...(nowSeconds + Self.clockSlackSeconds), limit: limit)
            guard count < limit else { return }
            if count == limit - 1 { detail += "; as many in an hour as are written down: the next ones are not" }
        }
        try transaction.audit(
            action, on: gatewayID, outcome: error.code.rawValue, detail, by: requester, nowSeconds: nowSeconds)
    }

    /// By how much a clock may have been set back before what was written ahead of it no longer counts.
    static let clockSlackSeconds: Int64 = 3_600
    /// Refusals of one device that are written down in an hour: more than any policy's tries.
    static let deviceRefusalLimit = 60
    /// Refusals of names and certificates that are not known, in an hour: 5 million rows a year at worst.
    static let strangersRefusalLimit = 600
}

extension RegistryError {
    /// Whether it is about what was asked for, and not about the store or a token.
    var isRefusal: Bool {
        switch code {
        case .storeBusy, .storeFailed, .damagedStore, .keyAway, .allianceAway, .allianceRefused, .listBehind: false
        default: true
        }
    }
}
