internal import AgentConfiguration
internal import AttestationFormat
internal import ConfigurationFile
internal import DeviceCrypto
internal import MerkleTree
internal import SealToken

/// `token list|make-key|login`: a PKCS#11 token as the agent sees it.
enum TokenCommand {
    static func run(_ arguments: Arguments) -> ExitCode {
        guard let verb = arguments.operands.first else { return AgentProgram.usage("token needs a verb: list, make-key or login") }
        guard arguments.operands.count <= 2 else { return AgentProgram.usage("token \(verb.string) takes one URI") }
        let uri: TokenURI
        do throws(SetupError) {
            uri = try self.uri(arguments)
        } catch {
            Output.complain(error.text)
            return error.code
        }
        do throws(TokenError) {
            switch verb {
            case "list": return try list(uri, arguments)
            case "make-key": return try makeKey(uri, arguments)
            case "login": return try logIn(uri, arguments)
            default: return AgentProgram.usage("unknown verb \(verb.string) of token")
            }
        } catch {
            Output.complain(error.message)
            return error.exitCode
        }
    }

    /// The URI of the command line, or the configuration's.
    private static func uri(_ arguments: Arguments) throws(SetupError) -> TokenURI {
        if arguments.operands.count == 2 {
            do throws(TokenURIError) {
                return try TokenURI(arguments.operands[1])
            } catch {
                throw SetupError(.configuration, "this is no usable pkcs11 URI: \(error.reason.string)")
            }
        }
        let configuration: AgentConfiguration
        do throws(ConfigurationProblems) {
            configuration = try arguments.configuration()
        } catch {
            throw SetupError(error.exitCode, error.message.string)
        }
        guard let uri = configuration.seal.key.uri else {
            throw SetupError(.configuration, "[seal] key is a file, not a token: give a URI, for example 'pkcs11:?module-name=tpm2_pkcs11'")
        }
        return uri
    }

    // MARK: - Verbs

    private static func list(_ uri: TokenURI, _ arguments: Arguments) throws(TokenError) -> ExitCode {
        let look = try TokenLook(uri, login: .ifSafe)
        Output.write(arguments.wantsJSON ? look.json : look.text)
        guard let trouble = look.trouble else { return .success }
        if !arguments.wantsJSON { Output.complain(trouble.message) }
        return trouble.exitCode
    }

    private static func makeKey(_ uri: TokenURI, _ arguments: Arguments) throws(TokenError) -> ExitCode {
        let key = try TokenKey.make(uri)
        // A key that cannot sign is found out here, not at the first batch.
        _ = try key.sign([1])
        say(key, "made, and signs", arguments)
        return .success
    }

    private static func logIn(_ uri: TokenURI, _ arguments: Arguments) throws(TokenError) -> ExitCode {
        say(try TokenKey(uri, isTriedAnyway: true), "the PIN is right", arguments)
        return .success
    }

    private static func say(_ key: TokenKey, _ what: String, _ arguments: Arguments) {
        let keyID = TokenURI.hexadecimal(key.publicKey.keyID(using: SHA256.self).bytes)
        let pem = key.publicKey.pem
        guard arguments.wantsJSON else {
            Output.print("\(key.place): \(what); key id \(keyID.string)")
            return Output.write(pem.bytes)
        }
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
        Output.write(out)
    }
}

extension TokenError {
    /// What a command ends with.
    var exitCode: ExitCode {
        if concernsPIN { return .noPermission }
        return switch code {
        case .keyNameless: .configuration
        case .keyExists, .readOnly, .full: .cannotCreate
        case .failed, .signatureNotVerified, .sessionLost: .inputOutput
        case .noMemory: .system
        default: .noInput
        }
    }
}

// MARK: - What there is

