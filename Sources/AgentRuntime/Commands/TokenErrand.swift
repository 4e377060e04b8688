internal import AttestationFormat
internal import DeviceCrypto
internal import MerkleTree
internal import SealToken

/// What a command has a token's helper do: the library's code runs in no other process.
enum TokenErrand: UInt8 {
    case list, makeKey, logIn
    /// What `doctor` and `check-config` look at: findings, and the key that was seen.
    case examine

    init?(_ verb: UTF8Text) {
        switch verb {
        case "list": self = .list
        case "make-key": self = .makeKey
        case "login": self = .logIn
        default: return nil
        }
    }

    func answer(about uri: TokenURI, asJSON: Bool = false) throws(TokenError) -> TokenAnswer {
        try TokenSession.answer(to: rawValue << 1 | (asJSON ? 1 : 0), about: uri)
    }

    // MARK: - In the helper

    static func perform(_ number: UInt8, _ uri: TokenURI) -> TokenAnswer {
        do throws(TokenError) {
            return try (TokenErrand(rawValue: number >> 1) ?? .examine).done(uri, asJSON: number & 1 == 1)
        } catch {
            return TokenAnswer(notes: Array(error.message.utf8), code: UInt8(error.exitCode.rawValue))
        }
    }

    private func done(_ uri: TokenURI, asJSON: Bool) throws(TokenError) -> TokenAnswer {
        switch self {
        case .list: return try list(uri, asJSON: asJSON)
        case .makeKey:
            let key = try TokenKey.make(uri)
            // A key that cannot sign is found out here, not at the first batch.
            _ = try key.sign([1])
            return Self.report(key, "made, and signs", asJSON: asJSON)
        case .logIn: return Self.report(try TokenKey(uri, isTriedAnyway: true), "the PIN is right", asJSON: asJSON)
        case .examine:
            var findings = Findings()
            let key = findings.addToken(uri)
            return TokenAnswer(output: findings.lines, notes: key?.uncompressedPoint ?? [])
        }
    }

    private func list(_ uri: TokenURI, asJSON: Bool) throws(TokenError) -> TokenAnswer {
        let look = try TokenLook(uri, login: .ifSafe)
        guard let trouble = look.trouble else { return TokenAnswer(output: asJSON ? look.json : look.text) }
        return TokenAnswer(
            output: asJSON ? look.json : look.text, notes: asJSON ? [] : Array(trouble.message.utf8), code: UInt8(trouble.exitCode.rawValue))
    }

    private static func report(_ key: TokenKey, _ what: String, asJSON: Bool) -> TokenAnswer {
        let keyID = TokenURI.hexadecimal(key.publicKey.keyID(using: SHA256.self).bytes)
        let pem = key.publicKey.pem
        guard asJSON else { return TokenAnswer(output: Array("\(key.place): \(what); key id \(keyID.string)\n".utf8) + pem.bytes) }
        var out: [UInt8] = []
        out.append("{\"token\":")
        out.appendJSON(text: key.slot.label.string)
        out.append(",\"slot\":")
        out.append(contentsOf: "\(key.slot.id)".utf8)
        out.append(",\"key-id\":")
        out.appendJSON(text: keyID.string)
        out.append(",\"public-key\":")
        out.appendJSON(text: pem.string)
        out.append("}\n")
        return TokenAnswer(output: out)
    }
}
