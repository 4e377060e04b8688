import AllianceTrust
import AttestationFormat
import GRDB
import MerkleTree

extension StoreComparer {
    /// Tables `devices` and `codes`.
    mutating func compareDevices() throws {
        var rest = facts.devices
        let rows = try transaction.rows(
            "SELECT devices.*, codes.*, \(RegistryTransaction.settledState) AS settled FROM devices LEFT JOIN codes ON codes.device = devices.id ORDER BY id")
        for (index, row) in rows.enumerated() {
            let name = AuditedFacts.DeviceName(gatewayID: row["gateway"], generation: row["generation"])
            names[row["id"]] = name
            let words = Self.words(name)
            guard let told = rest.removeValue(forKey: name) else {
                comparison.note(nil, "the store has \(words), and no row tells of it")
                continue
            }
            let isInOrder = index < facts.deviceOrder.count && facts.deviceOrder[index] == name && row["id"] == Int64(index + 1)
            if !isInOrder { comparison.note(told.row, "it tells of \(words), which has the place \(row["id"] as Int64) in the store, not its own") }
            compare(row, told, words)
            try compareCode(row, told, words, gateway: name.gatewayID)
            compareRevocation(row, told.revocation, words)
        }
        for (name, told) in rest { comparison.note(told.row, "it tells of \(Self.words(name)), which the store does not have") }
        compareSuccessors(rows)
        try compareKeys()
    }

    static func words(_ name: AuditedFacts.DeviceName) -> String { "\(name.gatewayID), device \(name.generation)" }

    private mutating func compare(_ row: Row, _ told: AuditedFacts.Device, _ words: String) {
        let firm = String(words.prefix { $0 != "." })
        if row["firm"] != firm { comparison.note(told.row, "it tells of \(words), whose firm in the store is \(row["firm"] as String)") }
        if row["state"] != (row["settled"] as String) {
            comparison.note(told.row, "it tells of \(words), whose state in the store is \(row["state"] as String) and must be \(row["settled"] as String)")
        }
        comparison.compare(row["added"] as Int64, told.addedSeconds, told.row, "the time at which \(words) was added")
        comparison.compare(row["added_by"] as String, told.addedBy, told.row, "who added \(words)")
        if let note = told.note { comparison.compare(row["note"] as String, note, told.row, "the note of \(words)") }
    }

    private mutating func compareCode(_ row: Row, _ device: AuditedFacts.Device, _ words: String, gateway: String) throws {
        guard let told = device.code else {
            if (row["device"] as Int64?) != nil { comparison.note(device.row, "it tells of \(words) of the firm's own registry, which has a code in the store") }
            return
        }
        guard (row["device"] as Int64?) != nil else { return comparison.note(told.row, "it tells of a code of \(words), which the store does not have") }
        let what = "of the code of \(words)"
        comparison.compare(row["made"] as Int64, told.madeSeconds, told.row, "the time \(what)")
        comparison.compare(UTCText.text(seconds: row["expires"] as Int64), told.words.expires, told.row, "the end \(what)")
        comparison.compare(row["asked_by"] as String, told.askedBy, told.row, "the one who asked \(what)")
        if let mark = told.words.mark { comparison.compare(try RegistryTransaction.digest(row["hash"]).auditMark, mark, told.row, "the mark \(what)") }
        if let needs = told.words.needsApproval { comparison.compare(row["needs_approval"] as Int64, needs ? 1 : 0, told.row, "whether a second person is asked \(what)") }
        comparison.compare(row["approved_by"] as String?, told.approval?.by, told.approval?.row ?? told.row, "the approval \(what)")
        for label in CertificateLabel.allCases {
            let use = told.uses[label]
            let stored = row.bytes(label == .seal ? "seal_key" : "link_key").map { Self.hex($0) }
            guard let use else {
                comparison.compare(stored, nil, told.row, "the \(label.rawValue) key \(what)")
                continue
            }
            if let keyID = use.keyID { comparison.compare(stored, keyID, use.row, "the \(label.rawValue) key \(what)") }
        }
        let tries: Int64 = row["tries_left"]
        if !(0...50).contains(tries) { comparison.note(told.row, "it tells of a code of \(words), which has \(tries) tries left in the store") }
    }

    private mutating func compareRevocation(_ row: Row, _ told: AuditedFacts.Revocation?, _ words: String) {
        let since = (row["revoked_since"] as Int64?).map { UTCText.text(seconds: $0) }
        guard let told else {
            guard since != nil || (row["revoked"] as Int64?) != nil || (row["reason"] as String?) != nil else { return }
            return comparison.note(nil, "\(words) is revoked in the store\(since.map { " since \($0)" } ?? ""), and no row says so")
        }
        comparison.revocationCount += 1
        comparison.compare(since, told.since, told.row, "since when \(words) is revoked")
        comparison.compare(row["revoked"] as Int64?, told.firstSeconds, told.row, "the time at which \(words) was revoked")
        let reason: String? = row["reason"]
        // Behind the reason stands what was left open.
        guard let reason, told.reason == reason || told.reason.hasPrefix("\(reason); open: ") else {
            return comparison.compare(reason, told.reason, told.row, "the reason of the revocation of \(words)")
        }
    }

    /// `replaced_by` names the next device of the name.
    private mutating func compareSuccessors(_ rows: [Row]) {
        let places = Dictionary(names.map { ($1, $0) }) { first, _ in first }
        for row in rows {
            guard let name = names[row["id"]] else { continue }
            let next = AuditedFacts.DeviceName(gatewayID: name.gatewayID, generation: name.generation + 1)
            let told = facts.devices[next]
            let stored: Int64? = row["replaced_by"]
            guard stored != told.flatMap({ _ in places[next] }) else { continue }
            comparison.note(told?.row, "\(Self.words(name)) is replaced by \(stored.map { "device number \($0) of the store" } ?? "none") in the store, and not by the next of its name")
        }
    }

    /// Table `keys`: each key of a certificate with its role, and no other.
    private mutating func compareKeys() throws {
        let strange = try transaction.rows(
            """
            SELECT key_id FROM keys EXCEPT SELECT key_id FROM certificates UNION
            SELECT key_id FROM certificates WHERE NOT EXISTS (SELECT 1 FROM keys
                WHERE keys.key_id = certificates.key_id AND keys.device = certificates.device AND keys.label = certificates.label)
            """)
        for row in strange { comparison.note(nil, "the key \(Self.hex(row.bytes("key_id") ?? [])) has no certificate in the store, or another role than its certificates") }
    }
}
