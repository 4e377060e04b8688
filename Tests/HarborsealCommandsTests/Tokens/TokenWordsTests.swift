import AllianceTrust
import SealToken
import Testing

@testable import AllianceTokens

@Suite("words about a token, for those without an agent") struct TokenWordsTests {
    @Test(
        "no step of theirs is one that only a gateway can take",
        arguments: [
            .libraryMissing, .moduleNotFound, .notModule, .moduleFailed, .noToken, .severalTokens(count: 2), .absent, .noPINSource, .pinFileOpen, .pinNotSet,
            .pinMalformed, .pinWrong, .pinLastTry, .pinLocked, .pinUnusable, .keyMissing, .severalKeys(count: 2), .keyNotP256, .keyExists, .keyCanLeave,
            .keyNameless, .noPublicKey, .signatureNotVerified, .sessionLost, .readOnly, .full, .unable, .noMemory, .failed, .helperNotStarted(errno: 11),
            .helperEnded, .helperLate, .otherKey,
        ] as [TokenError.Code])
    func words(_ code: TokenError.Code) {
        let error = TokenError(code, at: "token \"root\" in slot 7", "detail")
        let said = TokenWords.error(error)
        // As a helper says it.
        let reported = TokenWords.error(TokenError(.reported(error.kind), at: error.told, error.step))
        #expect(reported == said)
        for text in [said.message, said.nextStep ?? ""] {
            for word in ["harborseal-agent", "[seal]", "seal certificate"] { #expect(!text.contains(word), "\(text)") }
        }
        #expect(said.message.hasPrefix("token \"root\" in slot 7: "))
        #expect(said.code == (error.concernsPIN ? .tokenPIN : .token))
    }
}
