public import AllianceTrust
public import AttestationFormat

/// Makes the statements that tell the ledgers of registrations and revocations (wire-format.md, section 5), signed by the firm's issuing key.
public protocol LedgerStatementMaker: Sendable {
    /// `vnd.harborseal.registration`: the seal certificate in DER as the payload, the device's issuer URI as the subject.
    func registration(
        certificate: [UInt8], of gateway: GatewayName, issuedSeconds: Int64, signer: AllianceSigningKey
    ) throws -> [UInt8]
    /// `vnd.harborseal.revocation`: the revocation list in DER as the payload, `hs:<alliance>/<firm>/revocations` as the subject.
    func revocation(list: [UInt8], firm: Name, alliance: Name, issuedSeconds: Int64, signer: AllianceSigningKey) throws -> [UInt8]
}

/// What a ledger statement tells.
public enum StatementKind: String, Sendable {
    case registration
    case revocation
}

/// How far a statement has come with one node.
public enum DeliveryState: String, Sendable, CaseIterable {
    /// To be sent, or sent without an answer that counts.
    case due
    /// The node has it; its receipt is kept.
    case accepted
    /// The node will not take it; a person has to look at it.
    case refused
    /// The node has left the alliance.
    case withdrawn
    /// A revocation list that is behind one which the node has already of the same issuer.
    case superseded
}

/// A ledger statement for one node.
public struct StatementDelivery: Equatable, Sendable {
    /// Names the statement in ``Registry/record(_:of:to:nowSeconds:)``.
    public let statementID: Int64
    public let kind: StatementKind
    public let firm: Name
    /// The device that it is about.
    public let gatewayID: GatewayID
    public let node: Name
    public let state: DeliveryState
    /// COSE_Sign1, the body of `POST /entries`.
    public let statement: [UInt8]
    public let madeSeconds: Int64
    /// Times that it was sent.
    public let tries: Int
    /// Not to be sent before this second.
    public let nextTrySeconds: Int64
    /// The node's receipt, as received and not verified.
    public let receipt: [UInt8]?
    /// What the node, or the way to it, said last when it was no receipt.
    public let answer: String?
}

/// What came of sending a statement.
public enum DeliveryResult: Equatable, Sendable {
    /// 201, 200 or 303: the node has it.
    ///
    /// - Parameter entry: the statement that the receipt is for, where the node had the same certificate or list in another one; nil: the one sent.
    case accepted(receipt: [UInt8], entry: [UInt8]? = nil)
    /// 4xx but 408, 409 and 429, again and again: repeating will not help.
    case refused(String)
    /// No answer, 5xx, 408: sent again later, after twice the pause each time, from 10 s up to an hour.
    case failed(String)
    /// 429: the node is there, and takes it later; counts as no try.
    case postponed(String, seconds: Int64)
    /// 409: the node has a list that is not older than this one.
    case stale(String)
}
