import AttestationFormat
import Crypto
import SwiftASN1
import X509

/// A key that a gateway would have made, and requests for it.
public struct TestDeviceKey: Sendable {
    private let key = P256.Signing.PrivateKey()

    public init() {}

    /// 04, x, y.
    public var point: [UInt8] { Array(key.publicKey.x963Representation) }

    /// A request in DER without names, or with a common name. Each call signs anew, so that two differ in their bytes.
    public func request(commonName: String? = nil) throws -> [UInt8] {
        let subject = try DistinguishedName {
            if let commonName { CommonName(commonName) }
        }
        let request = try CertificateSigningRequest(
            version: .v1, subject: subject, privateKey: Certificate.PrivateKey(key), attributes: CertificateSigningRequest.Attributes(),
            signatureAlgorithm: .ecdsaWithSHA256)
        var coder = DER.Serializer()
        try coder.serialize(request)
        return coder.serializedBytes
    }
}
