import AllianceTrust
import AttestationFormat
import GRDB
import MerkleTree

extension StoreComparer {
    /// Table `lists`, and what certificates say of their revocation.
    mutating func compareLists() throws {
        var seen: Set<Digest> = []
        for row in try transaction.rows("SELECT * FROM lists") {
            let keyID = try RegistryTransaction.digest(row["issuer"])
            seen.insert(keyID)
            guard let list = try? UnverifiedRevocationList(der: row.bytes("der") ?? []) else {
                comparison.note(nil, "the revocation list of the key \(Self.hex(keyID)) cannot be read in the store")
                continue
            }
            compare(row, list, keyID)
            compareEntries(list, keyID)
        }
        // What the alliance's registry lists is compared with what it was told.
        for keyID in revoked.keys where !seen.contains(keyID) && !registry.issuers.isAlliances(keyID) { comparison.note(nil, "certificates of the key \(Self.hex(keyID)) are revoked in the store, which has no list of it") }
        for told in facts.lists {
            guard let key = told.keyID, !seen.contains(where: { Self.hex($0) == key }) else { continue }
            comparison.note(told.row, "it tells of a list by the key \(key), which the store does not have")
        }
    }

    private mutating func compare(_ row: Row, _ list: UnverifiedRevocationList, _ keyID: Digest) {
        let (number, key) = (row["number"] as Int64, Self.hex(keyID))
        let owner = registry.issuers.all[keyID].map { $0.firm.map { "firm \($0)" } ?? "the link CA" }
        let same = facts.lists.filter { $0.keyID == key || ($0.keyID == nil && (owner == nil || $0.owner == owner)) }
        guard let told = same.last(where: { $0.number == number }) else {
            return comparison.note(nil, "the store has list \(number) of the key \(key), and no row tells of it")
        }
        let what = "of list \(number) of \(told.owner)"
        if let newer = same.last(where: { $0.keyID == key && $0.number > number }) {
            comparison.note(newer.row, "it tells of list \(newer.number) of \(newer.owner), and the store has \(number), which is older")
        }
        if let owner { comparison.compare(owner, told.owner, told.row, "the issuer \(what)") }
        comparison.compare(row["made"] as Int64, told.atSeconds, told.row, "the time \(what)")
        comparison.compare(UTCText.text(seconds: row["next"] as Int64), told.until, told.row, "the end \(what)")
        comparison.compare(list.entries.count, told.count, told.row, "how many are revoked by the bytes \(what)")
        comparison.compare(list.number?.value, number, told.row, "the number, as it says itself, \(what)")
        comparison.compare(list.nextUpdateSeconds, row["next"] as Int64, told.row, "the end, as it says itself, \(what)")
        if let known = registry.issuers.all[keyID] {
            if !known.authority.hasSigned(list) { comparison.note(told.row, "it tells of a list which its issuing key did not sign in the store: the bytes \(what)") }
        } else if registry.issuers.all.values.contains(where: { $0.authority.hasSigned(list) }) {
            comparison.note(told.row, "it tells of a list whose issuing key in the store is another than its own: \(what)")
        } else {
            comparison.unverifiedCount += 1
        }
    }

    private mutating func compareEntries(_ list: UnverifiedRevocationList, _ keyID: Digest) {
        var rest = revoked[keyID] ?? [:]
        for entry in list.entries {
            let serial = Self.hex(entry.serialNumber)
            guard let stored = rest.removeValue(forKey: serial) else {
                comparison.note(nil, "the certificate \(serial) is on the list of its issuing key since \(UTCText.text(seconds: entry.sinceSeconds)), and is not revoked in the store")
                continue
            }
            // A list from when the CA's key was here is not made anew: what is moved back since, the alliance's registry has.
            guard stored.since != entry.sinceSeconds || stored.revoked != entry.revokedSeconds, !registry.issuers.isAlliances(keyID) else { continue }
            comparison.note(
                nil, "the certificate \(serial) is revoked since \(UTCText.text(seconds: entry.sinceSeconds)) by its list, of \(UTCText.text(seconds: entry.revokedSeconds)), "
                    + "and in the store since \(UTCText.text(seconds: stored.since)), of \(UTCText.text(seconds: stored.revoked))")
        }
        guard !registry.issuers.isAlliances(keyID) else { return }
        for (serial, stored) in rest where !(stored.mayHaveLeft && stored.endsSeconds < list.thisUpdateSeconds) {
            comparison.note(nil, "the certificate \(serial) is revoked in the store, and not on the list of its issuing key")
        }
    }
}
