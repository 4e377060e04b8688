/// A certificate revocation list (RFC 5280, section 5), as far as a gateway asks one for its own certificates.
public enum RevocationList {
    /// What a list says of a certificate.
    public enum Entry: Equatable, Sendable {
        case absent
        case revoked
        /// Another certificate took its place then, in seconds since 1970 (reason code `superseded`, section 5.3.1): nobody said anything against it.
        case superseded(Int64)
    }

    /// What a list in DER says of a serial number; nil for what is no list. Nobody's signature over it is checked: whoever brings it is believed
    /// or not.
    public static func entry(of serialNumber: [UInt8], in bytes: [UInt8]) -> Entry? { try? find(serialNumber, bytes) }

    private static func find(_ serialNumber: [UInt8], _ bytes: [UInt8]) throws(DERReader.Failure) -> Entry {
        var outer = DERReader(bytes)
        var parts = outer.inside(try outer.read(DERReader.Tag.sequence))
        var body = parts.inside(try parts.read(DERReader.Tag.sequence))
        if body.nextTag == DERReader.Tag.integer { _ = try body.read() }
        _ = try body.read(DERReader.Tag.sequence)  // signature algorithm
        _ = try body.read(DERReader.Tag.sequence)  // issuer
        _ = try body.readTime()
        // nextUpdate and the entries may both be missing.
        while let tag = body.nextTag {
            let element = try body.read()
            guard tag == DERReader.Tag.sequence else { continue }
            var entries = body.inside(element)
            while !entries.isAtEnd {
                var entry = entries.inside(try entries.read(DERReader.Tag.sequence))
                // One that cannot be read to its end is revoked all the same.
                if entry.content(try entry.read(DERReader.Tag.integer)) == serialNumber { return (try? superseded(&entry)) ?? .revoked }
            }
        }
        return .absent
    }

    /// The rest of an entry.
    private static func superseded(_ entry: inout DERReader) throws(DERReader.Failure) -> Entry {
        let seconds = try entry.readTime()
        var extensions = entry.inside(try entry.read(DERReader.Tag.sequence))
        while !extensions.isAtEnd {
            // reasonCode, not critical, with ENUMERATED 4.
            if extensions.content(try extensions.read()) == [6, 3, 0x55, 0x1D, 0x15, 4, 3, 0x0A, 1, 4] { return .superseded(seconds) }
        }
        return .revoked
    }
}
