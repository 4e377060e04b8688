import AllianceTrust
import AttestationFormat
import GRDB
import MerkleTree

extension StoreComparer {
    /// Statements that are read at once: a list has up to 64 KiB.
    private static let pageCount = 100

    /// Tables `statements` and `deliveries`.
    mutating func compareStatements() throws {
        var unregistered = seals.filter { !$0.value.isByHand }
        var told: [String: Set<Int64>] = [:]
        var place: Int64 = 0
        while true {
            let page = try transaction.rows("SELECT * FROM statements ORDER BY id LIMIT ? OFFSET ?", [Self.pageCount, place])
            for row in page {
                place += 1
                if row["id"] != place { comparison.note(nil, "statement \(row["id"] as Int64) stands in the place of \(place)") }
                guard let statement = signed(row) else { continue }
                switch statement.header.kind {
                case .registration: compareRegistration(statement, row, &unregistered)
                case .revocation: compareRevocation(statement, row, &told)
                }
                try compareDeliveries(of: statement, row)
            }
            guard page.count == Self.pageCount else { break }
        }
        for (serial, seal) in unregistered { comparison.note(seal.row, "it tells of the seal certificate \(serial), and no statement tells the ledgers") }
        for (serial, seal) in seals {
            guard let since = seal.revokedSinceSeconds, told[serial]?.contains(since) != true else { continue }
            comparison.note(seal.row, "it tells of the seal certificate \(serial), and no statement tells the ledgers that it is revoked since \(UTCText.text(seconds: since))")
        }
        for (delivery, fact) in facts.deliveries where delivery.statementID > place {
            comparison.note(fact.row, "it tells of statement \(delivery.statementID), which the store does not have")
        }
        try compareOthers()
    }

    /// nil: none that an issuing key signed; noted.
    private mutating func signed(_ row: Row) -> RegistrationStatement? {
        let id: Int64 = row["id"]
        guard let statement = try? RegistrationStatement(parsing: row.bytes("bytes") ?? []), let issuer = registry.issuers.all[statement.header.keyID],
            let verifier = CryptoVerifier(publicKey: issuer.authority.key.publicKey), statement.isSignatureValid(using: verifier)
        else {
            comparison.note(nil, "statement \(id) is none that an issuing key of this registry signed")
            return nil
        }
        let kind: StatementKind = statement.header.kind == .registration ? .registration : .revocation
        if row["kind"] != kind.rawValue { comparison.note(nil, "statement \(id) is a \(kind.rawValue), and the store says \(row["kind"] as String)") }
        if Int64(clamping: statement.header.issuedAtSeconds) != row["made"] {
            comparison.note(nil, "statement \(id) was made at \(UTCText.text(seconds: Int64(clamping: statement.header.issuedAtSeconds))), and the store says another time")
        }
        return statement
    }

    private mutating func compareRegistration(_ statement: RegistrationStatement, _ row: Row, _ rest: inout [String: Seal]) {
        let id: Int64 = row["id"]
        guard let certificate = CertificateFacts(der: statement.payload), let seal = rest.removeValue(forKey: Self.hex(certificate.serialNumber)) else {
            return comparison.note(nil, "statement \(id) tells the ledgers of a certificate that the store does not have, or that another one tells of")
        }
        if seal.device != row["device"] { comparison.note(seal.row, "it tells of a certificate whose statement \(id) has another device in the store") }
        if seal.issuer != statement.header.keyID { comparison.note(seal.row, "it tells of a certificate whose statement \(id) another issuing key signed than the store names") }
        if seal.issuedSeconds != row["made"] { comparison.note(seal.row, "it tells of a certificate whose statement \(id) was made at another time") }
    }

    private mutating func compareRevocation(_ statement: RegistrationStatement, _ row: Row, _ told: inout [String: Set<Int64>]) {
        for entry in (try? UnverifiedRevocationList(der: statement.payload))?.entries ?? [] { told[Self.hex(entry.serialNumber), default: []].insert(entry.sinceSeconds) }
        let name = names[row["device"]]
        guard let name, facts.revocationMoments[AuditedFacts.Moment(gatewayID: name.gatewayID, atSeconds: row["made"])] != nil else {
            return comparison.note(nil, "statement \(row["id"] as Int64) tells of a revocation of \(name?.gatewayID ?? "no device"), and no row tells of one at its time")
        }
    }

