import AllianceTrust
import AttestationFormat
import MerkleTree

extension Registry {
    /// Holds the audit table against what the store has: each certificate that a row tells of, each revocation and each receipt of a node is there, the
    /// ledgers were told of each by a statement that the firm's key signed, and nothing is there that no row tells of.
    ///
    /// Whether the rows are those that were written is for ``checkAudit(noted:)``.
    public func compareAudit() throws -> AuditComparison {
        try store.read { transaction in
            let facts = try auditedFacts(transaction)
            let told = try toldLedgers(transaction)
            var comparison = AuditComparison()
            if let fault = told.fault { comparison.note(nil, fault) }
            try compareCertificates(facts, told, &comparison, in: transaction)
            try compareRevocations(facts, told, &comparison, in: transaction)
            try compareReceipts(facts, &comparison, in: transaction)
            return comparison
        }
    }

    private func auditedFacts(_ transaction: RegistryTransaction) throws -> AuditedFacts {
        var facts = AuditedFacts()
        var next: Int64 = 1
        while true {
            let page = try transaction.audit(from: next, gatewayID: nil, limit: Self.pageCount)
            for entry in page { facts.add(entry) }
            guard let last = page.last, page.count == Self.pageCount else { return facts }
            next = last.number + 1
        }
    }

    /// What statements tell the ledgers.
    private struct Told {
        /// Serial numbers of registered certificates, in hex.
        var registered: Set<String> = []
        /// By the serial number in hex: the times that lists give.
        var revoked: [String: Set<Int64>] = [:]
        /// The first statement that is none.
        var fault: String?
    }

    /// Statements that are read at once: a list has up to 64 KiB.
    private static let statementPageCount = 100

    private func toldLedgers(_ transaction: RegistryTransaction) throws -> Told {
        var told = Told()
        var last: Int64 = 0
        while true {
            let page = try transaction.statements(after: last, limit: Self.statementPageCount)
            for (id, bytes) in page { tell(bytes, id, &told) }
            guard let end = page.last?.id, page.count == Self.statementPageCount else { return told }
            last = end
        }
    }

    private func tell(_ bytes: [UInt8], _ id: Int64, _ told: inout Told) {
        guard let statement = try? RegistrationStatement(parsing: bytes), let issuer = issuers.all[statement.header.keyID],
            let verifier = CryptoVerifier(publicKey: issuer.authority.key.publicKey), statement.isSignatureValid(using: verifier)
        else {
            told.fault = told.fault ?? "statement \(id) is none that an issuing key of this registry signed"
            return
        }
        switch statement.header.kind {
        case .registration:
            guard let facts = CertificateFacts(der: statement.payload) else { return }
            told.registered.insert(Hexadecimal.text(of: facts.serialNumber).string)
        case .revocation:
            for entry in (try? UnverifiedRevocationList(der: statement.payload))?.entries ?? [] {
                told.revoked[Hexadecimal.text(of: entry.serialNumber).string, default: []].insert(entry.sinceSeconds)
            }
        }
    }

    private func compareCertificates(
        _ facts: AuditedFacts, _ told: Told, _ comparison: inout AuditComparison, in transaction: RegistryTransaction
    ) throws {
        var rest = facts.certificates
        var unknown = told.registered
        for stored in try transaction.allCertificates() {
            let serial = Hexadecimal.text(of: stored.issued.serialNumber).string
            let name = "\(stored.issued.label.rawValue) certificate \(serial)"
            unknown.remove(serial)
            guard let row = rest.removeValue(forKey: serial) else {
                comparison.note(nil, "the store has the \(name), and no row tells of its issue")
                continue
            }
            guard stored.issued.label == .seal else { continue }
            comparison.registrationCount += 1
            if !told.registered.contains(serial) { comparison.note(row, "it tells of the \(name), and no statement tells the ledgers") }
        }
        for (serial, row) in rest { comparison.note(row, "it tells of the certificate \(serial), which the store does not have") }
        if let serial = unknown.min() { comparison.note(nil, "a statement tells the ledgers of the certificate \(serial), which the store does not have") }
    }

    private func compareRevocations(
        _ facts: AuditedFacts, _ told: Told, _ comparison: inout AuditComparison, in transaction: RegistryTransaction
    ) throws {
        var rest = facts.revocations
        for device in try transaction.devices(firm: nil, state: nil, includingReplaced: true) {
            let (name, generation) = (device.gatewayID.text.string, device.generation)
            let rows = rest.filter { $0.key.gatewayID == name && $0.key.generation == generation }
            for key in rows.keys { rest[key] = nil }
            guard let since = device.revokedSinceSeconds else {
                if let row = rows.values.min() { comparison.note(row, "it tells of the revocation of \(name), which the store has not as revoked") }
                continue
            }
            let words = UTCText.text(seconds: since)
            guard let row = rows.first(where: { $0.key.since == words })?.value else {
                comparison.note(rows.values.max(), "\(name) is revoked since \(words) in the store, and no row says so")
                continue
            }
            comparison.revocationCount += 1
            for certificate in try transaction.certificates(of: device.id).map(\.issued) where certificate.label == .seal {
                guard let listed = certificate.revokedSinceSeconds else { continue }
                let serial = Hexadecimal.text(of: certificate.serialNumber).string
                guard told.revoked[serial]?.contains(listed) == true else {
                    comparison.note(row, "it tells of the revocation of \(name), and no statement tells the ledgers that \(serial) is revoked since then")
                    continue
                }
            }
        }
        for (key, row) in rest { comparison.note(row, "it tells of the revocation of \(key.gatewayID), device \(key.generation), which the store does not have") }
    }

    private func compareReceipts(_ facts: AuditedFacts, _ comparison: inout AuditComparison, in transaction: RegistryTransaction) throws {
        var rest = facts.receipts
        for (statementID, node) in try transaction.acceptedDeliveries() {
            let receipt = AuditedFacts.Receipt(statementID: statementID, node: node)
            guard rest.removeValue(forKey: receipt) != nil else {
                comparison.note(nil, "the store has a receipt of node \(node) for statement \(statementID), and no row tells of it")
                continue
            }
            comparison.receiptCount += 1
        }
        for (key, row) in rest { comparison.note(row, "it tells of a receipt of node \(key.node) for statement \(key.statementID), which the store does not have") }
    }
}
