import AttestationFormat
import DeviceCrypto
import MerkleTree
import Testing

@Suite("Registrations and revocations")
struct RegistrationTests {
    let fixture: Fixture
    let issuingKey: SigningKey
    let payload: [UInt8] = [0x30, 1, 2, 3]

    init() throws {
        fixture = try Fixture()
        issuingKey = try SigningKey.generate()
    }

    private var keyID: Digest { issuingKey.publicKey.keyID(using: SHA256.self) }

    private var registration: RegistrationHeader {
        RegistrationHeader(registering: fixture.gateway, keyID: keyID, issuedAtSeconds: 1_795_000_000)
    }

    private var revocation: RegistrationHeader {
        RegistrationHeader(
            revocationsOf: fixture.gateway.firm, in: fixture.gateway.alliance, keyID: keyID, issuedAtSeconds: 1_795_000_000)
    }

    private func statement(_ header: RegistrationHeader, payload: [UInt8]? = nil) throws -> RegistrationStatement {
        let payload = payload ?? self.payload
        return try RegistrationStatement(
            header: header, payload: payload,
            signature: try issuingKey.sign(RegistrationStatement.bytesToSign(header: header, payload: payload)))
    }

    @Test("a registration names the firm as issuer and the gateway as subject, and comes back from its bytes")
    func registrationNames() throws {
        let made = try statement(registration)
        let parsed = try RegistrationStatement(parsing: made.bytes)
        #expect(parsed.header == registration && parsed.payload == payload)
        #expect(parsed.header.issuer == "hs:gba-demo/acme" && parsed.header.subject == "hs:gba-demo/acme.gw-1")
        #expect(parsed.isSignatureValid(using: try #require(P256Verifier(publicKey: issuingKey.publicKey))))
        #expect(!parsed.isSignatureValid(using: try #require(P256Verifier(publicKey: fixture.rootKey.publicKey))))
    }

    @Test("a revocation names the firm as issuer and its revocations as subject, and comes back from its bytes")
    func revocationNames() throws {
        let parsed = try RegistrationStatement(parsing: try statement(revocation).bytes)
        #expect(parsed.header == revocation && parsed.header.gateway == nil)
        #expect(parsed.header.issuer == "hs:gba-demo/acme" && parsed.header.subject == "hs:gba-demo/acme/revocations")
    }

    @Test("with any bit changed it is malformed, or its signature is not valid", arguments: [true, false])
    func changedBits(isRegistration: Bool) throws {
        let bytes = try statement(isRegistration ? registration : revocation).bytes
        let verifier = try #require(P256Verifier(publicKey: issuingKey.publicKey))
        for place in bytes.indices {
            var changed = bytes
            changed[place] ^= 1 << UInt8(place % 8)
            guard let statement = try? RegistrationStatement(parsing: changed) else { continue }
            #expect(!statement.isSignatureValid(using: verifier), "byte \(place)")
        }
        for count in bytes.indices { #expect(throws: FormatError.self) { try RegistrationStatement(parsing: Array(bytes[..<count])) } }
    }

    @Test("65,536 bytes are taken, one more is not, and neither is a statement of nothing")
    func limits() throws {
        // Tag, array, header and its head, map, the payload's head of three bytes and the signature.
        let rest = try statement(registration, payload: [UInt8](repeating: 1, count: 300)).bytes.count - 300
        let most = [UInt8](repeating: 1, count: Limits.registrationByteCount - rest)
        #expect(try statement(registration, payload: most).bytes.count == Limits.registrationByteCount)
        #expect(throws: FormatError(.limitExceeded, at: 0)) { try statement(registration, payload: most + [1]) }
        #expect(throws: FormatError.self) { try statement(registration, payload: []) }
    }

    @Test("neither is taken for a batch's statement, nor a batch's statement for one of them")
    func otherTypes() throws {
        let batch = try fixture.statement(over: try Fixture.events(1))
        #expect(throws: FormatError.self) { try RegistrationStatement(parsing: batch.bytes) }
        #expect(throws: FormatError.self) { try Statement(parsing: try statement(registration).bytes) }
        #expect(throws: FormatError.self) { try RegistrationStatement(parsing: try fixture.signed(try fixture.trustContent())) }
    }

    /// A protected header with the parts of a good one, each of which a case spoils.
    struct Parts: Sendable {
        var contentType: String? = "application/pkix-cert"
        var contentFormat: UInt64?
        var keyIDByteCount = 32
        var issuer: String? = "hs:gba-demo/acme"
        var subject: String? = "hs:gba-demo/acme.gw-1"
        var type = "vnd.harborseal.registration"
        var unprotectedCount = 0
        var hasPayload = true
    }

    struct Spoiled: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var code: FormatError.Code
        var parts = Parts()

        init(_ testDescription: String, _ code: FormatError.Code, _ spoil: (inout Parts) -> Void) {
            self.testDescription = testDescription
            self.code = code
            spoil(&parts)
        }
    }

