import AttestationFormat

/// A refusal of wire-format.md, section 6, before it is a reply.
struct BatchRefusal: Error, Sendable {
    let code: Refusal.Code
    /// For the operator of the gateway.
    let text: String
    /// The first sequence of the batch, 0 where it could not be read.
    var first: UInt64 = 0
    /// The statement that a conflict contradicts.
    var conflicting: Statement?
}

extension NodeMetrics.Counter {
    init(_ code: Refusal.Code) {
        self =
            switch code {
            case .unknownGateway: .unknownGateway
            case .certificateNotValid: .certificateNotValid
            case .revoked: .revoked
            case .badSignature: .badSignature
            case .badChain: .badChain
            case .conflict: .conflictRefused
            case .tooLarge: .tooLarge
            case .rateLimited: .rateLimited
            default: .malformed
            }
    }
}
