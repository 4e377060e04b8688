internal import AttestationFormat
internal import DeviceCrypto
internal import MerkleTree
internal import SealToken

extension TokenLook {
    /// A line a slot, the keys of the token that is meant below it.
    var text: [UInt8] {
        var out: [UInt8] = []
        func line(_ text: String) {
            out.append(contentsOf: text.utf8)
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

    var json: [UInt8] {
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