    static let spoiled: [Spoiled] = [
        Spoiled("no content type", .missingLabel(3)) { $0.contentType = nil },
        Spoiled("a content type as a number", .missingLabel(3)) {
            $0.contentType = nil
            $0.contentFormat = 287
        },
        Spoiled("a list's content type", .unexpectedValue) { $0.contentType = "application/pkix-crl" },
        Spoiled("a short key id", .unexpectedValue) { $0.keyIDByteCount = 31 },
        Spoiled("no issuer", .missingLabel(15)) { $0.issuer = nil },
        Spoiled("no subject", .missingLabel(15)) { $0.subject = nil },
        Spoiled("another firm as issuer", .name) { $0.issuer = "hs:gba-demo/beta" },
        Spoiled("another alliance as issuer", .name) { $0.issuer = "hs:elsewhere/acme" },
        Spoiled("the gateway as issuer", .name) { $0.issuer = "hs:gba-demo/acme.gw-1" },
        Spoiled("the alliance as issuer", .name) { $0.issuer = "hs:gba-demo" },
        Spoiled("a node as subject", .name) { $0.subject = "hs:gba-demo/node/hk-1" },
        Spoiled("a journal as subject", .name) { $0.subject = "hs:gba-demo/acme.gw-1/journal/00c0ffee00c0ffee" },
        Spoiled("a firm as a certificate's subject", .name) { $0.subject = "hs:gba-demo/acme" },
        Spoiled("revocations as a certificate's subject", .name) { $0.subject = "hs:gba-demo/acme/revocations" },
        Spoiled("a reserved firm", .name) {
            $0.issuer = "hs:gba-demo/node"
            $0.subject = "hs:gba-demo/node.gw-1"
        },
        Spoiled("a gateway as a list's subject", .name) {
            $0.type = "vnd.harborseal.revocation"
            $0.contentType = "application/pkix-crl"
        },
        Spoiled("a list of a reserved firm", .name) {
            $0.type = "vnd.harborseal.revocation"
            $0.contentType = "application/pkix-crl"
            $0.issuer = "hs:gba-demo/alliance"
            $0.subject = "hs:gba-demo/alliance/revocations"
        },
        Spoiled("a receipt's type", .type) { $0.type = "vnd.harborseal.receipt" },
        Spoiled("an unprotected header", .unprotectedHeader) { $0.unprotectedCount = 1 },
        Spoiled("a detached payload", .unexpectedValue) { $0.hasPayload = false },
    ]

    @Test("whatever section 5 does not allow is refused by its name", arguments: spoiled)
    func refused(_ spoiled: Spoiled) throws {
        let error = #expect(throws: FormatError.self) { try RegistrationStatement(parsing: Self.encode(spoiled.parts, by: issuingKey)) }
        #expect(error?.code == spoiled.code)
        _ = try RegistrationStatement(parsing: Self.encode(Parts(), by: issuingKey))
    }

    private static func encode(_ parts: Parts, by key: SigningKey) throws -> [UInt8] {
        var header = CBORWriter()
        header.beginMap(parts.contentType == nil && parts.contentFormat == nil ? 4 : 5)
        header.write(UInt64(1))
        header.write(Int64(-7))
        if parts.contentType != nil || parts.contentFormat != nil { header.write(UInt64(3)) }
        if let contentType = parts.contentType { header.write(UTF8Text(contentType)) }
        if let contentFormat = parts.contentFormat { header.write(contentFormat) }
        header.write(UInt64(4))
        header.write([UInt8](repeating: 7, count: parts.keyIDByteCount))
        header.write(UInt64(15))
        header.beginMap(1 + (parts.issuer == nil ? 0 : 1) + (parts.subject == nil ? 0 : 1))
        if let issuer = parts.issuer {
            header.write(UInt64(1))
            header.write(UTF8Text(issuer))
        }
        if let subject = parts.subject {
            header.write(UInt64(2))
            header.write(UTF8Text(subject))
        }
        header.write(UInt64(6))
        header.write(UInt64(1_795_000_000))
        header.write(UInt64(16))
        header.write(UTF8Text(parts.type))
        var message = CBORWriter()
        message.writeSign1Tag()
        message.beginArray(4)
        message.write(header.bytes)
        message.beginMap(parts.unprotectedCount)
        for _ in 0..<parts.unprotectedCount {
            message.write(UInt64(99))
            message.write(UInt64(0))
        }
        if parts.hasPayload { message.write([UInt8](repeating: 0x30, count: 8)) } else { message.writeNull() }
        message.write(try key.sign(header.bytes).bytes)
        return message.bytes
    }

    // MARK: - Receipts

    @Test("a node's receipt for a registration is accepted for that registration alone")
    func receipts() throws {
        let (one, other) = (try statement(registration), try statement(revocation))
        let leaves = [one, other].map { $0.leafHash(using: SHA256.self) }
        let ledger = MerkleNodes<SHA256>(leafHashes: leaves)
        let header = ReceiptHeader(
            keyID: fixture.nodes[0].key.publicKey.keyID(using: SHA256.self), node: fixture.nodes[0].name, subject: one.header.subject,
            issuedAtSeconds: 1_795_000_070, treeSize: 2, held: 0)
        let signature = try fixture.nodes[0].key.sign(UnverifiedReceipt.bytesToSign(header: header, root: ledger.root))
        let receipt = try UnverifiedReceipt(
            parsing: UnverifiedReceipt.encode(header: header, index: 0, path: [leaves[1]], signature: signature))
        let trustFile = try fixture.trustFile()
        #expect(try receipt.verified(for: one, trustFile: trustFile, verifier: P256Verifier.self, using: SHA256.self).held == 0)
        #expect(throws: VerificationError.subject) {
            try receipt.verified(for: other, trustFile: trustFile, verifier: P256Verifier.self, using: SHA256.self)
        }
        let again = try statement(registration, payload: payload + [1])
        #expect(throws: VerificationError.signature) {
            try receipt.verified(for: again, trustFile: trustFile, verifier: P256Verifier.self, using: SHA256.self)
        }
    }
}
