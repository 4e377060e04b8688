internal import AgentConfiguration
internal import AttestationFormat
internal import CPosixShims
internal import SealToken
internal import SmallFiles

extension FileChecks {
    /// The key in a token, as far as it shows without the PIN: trying a wrong one again and again would lock it. Returns the public part if
    /// it is seen.
    mutating func token(_ uri: TokenURI) -> PublicKey? {
        if case .file(let path)? = uri.pinSource { _ = isPrivate("pin", path, endsRun: false) }
        guard looksAtToken else { return nil }
        do throws(TokenError) {
            let answer = try TokenErrand.examine.answer(about: uri)
            findings.add(lines: answer.output)
            return PublicKey(uncompressedPoint: answer.notes)
        } catch {
            findings.add(error)
            return nil
        }
    }
}

extension Findings {
    /// What is seen of a token: in its helper.
    mutating func addToken(_ uri: TokenURI) -> PublicKey? {
        let look: TokenLook
        do throws(TokenError) {
            look = try TokenLook(uri, login: .never)
        } catch {
            add(error)
            return nil
        }
        guard let slot = look.slot, look.trouble == nil else {
            if let trouble = look.trouble { add(trouble) }
            return nil
        }
        if let trouble = look.pinTrouble(uri) { add(trouble) }
        let keys = look.keys(of: uri)
        if keys.isEmpty {
            add(
                .warning, "key", slot.words, "shows no public key that fits [seal] key",
                advice: "harborseal-agent token list says more, since it logs in; token make-key makes a key")
        } else if keys.count > 1 {
            add(TokenError(.severalKeys(count: keys.count), at: slot.words))
        } else if let key = keys.first {
            guard key.isP256 else {
                add(TokenError(.keyNotP256, at: slot.words))
                return nil
            }
            ok("key", slot.words, "has the key \"\(key.label.string)\"; the PIN was not tried: harborseal-agent token login does")
            return key.publicKey
        }
        return nil
    }

    fileprivate mutating func add(_ error: TokenError) {
        add(.problem, "key", error.place, error.happened, advice: error.step)
    }
}
