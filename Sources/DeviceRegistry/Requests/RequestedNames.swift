import AttestationFormat
import SwiftASN1
import X509

/// The names that a request asks for: its subject, and the alternative names among the extensions that it wishes.
struct RequestedNames: Sendable {
    private let subject: DistinguishedName
    private let alternatives: [GeneralName]

    /// extensionRequest, PKCS#9 (RFC 2985, section 5.4.2).
    private static let extensionRequest: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 9, 14]

    /// - Throws: ``RegistryError`` with code `requestForm` when the wishes are not given once.
    init(subject: DistinguishedName, attributes: [CertificateSigningRequest.Attribute]) throws {
        self.subject = subject
        let wishes = attributes.filter { $0.oid == Self.extensionRequest }
        guard wishes.count <= 1 else { throw ParsedRequest.malformed("it has two lists of extensions") }
        guard let wish = wishes.first else {
            alternatives = []
            return
        }
        let extensions = try ExtensionRequest(wish).extensions
        let names = extensions.filter { $0.oid == .X509ExtensionID.subjectAlternativeName }
        guard names.count <= 1 else { throw ParsedRequest.malformed("it has two lists of alternative names") }
        alternatives = try names.first.map { Array(try SubjectAlternativeNames($0)) } ?? []
    }

    /// A name that is not this gateway's, in words; nil when all are, or none is asked for.
    func foreign(to gateway: GatewayName) -> String? {
        for relativeName in subject {
            for attribute in relativeName {
                let expected: UTF8Text? =
                    switch attribute.type {
                    case .RDNAttributeType.commonName: gateway.gatewayID.text
                    case .RDNAttributeType.organizationName: gateway.firm.text
                    default: nil
                    }
                // Bytes are compared: text that only looks the same is another name.
                guard let expected, let value = String(attribute.value), UTF8Text(value) == expected else { return "\(subject)" }
            }
        }
        for name in alternatives {
            guard case .uniformResourceIdentifier(let uri) = name, UTF8Text(uri) == gateway.issuer else { return "\(name)" }
        }
        return nil
    }
}