    private mutating func compareDeliveries(of statement: RegistrationStatement, _ row: Row) throws {
        let id: Int64 = row["id"]
        var waiting = Set(try transaction.nodes())
        let nodes = waiting
        for delivery in try transaction.rows("SELECT * FROM deliveries WHERE statement = ? ORDER BY node", [id]) {
            let node: String = delivery["node"]
            waiting.remove(node)
            let fact = facts.deliveries[AuditedFacts.Delivery(statementID: id, node: node)]
            let words = "statement \(id) for node \(node)"
            compare(delivery, fact, isNode: nodes.contains(node), words)
            if let fact {
                if fact.kind != row["kind"] { comparison.note(fact.row, "it tells of a \(fact.kind), which is another in the store: \(words)") }
                comparison.compare(names[row["device"]]?.gatewayID, fact.gatewayID, fact.row, "the device of \(words)")
            }
            if delivery["state"] == DeliveryState.accepted.rawValue {
                comparison.receiptCount += 1
                verify(delivery, statement, node, fact?.row, words)
            } else if delivery.bytes("receipt") != nil || delivery.bytes("entry") != nil {
                comparison.note(fact?.row, "\(words) has a receipt, or the entry of one, in the store, and is \(delivery["state"] as String)")
            }
        }
        for node in waiting.sorted() { comparison.note(nil, "the store does not say how far statement \(id) has come with node \(node)") }
        for (delivery, fact) in facts.deliveries where delivery.statementID == id {
            let count = try transaction.integer("SELECT count(*) FROM deliveries WHERE statement = ? AND node = ?", [id, delivery.node])
            if count == 0 { comparison.note(fact.row, "it tells of statement \(id) for node \(delivery.node), which the store does not have") }
        }
    }

    private mutating func compare(_ delivery: Row, _ fact: AuditedFacts.Delivered?, isNode: Bool, _ words: String) {
        let (state, answer) = (delivery["state"] as String, delivery["answer"] as String?)
        guard let fact else {
            let expected = isNode ? DeliveryState.due : .withdrawn
            if state != expected.rawValue { comparison.note(nil, "\(words) is \(state) in the store, and no row says so: it must be \(expected.rawValue)") }
            return
        }
        let isAccepted = !fact.isRefused && fact.words == AuditedFacts.receiptWords && answer == nil
        let expected = fact.isRefused ? DeliveryState.refused : isAccepted ? .accepted : .superseded
        if state != expected.rawValue { comparison.note(fact.row, "it says that \(words) is \(expected.rawValue), and the store \(state)") }
        if !isAccepted { comparison.compare(answer, fact.words, fact.row, "the answer to \(words)") }
    }

    /// The receipt is of that node, under a key that the alliance's root signed, and for this statement or for another one over the same.
    private mutating func verify(_ delivery: Row, _ statement: RegistrationStatement, _ node: String, _ row: Int64?, _ words: String) {
        func fault(_ why: String) { comparison.note(row, "the receipt of \(words) does not verify: \(why)") }
        guard let bytes = delivery.bytes("receipt"), let receipt = try? UnverifiedReceipt(parsing: bytes) else { return fault("it is none") }
        var receipted = statement
        if let entry = delivery.bytes("entry") {
            guard let other = try? RegistrationStatement(parsing: entry), other != statement, other.payload == statement.payload,
                other.header.keyID == statement.header.keyID, other.header.subject == statement.header.subject,
                let issuer = registry.issuers.all[other.header.keyID], let verifier = CryptoVerifier(publicKey: issuer.authority.key.publicKey),
                other.isSignatureValid(using: verifier)
            else { return fault("the entry that it is for is about something else") }
            receipted = other
        }
        var why = VerificationError.unknownKey
        for trustFile in trustFiles {
            do throws(VerificationError) {
                let verified = try receipt.verified(for: receipted, trustFile: trustFile, verifier: CryptoVerifier.self, using: SHA256.self)
                guard verified.header.node.node.text.string != node else { return }
                return fault("it is of node \(verified.header.node.node)")
            } catch {
                // A file that knows the key says more than one that does not.
                if why == .unknownKey { why = error }
            }
        }
        fault(why.words)
    }

    /// What belongs to no statement.
    private mutating func compareOthers() throws {
        for row in try transaction.rows("SELECT node, statement FROM deliveries WHERE statement NOT IN (SELECT id FROM statements)") {
            comparison.note(nil, "the store has a delivery of statement \(row["statement"] as Int64) to node \(row["node"] as String), and no such statement")
        }
    }
}
