/// A certificate revocation list (RFC 5280, section 5), as far as a gateway asks one for its own certificates.
public enum RevocationList {
    /// Whether a list in DER names a serial number; nil for what is no list. Nobody's signature over it is checked: whoever brings it is believed
    /// or not.
    public static func names(_ serialNumber: [UInt8], in bytes: [UInt8]) -> Bool? { try? find(serialNumber, bytes) }

    private static func find(_ serialNumber: [UInt8], _ bytes: [UInt8]) throws(DERReader.Failure) -> Bool {
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
                if entry.content(try entry.read(DERReader.Tag.integer)) == serialNumber { return true }
            }
        }
        return false
    }
}
