import AttestationFormat
import SmallFiles
import Testing

@testable import SealToken

/// Every way in which a token can fail, as `status`, `doctor` and the commands say it.
@Suite("what is said of a token")
struct TokenErrorTests {
    private static let user = "\(SmallFile.effectiveUser)"

    private static let table: [(code: TokenError.Code, happened: String, step: String, isOfPIN: Bool)] = [
        (.libraryMissing, "the PKCS#11 library cannot be loaded", "install its package", false),
        (.moduleNotFound, "no PKCS#11 library of this name", "give module-path instead", false), (.notModule, "is no PKCS#11 module", "name the module that came with", false),
        (.moduleFailed, "does not start", "that user \(user) may open it", false), (.noToken, "no token fits [seal] key", "token list shows what is there", false),
        (.severalTokens(count: 3), "3 tokens fit", "add serial= or slot-id=", false), (.absent, "not there any more", "insert it again; nothing is lost", false),
        (.noPINSource, "wants a PIN", "pin-source=file:PATH (behind a ? already there: &)", true), (.pinFile(FileError(.open, "/pin")), "cannot be read", "readable for user \(user) alone", true),
        (.pinFileOpen, "is not this user's alone", "chown it to user \(user)", true), (.pinNotSet, "no PIN", "the variable that pin-source names", true),
        (.pinMalformed, "no usable PIN", "1 to 128 printable characters", true), (.pinWrong, "refused the PIN", "then restart harborseal-agent", true),
        (.pinLastTry, "so it was not tried", "harborseal-agent token login", true), (.pinLocked, "locked after too many wrong PINs", "--init-pin", true),
        (.pinUnusable, "is not set or has expired", "--init-pin", true), (.keyMissing, "no private key fits", "harborseal-agent token make-key", false),
        (.severalKeys(count: 2), "2 private keys fit", "add object= or id=", false), (.keyNotP256, "not on curve P-256", "under another name", false),
        (.keyExists, "is there already", "another value for a new one", false), (.keyCanLeave, "whose bytes can leave it", "use a token that keeps keys", false),
        (.keyNameless, "has no name", "object=seal", false), (.noPublicKey, "no public key with the same id", "import the public part", false),
        (.signatureNotVerified, "was thrown away", "that both keys of this name are one pair", false), (.readOnly, "write-protected", "that can be written", false),
        (.full, "has no room", "remove what it no longer needs", false), (.unable, "does not do ECDSA on P-256", "use a token and a key that do", false),
        (.failed, "the token or its module failed", "check the device", false), (.helperNotStarted(errno: 12), "cannot be started (error 12)", "free memory or processes", false),
        (.helperEnded, "the token's library ended its helper process", "look for a newer library", false), (.helperLate, "did not answer in time", "check the device", false),
        (.otherKey, "is not the one of the seal certificate", "put the certificate of this very key there", false),
    ]

    @Test("each failure has words and one step, and is of the PIN or not", arguments: table.indices)
    func words(index: Int) {
        let row = Self.table[index]
        let error = TokenError(row.code, at: "token \"gw-1\" in slot 7", "detail")
        #expect(error.happened.contains(row.happened) && error.happened.hasSuffix(" (detail)"), "\(error.happened)")
        #expect(error.step.contains(row.step) && !error.step.hasSuffix("."), "\(error.step)")
        #expect(error.message == "token \"gw-1\" in slot 7: \(error.happened): \(error.step)")
        #expect(error.concernsPIN == row.isOfPIN)
        #expect(!error.message.contains("^") && !error.message.contains("@") && !error.message.contains("|"), "\(error.message)")
    }

    @Test("what a helper reported is said in its words alone, and keeps its kind", arguments: [TokenError.Kind.other, .pin, .needsPerson, .keyMissing])
    func reported(kind: TokenError.Kind) {
        let error = TokenError(kind, reporting: Array("slot 1: it is so|do that".utf8))
        #expect(error.message == "slot 1: it is so: do that" && error.kind == kind)
        #expect(error.concernsPIN == (kind == .pin || kind == .needsPerson) && error.needsPerson == (kind == .needsPerson))
    }

    @Test("what a helper reports has its step apart, whatever its words are", arguments: table.indices)
    func parts(index: Int) {
        let error = TokenError(Self.table[index].code, at: "token \"a|b\" in slot 7", "x|y")
        let reported = TokenError(error.kind, reporting: Array(error.report.utf8))
        #expect(reported.message == error.message && reported.told == error.told && reported.step == error.step && !reported.step.isEmpty)
    }

    @Test("no control character of a token's own words reaches a line", arguments: [
        ("gw-1", "gw-1"), ("a\u{1b}[31mb\nc", "a?[31mb?c"), ("\u{7f}\u{0}", "??"), ("é\u{85}\u{9b}2J©Â", "é????2J©Â"), ("\u{80}\u{9f}\u{a0}", "????\u{a0}"), ("", ""),
    ])
    func strangers(text: String, shown: String) {
        #expect(UTF8Text.ofStranger(text).string == shown)
    }

    @Test("what is tried again by itself wants nobody's step", arguments: [TokenError.Code.sessionLost, .noMemory])
    func byItself(code: TokenError.Code) {
        let error = TokenError(code, at: "")
        #expect(error.step.isEmpty && error.message == error.happened && !error.message.isEmpty)
        let reported = TokenError(.other, reporting: Array(error.report.utf8))
        #expect(reported.step.isEmpty && reported.message == error.message)
    }
}
