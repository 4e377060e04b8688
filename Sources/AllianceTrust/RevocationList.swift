internal import Foundation
public import MerkleTree
internal import SwiftASN1
internal import X509

/// A certificate revocation list (RFC 5280, section 5) whose signature has not been verified.
public struct UnverifiedRevocationList: Sendable {
    /// One revoked certificate.
    public struct Entry: Equatable, Sendable {
        /// The serial number's content bytes, as in the certificate.
        public let serialNumber: [UInt8]
        /// From when on nothing of the key counts: invalidityDate, or where that is absent the revocation date; seconds
        /// since 1970.
        public let sinceSeconds: Int64
        /// When the issuer revoked it, seconds since 1970.
        public let revokedSeconds: Int64
        /// Whether another certificate has taken its place and nothing is said against the key (reason code `superseded`, RFC 5280, section 5.3.1).
        public let isSuperseded: Bool

        public init(serialNumber: [UInt8], sinceSeconds: Int64, revokedSeconds: Int64, isSuperseded: Bool = false) {
            self.serialNumber = serialNumber
            self.sinceSeconds = sinceSeconds
            self.revokedSeconds = revokedSeconds
            self.isSuperseded = isSuperseded
        }
    }

    /// The list as received.
    public let der: [UInt8]
    /// When the list was made, seconds since 1970.
    public let thisUpdateSeconds: Int64
    /// When the next one is due, seconds since 1970, where it says so.
    public let nextUpdateSeconds: Int64?
    /// cRLNumber, which rises with every list of an issuer; nil where the list has none.
    public let number: RevocationListNumber?
    /// What is revoked.
    public let entries: [Entry]
    /// SHA-256 of what the issuer signed. One list has one, whatever its signature's bytes are: who changes s to n - s in it makes no other list.
    public var contentHash: Digest { SHA256.hash(signedBytes) }
    let issuer: DistinguishedName
    let signedBytes: [UInt8]
    let signature: [UInt8]

    /// Parses DER strictly. At most 65,536 bytes, the limit of a revocation statement (wire-format.md, section 1).
    ///
    /// - Throws: ``TrustError`` with code `revocationList`.
    public init(der: [UInt8]) throws {
        guard der.count <= Self.byteLimit else {
            throw TrustError(.revocationList, "the revocation list is larger than \(Self.byteLimit) bytes")
        }
        do {
            let parsed = try ParsedRevocationList(derEncoded: der)
            self.der = der
            thisUpdateSeconds = parsed.body.thisUpdate
            nextUpdateSeconds = parsed.body.nextUpdate
            number = parsed.body.number
            entries = parsed.body.entries
            issuer = parsed.body.issuer
            signedBytes = parsed.signedBytes
            signature = parsed.signature
        } catch let error as TrustError {
            throw error
        } catch {
            throw TrustError(.revocationList, "the revocation list cannot be parsed: \(DERFault.words(error))")
        }
    }

    /// DER of a list in PEM (RFC 7468) or DER; which it is, its first byte says.
    ///
    /// - Throws: ``TrustError`` with code `revocationList`.
    public static func der(pemOrDER bytes: [UInt8]) throws -> [UInt8] {
        if bytes.first == 0x30 { return bytes }
        do {
            return try PEMDocument(pemString: String(decoding: bytes, as: UTF8.self)).derBytes
        } catch {
            throw TrustError(.revocationList, "neither PEM nor DER of a revocation list")
        }
    }

    /// The list, once an issuing certificate has been shown to have signed it; nil when it did not.
    func verified(by authority: IssuingAuthority) -> RevocationList? {
        let certificate = authority.certificate
        guard let keyID = authority.keyID, certificate.subject == issuer,
            certificate.publicKey.isValidSignature(signature, for: signedBytes, signatureAlgorithm: .ecdsaWithSHA256)
        else { return nil }
        return RevocationList(list: self, issuingKeyID: keyID, firm: authority.firm)
    }

    private static let byteLimit = 65_536
}

/// A revocation list signed by an issuing certificate of the trust file.
public struct RevocationList: Sendable {
    /// The list.
    public let list: UnverifiedRevocationList
    /// Key id of the issuing key that signed it.
    public let issuingKeyID: Digest
    /// Whose issuing key that is.
    public let firm: String

    init(list: UnverifiedRevocationList, issuingKeyID: Digest, firm: String) {
        self.list = list
        self.issuingKeyID = issuingKeyID
        self.firm = firm
    }

    /// Since when this serial number is revoked, in seconds since 1970; nil when it is not on the list.
    public func sinceSeconds(serialNumber: [UInt8]) -> Int64? {
        list.entries.filter { $0.serialNumber == serialNumber }.map(\.sinceSeconds).min()
    }
}
