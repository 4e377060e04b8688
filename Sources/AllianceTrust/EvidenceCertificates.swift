internal import AttestationFormat
internal import enum Crypto.P256
internal import MerkleTree
internal import SwiftASN1
internal import X509

/// The certificates and revocation lists of one evidence file, judged once.
struct EvidenceCertificates {
    /// What became of one enclosed certificate.
    struct Enclosed {
        /// Key id, where the certificate could be read at all.
        var keyID: Digest?
        /// Why it certifies nobody; nil when it holds.
        var refusal: String?
        /// Its SAN URI, when it holds.
        var issuer: UTF8Text?
    }

    private(set) var verifier: SealCertificateVerifier?
    private(set) var enclosed: [Enclosed] = []
    /// Why enclosed revocation lists are not used.
    private(set) var listRefusals: [String] = []
    /// Keys of all certificates that can be read, also of those that certify nobody: whether a signature is intact does
    /// not depend on whom the key belongs to.
    private var keys: [Digest: CryptoVerifier] = [:]

    init(_ evidence: Evidence, trustFile: TrustFile) async {
        verifier = try? SealCertificateVerifier(trustFile: trustFile)
        for der in evidence.sealCertificates { enclosed.append(await judge(der)) }
        for der in evidence.revocationLists {
            do {
                try verifier?.insert(revocationList: der)
            } catch {
                listRefusals.append((error as? TrustError)?.message ?? "\(error)")
            }
        }
    }

    private mutating func judge(_ der: [UInt8]) async -> Enclosed {
        var result = Enclosed()
        if let key = Self.publicKey(of: der), let verifier = CryptoVerifier(publicKey: key) {
            let keyID = key.keyID(using: SHA256.self)
            result.keyID = keyID
            keys[keyID] = verifier
        }
        guard let sealVerifier = verifier else {
            result.refusal = "the trust file's own certificates cannot be parsed"
            return result
        }
        do {
            let certificate = try await sealVerifier.verify(der)
            verifier?.insert(certificate)
            result.issuer = certificate.issuer
        } catch {
            result.refusal = (error as? TrustError)?.message ?? "\(error)"
        }
        return result
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
        verifier?.revocation(of: certificates(for: header))?.1
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
        let ofKey = enclosed.filter { $0.keyID == header.keyID }
        if let refused = ofKey.compactMap(\.refusal).first { return refused }
        if let other = ofKey.compactMap(\.issuer).first {
            return "the statement's issuer \(header.gateway.issuer) is not the certificate's name \(other)"
        }
        if let unreadable = enclosed.first(where: { $0.keyID == nil })?.refusal { return unreadable }
        return "no certificate of this key is enclosed"
    }
}
