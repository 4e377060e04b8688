public import AttestationFormat
internal import MerkleTree

/// A PKCS#10 request (RFC 2986) for a certificate over a key of ours, signed by that key: proof that we have it.
///
/// Written here and not by mbedTLS, whose reader of names (`mbedtls_x509_string_to_names`) has faults in 2.28 that nobody mends any more.
public struct CertificateRequest {
    private enum Identifier {
        static let commonName: [UInt8] = [0x55, 0x04, 0x03]
        static let organization: [UInt8] = [0x55, 0x04, 0x0A]
        static let subjectAlternativeName: [UInt8] = [0x55, 0x1D, 0x11]
        /// 1.2.840.113549.1.9.14
        static let extensionRequest: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x0E]
        /// 1.2.840.10045.2.1
        static let ecPublicKey: [UInt8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01]
        /// 1.2.840.10045.3.1.7
        static let p256: [UInt8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07]
        /// 1.2.840.10045.4.3.2
        static let ecdsaWithSHA256: [UInt8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02]
    }

    /// What the key signs (RFC 2986, CertificationRequestInfo), in DER.
    public let bytesToSign: [UInt8]

    /// Subject `O=<firm>, CN=<gateway id>` as UTF8String, and an extension request.
    ///
    /// - Parameter subjectURI: the issuer URI for the SAN, which a renewal repeats (RFC 7030, 4.2.2); nil: none is asked for, as in a first
    ///   enrolment, where the gateway does not know its alliance yet.
    public init(for gateway: GatewayID, subjectURI: UTF8Text?, publicKey: PublicKey) {
        bytesToSign = DERWriter.sequence(
            DERWriter.element(DERReader.Tag.integer, [0])
                + DERWriter.sequence(
                    Self.attribute(Identifier.organization, gateway.firm.text) + Self.attribute(Identifier.commonName, gateway.text))
                + Self.publicKeyInformation(publicKey)
                + DERWriter.element(0xA0, subjectURI.map(Self.extensionRequest) ?? []))
    }

    /// The request in DER with its signature: ecdsa-with-SHA256 over ``bytesToSign``.
    public func signed(_ signature: Signature) -> [UInt8] {
        DERWriter.sequence(
            bytesToSign + DERWriter.sequence(DERWriter.objectIdentifier(Identifier.ecdsaWithSHA256))
                + DERWriter.bitString(
                    DERWriter.sequence(DERWriter.integer(signature.r.bytes) + DERWriter.integer(signature.s.bytes))))
    }

    private static func attribute(_ type: [UInt8], _ value: UTF8Text) -> [UInt8] {
        DERWriter.element(
            DERReader.Tag.set,
            DERWriter.sequence(
                DERWriter.objectIdentifier(type) + DERWriter.element(DERReader.Tag.utf8String, value.bytes)))
    }

    /// RFC 5480, section 2: ecPublicKey with a named curve, the point uncompressed.
    private static func publicKeyInformation(_ key: PublicKey) -> [UInt8] {
        DERWriter.sequence(
            DERWriter.sequence(DERWriter.objectIdentifier(Identifier.ecPublicKey) + DERWriter.objectIdentifier(Identifier.p256))
                + DERWriter.bitString(key.uncompressedPoint))
    }

    /// RFC 2985, 5.4.2, with one uniformResourceIdentifier.
    private static func extensionRequest(_ uri: UTF8Text) -> [UInt8] {
        let names = DERWriter.sequence(DERWriter.element(0x86, uri.bytes))
        let extensions = DERWriter.sequence(
            DERWriter.sequence(
                DERWriter.objectIdentifier(Identifier.subjectAlternativeName)
                    + DERWriter.element(DERReader.Tag.octetString, names)))
        return DERWriter.sequence(
            DERWriter.objectIdentifier(Identifier.extensionRequest) + DERWriter.element(DERReader.Tag.set, extensions))
    }
}
