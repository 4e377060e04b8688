internal import AttestationFormat
internal import SealToken

/// The process that owns a token for `harborseal`: a PKCS#11 library waits, crashes or ends its process there, and nowhere else.
public enum TokenHelperProgram {
    /// The hidden subcommand that runs it.
    public static let word = "token-helper"

    /// Serves its parent until that goes. `false` when nobody spawned it as a helper.
    public static func run() -> Bool {
        // A command of ours has no errand but to find, make and use a key.
        TokenHelper.run { _, _ in TokenAnswer(code: 1) }
    }
}
