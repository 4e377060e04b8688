internal import AllianceTrust
internal import AttestationFormat
internal import MerkleTree

/// Batch-messages, replies, hellos and evidence with names for their places.
enum InspectedMessages {
    static func batchMessage(_ bytes: [UInt8]) throws(FormatError) -> JSONValue {
        let message = try BatchMessage(parsing: bytes)
        let events: JSONValue =
            if let items = message.items {
                .array(items.map { item in
                    switch item {
                    case .event(let event): InspectedEvent.value(event)
                    case .withheld(let leafHash): .members(("withheld", InspectedSigned.hex(leafHash)))
                    }
                })
            } else {
                .string("lost")
            }
        return .members(("statement", InspectedSigned.statement(message.statement)), ("events", events))
    }

    /// A file of publications, each named by its topic (`CarriedMessage`).
    static func carriedFile(_ bytes: [UInt8]) throws(FormatError) -> JSONValue {
        var reader = CarriedReader()
        reader.append(bytes)
        var messages: [JSONValue] = []
        var count = 0
        while let message = try reader.next(isAtEnd: true) {
            count += 1
            guard count <= shownMessageCount else { continue }
            // No publication is itself a carried file; one inside another would be followed without end.
            let inspection = message.payload.first == 0x82 ? Inspection(of: []) : Inspection(of: message.payload)
            messages.append(
                .members(
                    ("topic", .string(message.topic.string)), ("type", .string(inspection.type)),
                    ("fault", inspection.fault.map { .string($0) }), ("content", inspection.content)))
        }
        if count > shownMessageCount { messages.append(.string("… \(count - shownMessageCount) more")) }
        return .array(messages)
    }

    /// Messages that are shown of a carried file; the largest ones have a thousand events each.
    private static let shownMessageCount = 100

    static func reply(_ bytes: [UInt8]) throws(FormatError) -> JSONValue {
        switch try Reply(parsing: bytes) {
        case .receipt(let first, let receipt):
            return .members(("receiptFor", .unsigned(first)), ("receipt", InspectedSigned.receipt(receipt)))
        case .position(let statement):
            return .members(("position", statement.map { InspectedSigned.statement($0) } ?? .string("none")))
        case .refusal(let refusal):
            return .members(
                ("refusalOf", .unsigned(refusal.first)), ("code", .unsigned(refusal.code.rawValue)),
                ("meaning", .string(refusals[refusal.code.rawValue] ?? "not known here")),
                ("text", .string(refusal.text.string)),
                ("conflicting", refusal.conflicting.map { InspectedSigned.statement($0) }))
        case .trustFile(let file): return .members(("trustFile", InspectedSigned.trustFile(file)))
        }
    }

    private static let refusals: [UInt64: String] = [
        1: "unknown gateway", 2: "certificate not valid", 3: "revoked", 4: "bad signature", 5: "bad chain", 6: "conflict",
        7: "malformed", 8: "too large", 9: "rate limited",
    ]

    static func hello(_ bytes: [UInt8]) throws(FormatError) -> JSONValue {
        let hello = try Hello(parsing: bytes)
        return .members(
            ("epoch", .string(hello.epoch.text.string)), ("next", .unsigned(hello.next)),
            ("oldestHeld", .unsigned(hello.oldestHeld)),
            ("lastStatement", hello.lastStatement.map { InspectedSigned.statement($0) } ?? .null),
            ("trustVersion", .unsigned(hello.trustVersion)), ("certificates", certificates(hello.sealCertificates)))
    }

    static func evidence(_ bytes: [UInt8]) throws(FormatError) -> JSONValue {
        let evidence = try Evidence(parsing: bytes)
        return .members(
            ("alliance", .string(evidence.alliance.text.string)), ("title", evidence.title.map { .string($0.string) }),
            ("entries", .array(evidence.entries.map(entry))), ("certificates", certificates(evidence.sealCertificates)),
            ("forks", forks(in: evidence)),
            ("revocationLists", evidence.revocationLists.isEmpty
                ? nil : .array(evidence.revocationLists.map { .string(CertificateSummary.text(revocationList: $0)) })),
            ("checkpoints", evidence.checkpoints.isEmpty
                ? nil : .array(evidence.checkpoints.map {
                    .members(("origin", .string($0.origin.string)), ("note", .string($0.note.string)))
                })),
            ("ledgerAnchors", evidence.ledgerAnchors.isEmpty
                ? nil : .array(evidence.ledgerAnchors.map { anchor in
                    .members(
                        ("chain", .unsigned(anchor.chainID)), ("contract", InspectedSigned.hex(anchor.contract)),
                        ("transaction", InspectedSigned.hex(anchor.transaction)), ("block", .unsigned(anchor.block)))
                })))
    }

    /// What the statements say against each other; whether their keys signed them is for `harborseal verify`.
    private static func forks(in evidence: Evidence) -> JSONValue? {
        let statements = evidence.entries.compactMap { entry -> (Digest, BatchHeader)? in
            guard case .batch(let batch) = entry else { return nil }
            return (batch.statement.hash(using: SHA256.self), batch.statement.header)
        }
        let forks = ChainFork.find(in: statements.map { (hash: $0.0, header: $0.1) })
        return forks.isEmpty ? nil : .array(forks.map { .string($0.words) })
    }

    private static func entry(_ entry: Evidence.Entry) -> JSONValue {
        switch entry {
        case .leftOut(let first, let next): return .members(("leftOut", .members(("first", .unsigned(first)), ("next", .unsigned(next)))))
        case .batch(let batch):
            return .members(
                ("statement", InspectedSigned.statement(batch.statement)),
                ("events", .array(batch.events.map { disclosed in
                    .members(("index", .unsigned(disclosed.index)), ("event", InspectedEvent.value(disclosed.event)))
                })),
                ("receipts", .array(batch.receipts.map(receipt))))
        }
    }

    private static func receipt(_ bytes: [UInt8]) -> JSONValue {
        do throws(FormatError) {
            return InspectedSigned.receipt(try UnverifiedReceipt(parsing: bytes))
        } catch {
            return .members(("malformed", .string(error.words)), ("bytes", InspectedItem.hexadecimal(bytes)))
        }
    }

    private static func certificates(_ certificates: [[UInt8]]) -> JSONValue {
        .array(certificates.map { .string(CertificateSummary.text(der: $0)) })
    }
}
