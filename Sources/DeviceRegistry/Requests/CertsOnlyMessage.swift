public import AllianceTrust
import Foundation
import SwiftASN1

/// Certificates as EST answers them: a CMS SignedData without content and without signatures (RFC 5652, section 5; RFC 7030, section 4.1.3).
public enum CertsOnlyMessage {
    private static let signedData: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 7, 2]
    private static let data: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 7, 1]

    /// DER. The certificates stand in the order of their bytes, as DER has sets.
    public static func der(_ certificates: [CertificateBytes]) throws -> [UInt8] {
        var coder = DER.Serializer()
        try coder.appendConstructedNode(identifier: .sequence) { information in
            try information.serialize(signedData)
            try information.appendConstructedNode(identifier: tag(0)) { content in
                try content.appendConstructedNode(identifier: .sequence) { try signedData(certificates, into: &$0) }
            }
        }
        return coder.serializedBytes
    }

    /// The DER in base64, which EST's answers have as their body (RFC 8951, section 3.1), in lines of 64 characters that `openssl base64 -d` reads.
    public static func base64(_ certificates: [CertificateBytes]) throws -> String {
        Data(try der(certificates)).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed]) + "\n"
    }

    /// SignedData: version 1, since there are X.509 certificates alone and the content type is data (RFC 5652, section 5.1).
    private static func signedData(_ certificates: [CertificateBytes], into coder: inout DER.Serializer) throws {
        try coder.serialize(1)
        coder.appendConstructedNode(identifier: .set) { _ in }
        try coder.appendConstructedNode(identifier: .sequence) { try $0.serialize(data) }
        coder.appendConstructedNode(identifier: tag(0)) { set in
            for certificate in certificates.map(\.der).sorted(by: { $0.lexicographicallyPrecedes($1) }) { set.serializeRawBytes(certificate) }
        }
        coder.appendConstructedNode(identifier: .set) { _ in }
    }

    private static func tag(_ number: UInt) -> ASN1Identifier {
        ASN1Identifier(tagWithNumber: number, tagClass: .contextSpecific)
    }
}
