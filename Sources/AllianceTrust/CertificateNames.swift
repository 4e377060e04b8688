internal import SwiftASN1
internal import X509

/// What the alliance's certificates are called (wire-format.md, section 8).
enum CertificateNames {
    /// Extended key usage documentSigning, RFC 9336.
    static let documentSigning: ASN1ObjectIdentifier = [1, 3, 6, 1, 5, 5, 7, 3, 36]

    static func name(organisation: String, common: String) throws -> DistinguishedName {
        try DistinguishedName {
            OrganizationName(organisation)
            CommonName(common)
        }
    }

    /// The constraint of a firm's issuing certificate: `O=<firm>` and what lies below it.
    static func constraint(to firm: String) throws -> NameConstraints {
        NameConstraints(permittedSubtrees: [.directoryName(try DistinguishedName { OrganizationName(firm) })])
    }

    /// The single value of one attribute; nil where it is absent or stands more than once.
    static func value(of type: ASN1ObjectIdentifier, in name: DistinguishedName) -> String? {
        var found: String?
        for relativeName in name {
            for attribute in relativeName where attribute.type == type {
                guard found == nil else { return nil }
                guard let text = String(attribute.value) else { return nil }
                found = text
            }
        }
        return found
    }

    static func organisation(of name: DistinguishedName) -> String? {
        value(of: .RDNAttributeType.organizationName, in: name)
    }

    /// Whether the first relative name is one O alone.
    static func beginsWithOrganisation(_ name: DistinguishedName) -> Bool {
        guard let first = name.first, first.count == 1 else { return false }
        return first.allSatisfy { $0.type == .RDNAttributeType.organizationName }
    }

    static func commonName(of name: DistinguishedName) -> String? {
        value(of: .RDNAttributeType.commonName, in: name)
    }
}
