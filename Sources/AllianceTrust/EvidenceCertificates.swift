internal import AttestationFormat
internal import enum Crypto.P256
internal import MerkleTree
internal import SwiftASN1
internal import X509

/// The certificates and revocation lists of one evidence file, judged once.
struct EvidenceCertificates {
    /// Shorter than any certificate or list: not worth a parser's time, and a file holds millions of them.
    private static let smallestByteCount = 64
    /// Certificates of one key and issuer that are used; several nodes together have fewer. Of the rest only what revokes the key counts.
    static let certificatesPerKeyLimit = 4 * SealCertificateVerifier.certificatesPerKeyLimit

    private(set) var verifier: SealCertificateVerifier?
    /// Why enclosed revocation lists are not used.
    private(set) var listRefusals = Findings()
    private let keyLimit: Int
    /// Certificates of keys that have more than anybody needs.
    private var unusedCount = 0
    /// Keys of all certificates that can be read, also of those that certify nobody: whether a signature is intact does
    /// not depend on whom the key belongs to.
    private var keys: [Digest: CryptoVerifier] = [:]
    /// By key: why its first refused certificate certifies nobody.
    private var refusals: [Digest: String] = [:]
    /// By key: the SAN URI of its first certificate that holds.
    private var issuers: [Digest: UTF8Text] = [:]
    /// Why the first certificate that cannot be read cannot.
    private var unreadable: String?

    /// - Parameter keyLimit: how many certificates of one key and issuer are used.
    init(_ evidence: Evidence, trustFile: TrustFile, keyLimit: Int = Self.certificatesPerKeyLimit) async {
        self.keyLimit = keyLimit
        verifier = try? SealCertificateVerifier(trustFile: trustFile)
        // The same bytes again say nothing new, and cost as much.
        var seen: Set<[UInt8]> = []
        // Lists first: each goes through the certificates that are there.
        for der in evidence.revocationLists where seen.insert(der).inserted { take(revocationList: der) }
        for der in evidence.sealCertificates where seen.insert(der).inserted { await judge(der) }
    }

    private mutating func take(revocationList der: [UInt8]) {
        guard der.count >= Self.smallestByteCount else {
            listRefusals.add("the revocation list cannot be parsed: \(der.count) bytes are none")
            return
        }
        do {
            try verifier?.insert(revocationList: der)
        } catch {
            listRefusals.add(DERFault.words(error))
        }
    }

    private mutating func judge(_ der: [UInt8]) async {
        guard der.count >= Self.smallestByteCount, let key = Self.publicKey(of: der),
            let keyVerifier = CryptoVerifier(publicKey: key)
        else {
            await noteUnreadable(der)
            return
        }
        let keyID = key.keyID(using: SHA256.self)
        keys[keyID] = keyVerifier
        do {
            let certificate = try await verified(der)
            keep(certificate)
            if issuers[keyID] == nil { issuers[keyID] = certificate.issuer }
        } catch {
            if refusals[keyID] == nil { refusals[keyID] = error.message }
        }
    }

    /// No bytes come twice here, so none are compared.
    private mutating func keep(_ certificate: SealCertificate) {
        let identity = SealCertificateVerifier.Identity(keyID: certificate.keyID, issuer: certificate.issuer)
        verifier?.noteRevocation(of: certificate, identity)
        guard verifier?.certificates[identity, default: []].count ?? 0 < keyLimit else {
            unusedCount += 1
            return
        }
        verifier?.certificates[identity, default: []].append(certificate)
    }

    /// The first one's reason stands for all.
    private mutating func noteUnreadable(_ der: [UInt8]) async {
        guard unreadable == nil else { return }
        do { _ = try await verified(der) } catch { unreadable = error.message }
    }

    private func verified(_ der: [UInt8]) async throws(TrustError) -> SealCertificate {
        guard let verifier else {
            throw TrustError(.certificateForm, "the trust file's own certificates cannot be parsed")
        }
        do {
            return try await verifier.verify(der)
        } catch let error as TrustError {
            throw error
        } catch {
            throw TrustError(.certificateForm, DERFault.words(error))
        }
    }

    private static func publicKey(of der: [UInt8]) -> PublicKey? {
        guard let certificate = try? Certificate(derEncoded: der), let point = P256.Signing.PublicKey(certificate.publicKey)
        else { return nil }
        return PublicKey(uncompressedPoint: Array(point.x963Representation))
    }

    /// The key of some enclosed certificate, certified or not.
    func key(_ keyID: Digest) -> CryptoVerifier? {
        keys[keyID]
    }

    /// The certificates that hold for a key and issuer.
    func certificates(for header: BatchHeader) -> [SealCertificate] {
        verifier?.certificates(keyID: header.keyID, issuer: header.gateway.issuer) ?? []
    }

    /// Since when the key is revoked, seconds since 1970; nil when no enclosed list says so.
    func revokedSinceSeconds(_ header: BatchHeader) -> Int64? {
        verifier?.revokedSinceSeconds(keyID: header.keyID, issuer: header.gateway.issuer)
    }

    /// The lists that an issuing certificate of the trust file signed, in DER.
    var verifiedRevocationLists: [[UInt8]] {
        (verifier?.revocations.values.joined().map(\.list.der) ?? []).sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// For each issuing key whose newest enclosed list leaves out, or times later, what an older one revokes: an issuer may forget, a verifier does not.
    var forgottenWords: [String] {
        guard let verifier else { return [] }
        return verifier.revocations.values.compactMap { lists in
            guard lists.count > 1, let newest = lists.max(by: { ($0.list.number ?? .zero) < ($1.list.number ?? .zero) }) else { return nil }
            let named = Dictionary(newest.list.entries.map { ($0.serialNumber, $0.sinceSeconds) }, uniquingKeysWith: min)
            let known = verifier.revokedSince[newest.issuingKeyID] ?? [:]
            let count = known.count { serial, since in (named[serial] ?? .max) > since }
            guard count > 0 else { return nil }
            return "the newest revocation list of firm \(newest.firm) leaves out, or times later, \(count) that an older one here revokes: they stay revoked"
        }.sorted()
    }

    /// What was not used of the certificates.
    var unusedWords: [String] {
        unusedCount == 0 ? [] : ["certificates beyond \(keyLimit) of one key are not used: \(unusedCount)"]
    }

    /// Whether a list by the issuer of one of these certificates is enclosed.
    func hasRevocationList(for certificates: [SealCertificate]) -> Bool {
        certificates.contains { verifier?.revocationLists(for: $0).isEmpty == false }
    }

    /// Date of the newest list for these certificates, seconds since 1970.
    func newestRevocationListSeconds(for certificates: [SealCertificate]) -> Int64? {
        certificates.flatMap { verifier?.revocationLists(for: $0) ?? [] }.map(\.list.thisUpdateSeconds).max()
    }

    /// Why no certificate holds for a key and issuer.
    func refusal(for header: BatchHeader) -> String {
        if let refused = refusals[header.keyID] { return refused }
        if let other = issuers[header.keyID] {
            return "the statement's issuer \(header.gateway.issuer) is not the certificate's name \(other)"
        }
        return unreadable ?? "no certificate of this key is enclosed"
    }
}
