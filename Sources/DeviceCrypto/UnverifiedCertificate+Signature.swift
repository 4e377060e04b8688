public import AttestationFormat

extension UnverifiedCertificate {
    /// Whether a key signed it with ECDSA and SHA-256: all of a chain that a gateway can judge by itself. What the issuer may certify is for
    /// nodes and verifiers, who know its certificate.
    public func isSigned(by key: PublicKey) -> Bool {
        do throws(DERReader.Failure) {
            var outer = DERReader(derBytes)
            var parts = outer.inside(try outer.read(DERReader.Tag.sequence))
            let body = try parts.read(DERReader.Tag.sequence)
            _ = try parts.read(DERReader.Tag.sequence)
            // The first content byte of a BIT STRING counts its unused bits; ECDSA-Sig-Value (RFC 3279, 2.2.3) stands behind it.
            var bits = DERReader(Array(parts.content(try parts.read(DERReader.Tag.bitString)).dropFirst()))
            var pair = bits.inside(try bits.read(DERReader.Tag.sequence))
            let signature = try Self.number(&pair) + Self.number(&pair)
            return P256Verifier(publicKey: key)?.isValid(rawSignature: signature, for: Array(derBytes[body.start..<body.content.upperBound])) ?? false
        } catch {
            return false
        }
    }

    /// An INTEGER as 32 bytes.
    private static func number(_ reader: inout DERReader) throws(DERReader.Failure) -> [UInt8] {
        let element = try reader.read(DERReader.Tag.integer)
        let digits = reader.content(element).drop { $0 == 0 }
        guard digits.count <= 32 else { throw DERReader.Failure(offset: element.start) }
        return [UInt8](repeating: 0, count: 32 - digits.count) + digits
    }
}
