internal import AllianceTrust
internal import AttestationFormat

/// `harborseal inspect`: any of this project's CBOR, readable. Shows what bytes say and verifies nothing.
public struct InspectFile: Sendable {
    public var file: String
    public var asJSON: Bool
    public var style: TerminalStyle

    public init(file: String, asJSON: Bool = false, style: TerminalStyle = .plain) {
        self.file = file
        self.asJSON = asJSON
        self.style = style
    }

    public func run() throws -> CommandResult {
        let bytes = try DurableFile.read(file, byteLimit: Limits.evidenceByteCount)
        let inspection = Inspection(of: bytes)
        if asJSON {
            let value = JSONValue.members(
                ("type", .string(inspection.type)), ("byteCount", .unsigned(UInt64(bytes.count))),
                ("fault", inspection.fault.map { .string($0) }), ("content", inspection.content))
            return CommandResult(output: value.json, exitCode: inspection.exitCode)
        }
        var text = style.paint("\(inspection.type), \(bytes.count) bytes", .bold) + " (not verified)\n"
        if let fault = inspection.fault {
            let expected = inspection.known.map { "by its first bytes \($0)" }
                ?? "expected CBOR of this project, a certificate or PEM, found \(FoundBytes.words(of: bytes))"
            text += style.paint("\(TerminalStyle.safe(file)) is malformed: \(expected); \(fault)", .red) + "\n"
        }
        return CommandResult(output: text + inspection.content.text(indent: 1), exitCode: inspection.exitCode)
    }
}

/// What bytes turn out to be, from their first bytes on, and what they say.
struct Inspection {
    /// The message's name in wire-format.md; `CBOR` for other items, `unknown bytes` for the rest.
    var type: String
    var content: JSONValue
    /// Why the bytes are not what they seem to be.
    var fault: String?
    /// What they seem to be, where they are something of this project's.
    var known: String?

    /// 65 for malformed input.
    var exitCode: Int32 { fault == nil ? 0 : CommandError.Code.malformed.rawValue }

    init(of bytes: [UInt8]) {
        if let blocks = PEMText.blocks(of: bytes) {
            self.init(type: InspectedCertificate.type(blocks), content: InspectedCertificate.value(blocks))
            return
        }
        if bytes.first == 0x30, let facts = CertificateFacts(der: bytes) {
            self.init(type: "certificate in DER", content: InspectedCertificate.value(facts))
            return
        }
        if bytes.first == 0x30, let list = try? UnverifiedRevocationList(der: bytes) {
            self.init(type: "revocation list in DER", content: InspectedRegistration.value(list))
            return
        }
        var firstFault: (type: String, error: FormatError)?
        for candidate in Self.candidates(for: bytes) {
            do throws(FormatError) {
                self.init(type: candidate.type, content: try candidate.read(bytes))
                return
            } catch {
                // The candidate that understood most names the fault best.
                if firstFault.map({ error.offset > $0.error.offset }) ?? true { firstFault = (candidate.type, error) }
            }
        }
        self.init(anyItem: bytes, fault: firstFault)
    }

    private init(type: String, content: JSONValue, fault: String? = nil) {
        self.type = type
        self.content = content
        self.fault = fault
    }

    private init(anyItem bytes: [UInt8], fault: (type: String, error: FormatError)?) {
        known = fault?.type
        var reader = CBORReader(bytes)
        do throws(FormatError) {
            let tree = try InspectedItem.read(from: &reader)
            try reader.finish()
            content = tree
            type = fault?.type ?? "CBOR"
            self.fault = fault?.error.words
        } catch {
            content = InspectedItem.hexadecimal(bytes)
            type = fault?.type ?? "unknown bytes"
            self.fault = (fault?.error ?? error).words
        }
    }

    private struct Candidate: Sendable {
        var type: String
        var read: @Sendable ([UInt8]) throws(FormatError) -> JSONValue
    }

    /// What the first bytes allow: tag 18 for COSE messages, the length of an array for others, a map for an event.
    private static func candidates(for bytes: [UInt8]) -> [Candidate] {
        switch bytes.first {
        case 0xD2: signed
        case 0x82: [carried]
        case 0x83: [Candidate(type: "batch-message", read: InspectedMessages.batchMessage), reply]
        case 0x84, 0x85, 0x86: [reply]
        case 0x87: [Candidate(type: "hello", read: InspectedMessages.hello), evidence]
        case 0x88: [evidence]
        case .some(0xA0...0xB7): [Candidate(type: "event") { (bytes) throws(FormatError) in InspectedEvent.value(try EventView(parsing: bytes)) }]
        default: []
        }
    }

    private static func registration(_ kind: RegistrationHeader.Kind, _ type: String) -> Candidate {
        Candidate(type: type) { (bytes) throws(FormatError) in
            let statement = try RegistrationStatement(parsing: bytes)
            guard statement.header.kind == kind else { throw FormatError(.type, at: 0) }
            return InspectedRegistration.value(statement)
        }
    }

    private static let carried = Candidate(type: "carried file", read: InspectedMessages.carriedFile)
    private static let reply = Candidate(type: "reply", read: InspectedMessages.reply)
    private static let evidence = Candidate(type: "evidence", read: InspectedMessages.evidence)
    private static let signed = [
        Candidate(type: "statement") { (bytes) throws(FormatError) in InspectedSigned.statement(try Statement(parsing: bytes)) },
        Candidate(type: "event-proof") { (bytes) throws(FormatError) in InspectedSigned.eventProof(try EventProof(parsing: bytes)) },
        Candidate(type: "receipt") { (bytes) throws(FormatError) in InspectedSigned.receipt(try UnverifiedReceipt(parsing: bytes)) },
        Candidate(type: "trust file") { (bytes) throws(FormatError) in
            InspectedSigned.trustFile(try UnverifiedTrustFile(parsing: bytes))
        },
        registration(.registration, "registration"), registration(.revocation, "revocation"),
        Candidate(type: "COSE_Sign1") { (bytes) throws(FormatError) in
            InspectedSigned.message(try COSESign1(parsing: bytes, limit: Limits.registrationByteCount))
        },
    ]
}
