internal import AllianceTrust
internal import AttestationFormat
internal import DeviceRegistry
internal import Foundation
internal import MerkleTree

/// `harborseal registry audit`: the audit table, or whether it is what was written and what the store has.
public struct RegistryAudit: Sendable {
    public var configurationFile: String
    /// Judges the table instead of printing it.
    public var checks: Bool
    /// `NUMBER:HASH` of a row that was noted down earlier.
    public var noted: String?
    /// The first row that is printed.
    public var from: Int64
    public var asJSON: Bool

    public init(configurationFile: String, checks: Bool = false, noted: String? = nil, from: Int64 = 1, asJSON: Bool = false) {
        self.configurationFile = configurationFile
        self.checks = checks
        self.noted = noted
        self.from = from
        self.asJSON = asJSON
    }

    private static let pageCount = 1_000

    public func run() throws -> CommandResult {
        guard checks || noted == nil else { throw CommandError(.usage, "--noted is for a check", nextStep: "give --check, too") }
        let head = try noted.map { try Self.head($0) }
        return try RegistryDesk.result(configurationFile, by: nil) { desk in
            guard checks else { return try table(desk.registry) }
            let chain = try desk.registry.checkAudit(noted: head)
            // What rows say is worth comparing only where they are those that were written.
            guard case .intact(let end) = chain else { return verdict(chain, nil) }
            return verdict(.intact(end), try desk.registry.compareAudit(trustFiles: Self.trustFiles(desk.configuration)))
        }
    }

    /// The trust file in force, and those that the registry has served before it under the same root: receipts are verified under the keys of their time.
    private static func trustFiles(_ configuration: RegistryConfiguration) throws -> [TrustFile] {
        let current = try TrustFileInput.verified(configuration.trustPath)
        let folder = configuration.dataPath + "/trust"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let earlier = names.filter { $0.hasSuffix(".hstrust") }.sorted().compactMap { try? TrustFileInput.verified("\(folder)/\($0)") }
        let kept = earlier.filter { $0.content.rootCertificate == current.content.rootCertificate && $0.content.version < current.content.version }
        return [current] + kept.sorted { $0.content.version > $1.content.version }
    }

    private static func head(_ text: String) throws -> AuditHead {
        let parts = text.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, let count = Int64(parts[0]), count >= 0,
            let hash = Hexadecimal.bytes(of: UTF8Text(parts[1].lowercased())).flatMap({ Digest($0) })
        else {
            throw CommandError(
                .usage, "--noted \(TerminalStyle.safe(text)) is no row's number and hash", nextStep: "give NUMBER:HASH as a check before printed them")
        }
        return AuditHead(count: count, hash: hash)
    }

    // MARK: - The check

    private func verdict(_ chain: AuditCheck, _ comparison: AuditComparison?) -> CommandResult {
        var wrong: (row: Int64?, reason: String)?
        var end: AuditHead?
        switch chain {
        case .intact(let head):
            end = head
            wrong = comparison?.fault.map { ($0.row, $0.reason) }
            // What makes a registry begin writes rows, and so does every command.
            if wrong == nil, head.count == 0 { wrong = (nil, "it has no row: nothing was ever done with this registry, or all of it is lost") }
        case .broken(let number, let reason): wrong = (number, reason)
        }
        let exitCode: Int32 = wrong == nil ? 0 : 1
        guard !asJSON else { return CommandResult(output: json(end, comparison, wrong).json, exitCode: exitCode) }
        if let wrong {
            let place = wrong.row.map { "row \($0) of the audit table is wrong" } ?? "the audit table is not whole"
            let step = end?.count == 0
                ? "see that [registry] data names the registry's folder; keep the files there as they are, and put the last backup back (harborseal registry restore)"
                : "keep registry.sqlite as it is, and compare it with the last backup: somebody has changed it"
            return CommandResult(output: "\(place): \(TerminalStyle.safe(wrong.reason))\n", notes: "  next: \(step)\n", exitCode: exitCode)
        }
        let last = end.map { "\($0.count):\(Hexadecimal.text(of: $0.hash.bytes))" } ?? ""
        return CommandResult(
            output: """
                \(CountedText.of(Int(clamping: end?.count ?? 0), "row")), each \(noted == nil ? "following from the one before" : "as it was written, with the one that was noted down")
                  compared  \(comparison.map(Self.words) ?? "")
                  last row  \(last)

                """,
            notes: (noted == nil ? "  without --noted nobody can see whether rows at the end are missing: an earlier copy of the store passes, too\n" : "")
                + "  next: note the last row down outside of this machine, and give it next time as --noted: whoever can write the file can make a whole new table\n")
    }

    private static func words(_ comparison: AuditComparison) -> String {
        let counts = [
            CountedText.of(comparison.registrationCount, "registration"), CountedText.of(comparison.revocationCount, "revocation"),
            CountedText.of(comparison.receiptCount, "receipt"),
        ]
        let unverified = comparison.unverifiedCount == 0
            ? "" : "; the signatures of \(CountedText.of(comparison.unverifiedCount, "certificate or list", "certificates and lists")) are of keys that registry.conf does not name"
        return counts.joined(separator: ", ") + ": every value that the rows tell of is the same in the store\(unverified)"
    }

    private func json(_ end: AuditHead?, _ comparison: AuditComparison?, _ wrong: (row: Int64?, reason: String)?) -> JSONValue {
        .members(
            ("intact", .bool(wrong == nil)), ("wrongRow", wrong?.row.map { .integer($0) } ?? .null), ("reason", .optional(wrong?.reason)),
            ("rows", end.map { .integer($0.count) } ?? .null),
            ("lastHash", .optional(end.map { Hexadecimal.text(of: $0.hash.bytes).string })),
            ("registrations", comparison.map { .integer(Int64($0.registrationCount)) } ?? .null),
            ("revocations", comparison.map { .integer(Int64($0.revocationCount)) } ?? .null),
            ("unverified", comparison.map { .integer(Int64($0.unverifiedCount)) } ?? .null),
            ("receipts", comparison.map { .integer(Int64($0.receiptCount)) } ?? .null))
    }

    // MARK: - The table

    private func table(_ registry: Registry) throws -> CommandResult {
        var rows: [AuditEntry] = []
        var next = max(from, 1)
        while true {
            let page = try registry.audit(from: next, limit: Self.pageCount)
            rows += page
            guard let last = page.last, page.count == Self.pageCount else { break }
            next = last.number + 1
        }
        guard !asJSON else { return CommandResult(output: JSONValue.array(rows.map(DeviceView.auditEntry)).json) }
        return CommandResult(output: rows.map(Self.line).joined())
    }

    private static func line(_ entry: AuditEntry) -> String {
        let who = TerminalStyle.safe(entry.who) + (entry.address.map { " at \(TerminalStyle.safe($0))" } ?? "")
        let what = [entry.action.rawValue, entry.gatewayID.map { TerminalStyle.safe($0) }, entry.outcome].compactMap(\.self).joined(separator: " ")
        return "\(entry.number) \(UTCText.text(seconds: entry.atSeconds)) \(who) \(what): \(TerminalStyle.safe(entry.detail))\n"
    }
}