extension TokenLook {
    /// A line a slot, the keys of the token that is meant below it.
    fileprivate var text: [UInt8] {
        var out: [UInt8] = []
        func line(_ text: String) {
            for byte in text.utf8 { out.append(byte < 0x20 || byte == 0x7F ? UInt8(ascii: " ") : byte) }
            out.append(UInt8(ascii: "\n"))
        }
        line(module.path.string)
        for slot in module.slots {
            guard slot.isInitialised else {
                line("  slot \(slot.id): \(slot.isPresent ? "a token that is not set up" : "empty"), \(slot.description.string)")
                continue
            }
            line("  slot \(slot.id): token \"\(slot.label.string)\", \(slot.manufacturer.string), \(slot.model.string), serial \(slot.serial.string)\(slot.warning)")
            guard slot === self.slot else { continue }
            for key in keys { line("    key \"\(key.label.string)\", id \(key.id.string): \(key.words)") }
            if keys.isEmpty { line("    no key is seen") }
            if slot.wantsPIN, !isLoggedIn { line("    private keys are hidden: no PIN was tried") }
        }
        if module.slots.isEmpty { line("  no slot") }
        return out
    }

    fileprivate var json: [UInt8] {
        var out: [UInt8] = []
        out.append("{\"module\":")
        out.appendJSON(text: module.path.string)
        out.append(",\"problem\":")
        if let trouble { out.appendJSON(text: trouble.message) } else { out.append("null") }
        out.append(",\"logged-in\":")
        out.append(flag: isLoggedIn)
        out.append(",\"slots\":[")
        for (index, slot) in module.slots.enumerated() {
            if index > 0 { out.append(",") }
            out.append(slot, isMeant: slot === self.slot)
        }
        out.append("],\"keys\":[")
        for (index, key) in keys.enumerated() {
            if index > 0 { out.append(",") }
            out.append(key)
        }
        out.append("]}\n")
        return out
    }
}

extension TokenModule.Slot {
    fileprivate var warning: String {
        if isLocked { return "; LOCKED" }
        if isLastTry { return "; one more wrong PIN locks it" }
        return hadWrongPIN ? "; a wrong PIN was given" : ""
    }
}

extension KeyInToken {
    fileprivate var words: String {
        guard isP256 else { return "not on P-256, so it cannot be the seal key" }
        let secrecy = canLeave.map { $0 ? "can leave the token" : "cannot leave the token" } ?? "public part"
        guard let publicKey else { return "P-256, \(secrecy), without a public key beside it" }
        return "P-256, \(secrecy), key id \(TokenURI.hexadecimal(publicKey.keyID(using: SHA256.self).bytes).string)"
    }
}

extension [UInt8] {
    fileprivate mutating func append(flag: Bool) { append(flag ? "true" : "false") }

    fileprivate mutating func append(name: StaticString, text: UTF8Text) {
        append(",")
        appendJSON(name)
        append(":")
        appendJSON(text: text.string)
    }

    fileprivate mutating func append(name: StaticString, flag: Bool) {
        append(",")
        appendJSON(name)
        append(":")
        append(flag: flag)
    }

    fileprivate mutating func append(_ slot: TokenModule.Slot, isMeant: Bool) {
        append("{\"slot\":")
        append(contentsOf: "\(slot.id)".utf8)
        append(name: "description", text: slot.description)
        append(name: "initialised", flag: slot.isInitialised)
        append(name: "token", text: slot.label)
        append(name: "manufacturer", text: slot.manufacturer)
        append(name: "model", text: slot.model)
        append(name: "serial", text: slot.serial)
        append(name: "wrong-pin-before", flag: slot.hadWrongPIN)
        append(name: "last-try", flag: slot.isLastTry)
        append(name: "locked", flag: slot.isLocked)
        append(name: "meant", flag: isMeant)
        append("}")
    }

    fileprivate mutating func append(_ key: KeyInToken) {
        append("{\"p256\":")
        append(flag: key.isP256)
        append(name: "label", text: key.label)
        append(name: "id", text: key.id)
        if let canLeave = key.canLeave { append(name: "can-leave", flag: canLeave) }
        if let publicKey = key.publicKey { append(name: "key-id", text: TokenURI.hexadecimal(publicKey.keyID(using: SHA256.self).bytes)) }
        append("}")
    }
}
