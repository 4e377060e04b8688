import AttestationFormat

extension AuditedFacts {
    /// What a row tells of that could not be at that time.
    struct Misplaced {
        let row: Int64
        let reason: String
    }

    /// Judges a certificate's row by those before it: nothing is issued to a device once it is revoked, nor for a code that waits for a second person. Who made
    /// the registry do it has changed the store for a while, and the table shows it for ever.
    ///
    /// - Parameter entry: of a certificate that was handed out, before it counts as one of the device's.
    func judged(_ entry: AuditEntry) -> Misplaced? {
        guard entry.action == .enrol || entry.action == .renew, let gatewayID = entry.gatewayID, let generation = generation(of: entry, gatewayID) else { return nil }
        guard let device = devices[DeviceName(gatewayID: gatewayID, generation: generation)] else { return nil }
        let name = "\(gatewayID), device \(generation),"
        if let revocation = device.revocation {
            return Misplaced(row: entry.number, reason: "it tells of a certificate for \(name) which row \(revocation.row) had revoked")
        }
        let code: Code? = device.code
        guard entry.action == .enrol, let code, code.words.needsApproval == true, code.approval == nil else { return nil }
        return Misplaced(row: entry.number, reason: "it tells of a certificate for \(name) whose code of row \(code.row) waited for a second person, and no row approves it")
    }

    /// The device of a certificate's row; nil: the row does not tell.
    private func generation(of entry: AuditEntry, _ gatewayID: String) -> Int? {
        let again = "the same "
        let isAgain = entry.detail.hasPrefix(again)
        let words = isAgain ? String(entry.detail.dropFirst(again.count)) : entry.detail
        guard let (_, rest) = Self.labelled(words) else { return nil }
        let parts = rest.prefix { $0 != ";" }.split(separator: ", ")
        let mark = "generation "
        if let told = parts.first(where: { $0.hasPrefix(mark) }).flatMap({ Int($0.dropFirst(mark.count)) }) { return told }
        if isAgain, let serial = parts.first.map({ String($0.prefix { $0 != " " }) }) {
            // A later one is the likelier.
            if let told = certificates.last(where: { $0.serial == serial })?.generation { return told }
        }
        // Rows of earlier versions do not say which: of a name that had one device it is that one. A code is the newest one's.
        if entry.action == .enrol || newestGeneration[gatewayID] == 1 { return newestGeneration[gatewayID] }
        return nil
    }
}
