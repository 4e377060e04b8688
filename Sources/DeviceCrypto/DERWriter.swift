/// Writes DER (X.690) of what a certificate request needs.
enum DERWriter {
    /// One element: tag, length in its shortest form, content. At most 65,535 bytes of content, which is a hundred requests.
    static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = [tag]
        let count = content.count
        if count >= 0x100 {
            bytes.append(0x82)
            bytes.append(UInt8(truncatingIfNeeded: count >> 8))
        } else if count >= 0x80 {
            bytes.append(0x81)
        }
        bytes.append(UInt8(truncatingIfNeeded: count))
        bytes.append(contentsOf: content)
        return bytes
    }

    static func sequence(_ content: [UInt8]) -> [UInt8] { element(DERReader.Tag.sequence, content) }

    static func objectIdentifier(_ content: [UInt8]) -> [UInt8] { element(DERReader.Tag.objectIdentifier, content) }

    /// A positive number of 32 bytes, big-endian, without the zeros in front that DER forbids.
    static func integer(_ bytes: [UInt8]) -> [UInt8] {
        var content = Array(bytes.drop { $0 == 0 })
        if (content.first ?? 0x80) >= 0x80 { content.insert(0, at: 0) }
        return element(DERReader.Tag.integer, content)
    }

    /// Whole bytes as a BIT STRING.
    static func bitString(_ bytes: [UInt8]) -> [UInt8] { element(DERReader.Tag.bitString, [0] + bytes) }
}
