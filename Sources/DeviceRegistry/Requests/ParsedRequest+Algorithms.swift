import enum Crypto.P256
import SwiftASN1

extension ParsedRequest {
    private static let ecPublicKey: ASN1ObjectIdentifier = [1, 2, 840, 10045, 2, 1]
    private static let prime256v1: ASN1ObjectIdentifier = [1, 2, 840, 10045, 3, 1, 7]
    /// rsaEncryption and RSASSA-PSS (RFC 8017).
    private static let rsaKeys: [ASN1ObjectIdentifier] = [[1, 2, 840, 113549, 1, 1, 1], [1, 2, 840, 113549, 1, 1, 10]]
    private static let ecdsaWithSHA256: ASN1ObjectIdentifier = [1, 2, 840, 10045, 4, 3, 2]
    /// With SHA-1: ECDSA, RSA (two numbers), DSA. With MD5 and MD2: RSA.
    private static let weak: [ASN1ObjectIdentifier] = [
        [1, 2, 840, 10045, 4, 1], [1, 2, 840, 113549, 1, 1, 5], [1, 3, 14, 3, 2, 29], [1, 2, 840, 10040, 4, 3],
        [1, 2, 840, 113549, 1, 1, 4], [1, 2, 840, 113549, 1, 1, 2],
    ]
    private static let nextStep = "make a P-256 key: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256"

    /// The key, a point of P-256.
    ///
    /// - Throws: ``RegistryError`` with code `rsaKey`, `otherCurve`, `otherKey` or `requestForm`.
    func checkedKey() throws -> P256.Signing.PublicKey {
        let identifier = key.algorithm.identifier
        guard !Self.rsaKeys.contains(identifier) else {
            throw RegistryError(.rsaKey, "the request has an RSA key; only P-256 is certified", nextStep: Self.nextStep)
        }
        guard identifier == Self.ecPublicKey else {
            throw RegistryError(
                .otherKey, "the request has a key of another kind (\(identifier)); only P-256 is certified", nextStep: Self.nextStep)
        }
        guard let parameters = key.algorithm.parameters, let curve = try? ASN1ObjectIdentifier(derEncoded: parameters) else {
            throw RegistryError(.otherCurve, "the request's key does not name its curve; only P-256 is certified", nextStep: Self.nextStep)
        }
        guard curve == Self.prime256v1 else {
            throw RegistryError(
                .otherCurve, "the request's key is on the curve \(Self.name(of: curve)); only P-256 is certified", nextStep: Self.nextStep)
        }
        guard key.bits.paddingBits == 0, let point = try? P256.Signing.PublicKey(x963Representation: key.bits.bytes) else {
            throw Self.malformed("its key is no uncompressed point of P-256")
        }
        return point
    }

    /// - Throws: ``RegistryError`` with code `weakHash` or `otherAlgorithm`.
    func checkAlgorithm() throws {
        guard !Self.weak.contains(algorithm) else {
            throw RegistryError(
                .weakHash, "the request is signed with SHA-1 or MD5, which others can forge", nextStep: "sign it with SHA-256: openssl req -sha256")
        }
        guard algorithm == Self.ecdsaWithSHA256 else {
            throw RegistryError(
                .otherAlgorithm, "the request is signed with another algorithm (\(algorithm)) than ecdsa-with-SHA256",
                nextStep: "sign it with SHA-256: openssl req -sha256")
        }
    }

    private static func name(of curve: ASN1ObjectIdentifier) -> String {
        switch curve {
        case [1, 3, 132, 0, 34]: "P-384"
        case [1, 3, 132, 0, 35]: "P-521"
        case [1, 3, 132, 0, 33]: "P-224"
        case [1, 3, 132, 0, 10]: "secp256k1"
        default: "\(curve)"
        }
    }
}
