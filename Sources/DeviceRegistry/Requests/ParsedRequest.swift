import enum Crypto.P256
import SwiftASN1
import X509

/// CertificationRequest (RFC 2986, section 4.2), with the bytes that were signed kept as received.
struct ParsedRequest: DERParseable {
    let names: RequestedNames
    let key: RequestedKey
    let signedBytes: ArraySlice<UInt8>
    let algorithm: ASN1ObjectIdentifier
    let signature: ArraySlice<UInt8>

    init(derEncoded node: ASN1Node) throws {
        self = try DER.sequence(node, identifier: .sequence) { nodes in
            guard let information = nodes.next() else { throw Self.malformed("it is empty") }
            let (names, key) = try Self.information(information)
            let algorithm = try AlgorithmIdentifier(derEncoded: &nodes)
            let signature = try ASN1BitString(derEncoded: &nodes)
            guard signature.paddingBits == 0 else { throw Self.malformed("its signature is not whole bytes") }
            return ParsedRequest(
                names: names, key: key, signedBytes: information.encodedBytes, algorithm: algorithm.identifier, signature: signature.bytes)
        }
    }

    private init(
        names: RequestedNames, key: RequestedKey, signedBytes: ArraySlice<UInt8>, algorithm: ASN1ObjectIdentifier, signature: ArraySlice<UInt8>
    ) {
        (self.names, self.key, self.signedBytes, self.algorithm, self.signature) = (names, key, signedBytes, algorithm, signature)
    }

    /// CertificationRequestInfo.
    private static func information(_ node: ASN1Node) throws -> (RequestedNames, RequestedKey) {
        try DER.sequence(node, identifier: .sequence) { nodes in
            guard try Int(derEncoded: &nodes) == 0 else { throw malformed("its version is not 1") }
            guard let subjectNode = nodes.next() else { throw malformed("it names no subject, not even an empty one") }
            let subject = try DistinguishedName(derEncoded: subjectNode)
            let key = try RequestedKey(derEncoded: &nodes)
            var attributes: [CertificateSigningRequest.Attribute] = []
            // The attributes are mandatory and may be an empty set; some writers leave them out.
            if let set = nodes.next() {
                let identifier = ASN1Identifier(tagWithNumber: 0, tagClass: .contextSpecific)
                attributes = try DER.set(of: CertificateSigningRequest.Attribute.self, identifier: identifier, rootNode: set)
            }
            return (try RequestedNames(subject: subject, attributes: attributes), key)
        }
    }

    static func malformed(_ what: String) -> RegistryError {
        RegistryError(.requestForm, "the request is no PKCS#10 that is read here: \(what)", nextStep: "make it anew: openssl req -new -key KEY")
    }
}

/// SubjectPublicKeyInfo (RFC 5280, section 4.1), not judged yet.
struct RequestedKey: DERParseable {
    let algorithm: AlgorithmIdentifier
    let bits: ASN1BitString

    init(derEncoded node: ASN1Node) throws {
        self = try DER.sequence(node, identifier: .sequence) { nodes in
            RequestedKey(algorithm: try AlgorithmIdentifier(derEncoded: &nodes), bits: try ASN1BitString(derEncoded: &nodes))
        }
    }

    private init(algorithm: AlgorithmIdentifier, bits: ASN1BitString) {
        (self.algorithm, self.bits) = (algorithm, bits)
    }
}

/// AlgorithmIdentifier (RFC 5280, section 4.1.1.2).
struct AlgorithmIdentifier: DERParseable {
    let identifier: ASN1ObjectIdentifier
    /// nil: absent.
    let parameters: ASN1Node?

    init(derEncoded node: ASN1Node) throws {
        self = try DER.sequence(node, identifier: .sequence) { nodes in
            AlgorithmIdentifier(identifier: try ASN1ObjectIdentifier(derEncoded: &nodes), parameters: nodes.next())
        }
    }

    private init(identifier: ASN1ObjectIdentifier, parameters: ASN1Node?) {
        (self.identifier, self.parameters) = (identifier, parameters)
    }
}
