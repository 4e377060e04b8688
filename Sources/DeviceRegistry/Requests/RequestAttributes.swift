import SwiftASN1

/// What EST's `csrattrs` answers (RFC 7030, section 4.5.2): a request has a P-256 key and is signed with ecdsa-with-SHA256.
public enum RequestAttributes {
    /// CsrAttrs in DER.
    public static func der() throws -> [UInt8] {
        let ecPublicKey: ASN1ObjectIdentifier = [1, 2, 840, 10045, 2, 1]
        let prime256v1: ASN1ObjectIdentifier = [1, 2, 840, 10045, 3, 1, 7]
        let ecdsaWithSHA256: ASN1ObjectIdentifier = [1, 2, 840, 10045, 4, 3, 2]
        var coder = DER.Serializer()
        try coder.appendConstructedNode(identifier: .sequence) { attributes in
            try attributes.appendConstructedNode(identifier: .sequence) { attribute in
                try attribute.serialize(ecPublicKey)
                try attribute.appendConstructedNode(identifier: .set) { try $0.serialize(prime256v1) }
            }
            try attributes.serialize(ecdsaWithSHA256)
        }
        return coder.serializedBytes
    }
}
