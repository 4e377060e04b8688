public import AttestationFormat

/// What an X.509 certificate (RFC 5280) says of itself. Nobody's signature over it has been checked here: the gateway uses
/// it to learn what its own certificates say, and which key the alliance's root has.
///
/// It reads subject, names, validity, usage and key, and passes over all other extensions, critical or not: trust is judged
/// by nodes and verifiers.
///
/// A class, since it has nine fields and goes through many hands: a copy is a reference.
public final class UnverifiedCertificate: Equatable, Sendable {
    /// The certificate as it was read, in DER.
    public let derBytes: [UInt8]
    /// The serial number's content bytes, big-endian, two's complement as DER has them.
    public let serialNumber: [UInt8]
    /// Subject's common name (CN); nil if it has none.
    public let commonName: UTF8Text?
    /// Subject's organization (O); nil if it has none.
    public let organization: UTF8Text?
    /// The one URI among the subject's alternative names; nil if it has none.
    public let subjectURI: UTF8Text?
    /// Valid from this second on, since 1970-01-01Z.
    public let notBeforeSeconds: Int64
    /// Valid through this second, since 1970-01-01Z.
    public let notAfterSeconds: Int64
    /// The key that is certified, a point on P-256.
    public let publicKey: PublicKey
    /// What the extended key usage allows; empty if there is no such extension.
    public let usages: Usages

    /// Extended key usages that this project knows (wire-format.md, section 8).
    public struct Usages: OptionSet, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        /// documentSigning (RFC 9336): a seal certificate.
        public static let documentSigning = Usages(rawValue: 1)
        /// clientAuth: a link certificate.
        public static let clientAuthentication = Usages(rawValue: 2)
        /// serverAuth: a broker's or node's certificate.
        public static let serverAuthentication = Usages(rawValue: 4)
        /// Some other usage.
        public static let other = Usages(rawValue: 8)
    }

    /// The most bytes of a certificate: ours have about 500.
    public static let byteLimit = 16_384

    /// Reads a certificate in DER.
    ///
    /// - Throws: `certificateMalformed` with the offset, `certificateNotP256`.
    public init(der bytes: [UInt8]) throws(DeviceCryptoError) {
        guard bytes.count <= UnverifiedCertificate.byteLimit else { throw DeviceCryptoError(.certificateMalformed(offset: 0)) }
        let fields: CertificateFields
        do throws(DERReader.Failure) {
            fields = try CertificateFields(bytes)
        } catch {
            throw DeviceCryptoError(.certificateMalformed(offset: error.offset))
        }
        guard let publicKey = fields.publicKey, P256Verifier(publicKey: publicKey) != nil else {
            throw DeviceCryptoError(.certificateNotP256)
        }
        derBytes = bytes
        serialNumber = fields.serialNumber
        commonName = fields.commonName
        organization = fields.organization
        subjectURI = fields.subjectURI
        notBeforeSeconds = fields.notBeforeSeconds
        notAfterSeconds = fields.notAfterSeconds
        self.publicKey = publicKey
        usages = fields.usages
    }

    /// Whether a moment lies within the validity.
    public func isValid(atSeconds seconds: Int64) -> Bool {
        notBeforeSeconds <= seconds && seconds <= notAfterSeconds
    }

    /// Whether they are the same bytes: all else follows from these.
    public static func == (left: UnverifiedCertificate, right: UnverifiedCertificate) -> Bool { left.derBytes == right.derBytes }
}
