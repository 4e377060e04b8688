/// A certs-only CMS message (RFC 5652, 5.1; RFC 7030, 4.2.3): the answer of an EST server, with one certificate and nothing else in it.
///
/// The structure must be exactly this one. What a certificate says is for ``UnverifiedCertificate``.
public enum CertificatesOnly {
    /// 1.2.840.113549.1.7.2
    private static var signedData: [UInt8] { [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02] }
    /// 1.2.840.113549.1.7.1
    private static var data: [UInt8] { [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01] }

    /// The certificates in DER, in their order.
    ///
    /// - Parameter limit: the most that are taken.
    /// - Throws: `certificateMalformed` with the offset: signed data of another version, with a content, a digest, a signer, a
    ///   revocation list, none or too many certificates, or bytes left over.
    public static func certificates(in bytes: [UInt8], limit: Int) throws(DeviceCryptoError) -> [[UInt8]] {
        do throws(DERReader.Failure) {
            return try read(bytes, limit)
        } catch {
            throw DeviceCryptoError(.certificateMalformed(offset: error.offset))
        }
    }

    private static func read(_ bytes: [UInt8], _ limit: Int) throws(DERReader.Failure) -> [[UInt8]] {
        var outer = DERReader(bytes)
        var message = outer.inside(try outer.read(DERReader.Tag.sequence))
        try outer.finish()
        try requireIdentifier(signedData, &message)
        var tagged = message.inside(try message.read(0xA0))
        try message.finish()
        var signed = tagged.inside(try tagged.read(DERReader.Tag.sequence))
        try tagged.finish()
        // Version 1: nothing but X.509 certificates (RFC 5652, 5.1).
        let version = try signed.read(DERReader.Tag.integer)
        guard signed.content(version) == [1] else { throw DERReader.Failure(offset: version.start) }
        try requireEmpty(DERReader.Tag.set, &signed)
        var content = signed.inside(try signed.read(DERReader.Tag.sequence))
        try requireIdentifier(data, &content)
        try content.finish()
        let set = try signed.read(0xA0)
        // A list of revocation lists without any: some servers write it.
        if signed.nextTag == 0xA1 { try requireEmpty(0xA1, &signed) }
        try requireEmpty(DERReader.Tag.set, &signed)
        try signed.finish()
        return try readSet(signed.inside(set), limit)
    }

    private static func readSet(_ set: DERReader, _ limit: Int) throws(DERReader.Failure) -> [[UInt8]] {
        var reader = set
        var found: [[UInt8]] = []
        repeat {
            let certificate = try reader.read(DERReader.Tag.sequence)
            guard found.count < limit else { throw DERReader.Failure(offset: certificate.start) }
            found.append(Array(reader.bytes[certificate.start..<certificate.content.upperBound]))
        } while !reader.isAtEnd
        return found
    }

    private static func requireIdentifier(_ identifier: [UInt8], _ reader: inout DERReader) throws(DERReader.Failure) {
        let element = try reader.read(DERReader.Tag.objectIdentifier)
        guard reader.content(element) == identifier else { throw DERReader.Failure(offset: element.start) }
    }

    private static func requireEmpty(_ tag: UInt8, _ reader: inout DERReader) throws(DERReader.Failure) {
        let element = try reader.read(tag)
        guard element.content.isEmpty else { throw DERReader.Failure(offset: element.start) }
    }
}
