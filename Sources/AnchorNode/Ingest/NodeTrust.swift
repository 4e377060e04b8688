import AllianceTrust
import AttestationFormat
import MerkleTree

/// The trust file in force, and the seal certificates that hold under it.
struct NodeTrust: Sendable {
    let file: TrustFile
    private(set) var verifier: SealCertificateVerifier
    /// Hellos repeat the same certificates: known ones are not verified again.
    private var known: [[UInt8]: Digest] = [:]

    var bytes: [UInt8] { file.bytes }
    var version: UInt64 { file.content.version }

    /// Takes the offered file, if it follows the held one; a first file is trusted as the owner's.
    ///
    /// A file that is older than the held one is not taken, and the held one stays in force.
    ///
    /// - Throws: ``NodeError`` when neither can be used, or when this node is not in the one that is taken.
    init(held: [UInt8]?, offered: [UInt8], _ settings: NodeSettings, _ nowSeconds: Int64) throws {
        try self.init(settings) { try Self.newest(held: held, offered: offered) }
        try requireKeyInForce(settings, nowSeconds)
    }

    /// Takes a file as an update of the one in force, by every rule of wire-format.md, section 9. It may end this node's key.
    ///
    /// - Throws: ``NodeError`` that names the rule, or when this node is not in it.
    init(update offered: [UInt8], of current: NodeTrust, _ settings: NodeSettings) throws {
        try self.init(settings) { try TrustFileVerifier.verify(offered, asUpdateOf: current.file) }
    }

    private init(_ settings: NodeSettings, _ verified: () throws -> TrustFile) throws {
        do {
            file = try verified()
            verifier = try SealCertificateVerifier(trustFile: file)
        } catch {
            let words = (error as? FormatError)?.words ?? (error as? TrustError)?.message ?? "\(error)"
            throw NodeError(.trustFileRefused, "the trust file is refused: \(words)")
        }
        try requireSelf(settings)
    }

    private static func newest(held: [UInt8]?, offered: [UInt8]) throws -> TrustFile {
        guard let held else { return try TrustFileVerifier.verify(offered) }
        let inForce = try TrustFileVerifier.verify(held)
        let claimed = try UnverifiedTrustFile(parsing: offered).content
        if held == offered || claimed.version < inForce.content.version { return inForce }
        return try TrustFileVerifier.verify(offered, asUpdateOf: inForce)
    }

    /// This node must stand in its own trust file: no gateway would count its receipts.
    private func requireSelf(_ settings: NodeSettings) throws {
        guard file.content.alliance == settings.name.alliance else {
            throw NodeError(
                .notInTrustFile, "the trust file is alliance \(file.content.alliance)'s, not \(settings.name.alliance)'s")
        }
        guard file.node(forKeyID: settings.key.keyID)?.node.name == settings.name.node else {
            throw NodeError(
                .notInTrustFile,
                "the trust file has no node \(settings.name.node) with this key: harborseal alliance add-node, then sign")
        }
    }

    /// Nor would one count a receipt of a key before or after its time.
    private func requireKeyInForce(_ settings: NodeSettings, _ nowSeconds: Int64) throws {
        guard let (_, key) = file.node(forKeyID: settings.key.keyID) else { return }
        guard key.isInForce(atSeconds: UInt64(clamping: nowSeconds)) else {
            throw NodeError(
                .keyNotInForce,
                "by the trust file the key of node \(settings.name.node) is not in force at \(UTCText.text(seconds: nowSeconds)), the time "
                    + "of this machine: set its clock, or give a retired node a new name and key")
        }
    }

    /// Puts the file into the ledger, unless it is there: leaf 0 of a new one.
    func record(in transaction: some NodeTransaction) throws {
        let hash = SHA256.hash(bytes)
        guard try transaction.entry(hash: hash) == nil else { return }
        _ = try transaction.appendTrustFile(bytes, hash: hash, version: version)
    }

    /// Checks every stored certificate and newest revocation list under this file; those of issuers that it no longer lists stay stored
    /// and do not count.
    mutating func load(from store: some NodeStore) async throws {
        for der in try store.read({ try $0.revocationLists(firm: nil) }) {
            if let list = try? verifier.verify(revocationList: der) { verifier.replace(revocationList: list) }
        }
        for (issuer, revocations) in Dictionary(grouping: try store.read({ try $0.revocations(issuingKeyID: nil) }), by: \.issuingKeyID) {
            verifier.remember(revocations.map { ($0.serialNumber, $0.sinceSeconds) }, issuingKeyID: issuer)
        }
        for der in try store.read({ try $0.allCertificates() }) {
            if let certificate = try? await verifier.verify(der) { insert(certificate) }
        }
    }

    mutating func insert(_ certificate: SealCertificate) {
        verifier.insert(certificate)
        known[certificate.der] = certificate.keyID
    }

    mutating func replace(_ list: RevocationList) {
        verifier.replace(revocationList: list)
    }

    mutating func remember(_ list: RevocationList) {
        verifier.remember(list)
    }

    func keyID(ofKnown der: [UInt8]) -> Digest? { known[der] }
}
