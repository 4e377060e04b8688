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

    /// The certificates of a message in base64, line ends and blanks ignored.
    ///
    /// - Throws: ``RegistryError`` with code `requestForm`.
    public static func certificates(base64 body: [UInt8]) throws -> [CertificateBytes] {
        let text = body.filter { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        guard !text.isEmpty, let message = Data(base64Encoded: Data(text)) else { throw malformed("it is no base64") }
        do {
            return try DER.sequence(DER.parse([UInt8](message)), identifier: .sequence) { nodes in
                guard try ASN1ObjectIdentifier(derEncoded: &nodes) == signedData else { throw malformed("it is no SignedData") }
                return try DER.explicitlyTagged(&nodes, tagNumber: 0, tagClass: .contextSpecific) { try certificates(signedData: $0) }
            }
        } catch let error as RegistryError {
            throw error
        } catch {
            throw malformed(DERFault.words(error))
        }
    }

    private static func certificates(signedData node: ASN1Node) throws -> [CertificateBytes] {
        try DER.sequence(node, identifier: .sequence) { nodes in
            _ = try Int(derEncoded: &nodes)
            var found: [CertificateBytes] = []
            while let next = nodes.next() {
                guard next.identifier == tag(0), case .constructed(let certificates) = next.content else { continue }
                found += certificates.map { CertificateBytes(der: Array($0.encodedBytes)) }
            }
            return found
        }
    }

    private static func malformed(_ words: String) -> RegistryError {
        RegistryError(.requestForm, "the answer holds no certificates: \(words)")
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
