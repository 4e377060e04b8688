internal import AllianceTrust
internal import SealToken

/// What the agent says of a token, for those who have no agent.conf and perhaps no agent.
enum TokenWords {
    /// The agent's words and ours, in the order in which they are looked for.
    private static let pairs = [
        ("[seal] key", "the key's URI"),
        ("make it with harborseal-agent token make-key", "make it with --make-key of alliance init or add-firm, or with pkcs11-tool --keypairgen --key-type EC:prime256v1"),
        ("harborseal-agent token make-key", "pkcs11-tool --keypairgen --key-type EC:prime256v1"),
        ("harborseal-agent token list", "pkcs11-tool -L -O"),
        ("harborseal-agent token login", "pkcs11-tool --login -O"),
        ("then restart harborseal-agent", "then try again, or restart the registry"),
        ("a running agent", "a running registry"),
        ("the seal certificate", "the certificate"),
        ("object=seal", "object=issuing"),
    ]

    static func text(_ agents: String) -> String {
        pairs.reduce(agents) { $0.replacing($1.0, with: $1.1) }
    }

    static func error(_ error: TokenError) -> TrustError {
        let code: TrustError.Code = error.concernsPIN ? .tokenPIN : .token
        let step = error.step
        return TrustError(code, text(error.told), nextStep: step.isEmpty ? nil : text(step))
    }
}
