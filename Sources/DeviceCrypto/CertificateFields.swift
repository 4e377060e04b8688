internal import AttestationFormat

/// The parts of a Certificate (RFC 5280, 4.1), read strictly in their order.
struct CertificateFields {
    private(set) var serialNumber: [UInt8] = []
    private(set) var commonName: UTF8Text?
    private(set) var organization: UTF8Text?
    private(set) var subjectURI: UTF8Text?
    private(set) var notBeforeSeconds: Int64 = 0
    private(set) var notAfterSeconds: Int64 = 0
    /// Nil for a key that is not an uncompressed point with the name of P-256.
    private(set) var publicKey: PublicKey?
    private(set) var usages: UnverifiedCertificate.Usages = []

    private enum Identifier {
        static let commonName: [UInt8] = [0x55, 0x04, 0x03]
        static let organization: [UInt8] = [0x55, 0x04, 0x0A]
        static let subjectAlternativeName: [UInt8] = [0x55, 0x1D, 0x11]
        static let extendedKeyUsage: [UInt8] = [0x55, 0x1D, 0x25]
        /// 1.2.840.10045.2.1
        static let ecPublicKey: [UInt8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01]
        /// 1.2.840.10045.3.1.7
        static let p256: [UInt8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07]
        /// 1.3.6.1.5.5.7.3, the arc of usages.
        static let usages: [UInt8] = [0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03]
    }

    init(_ bytes: [UInt8]) throws(DERReader.Failure) {
        var outer = DERReader(bytes)
        let certificate = try outer.read(DERReader.Tag.sequence)
        try outer.finish()
        var parts = outer.inside(certificate)
        let toBeSigned = try parts.read(DERReader.Tag.sequence)
        _ = try parts.read(DERReader.Tag.sequence)
        _ = try parts.read(DERReader.Tag.bitString)
        try parts.finish()
        try readBody(parts.inside(toBeSigned))
    }

    private mutating func readBody(_ body: DERReader) throws(DERReader.Failure) {
        var reader = body
        try readVersion(&reader)
        let serial = try reader.read(DERReader.Tag.integer)
        serialNumber = reader.content(serial)
        guard !serialNumber.isEmpty else { throw DERReader.Failure(offset: serial.start) }
        _ = try reader.read(DERReader.Tag.sequence)  // signature algorithm
        _ = try reader.read(DERReader.Tag.sequence)  // issuer
        var validity = reader.inside(try reader.read(DERReader.Tag.sequence))
        notBeforeSeconds = try validity.readTime()
        notAfterSeconds = try validity.readTime()
        try validity.finish()
        try readSubject(reader.inside(try reader.read(DERReader.Tag.sequence)))
        try readPublicKey(reader.inside(try reader.read(DERReader.Tag.sequence)))
        // issuerUniqueID [1] and subjectUniqueID [2]: allowed by the standard, used by nobody.
        while let tag = reader.nextTag, tag == 0x81 || tag == 0x82 { _ = try reader.read() }
        if reader.nextTag == 0xA3 { try readExtensions(reader.inside(try reader.read())) }
        try reader.finish()
    }

    /// Version 3, the only one with extensions.
    private func readVersion(_ reader: inout DERReader) throws(DERReader.Failure) {
        let tagged = try reader.read(0xA0)
        var inner = reader.inside(tagged)
        let version = try inner.read(DERReader.Tag.integer)
        guard inner.content(version) == [2] else { throw DERReader.Failure(offset: version.start) }
        try inner.finish()
    }

    private mutating func readSubject(_ subject: DERReader) throws(DERReader.Failure) {
        var reader = subject
        while !reader.isAtEnd {
            var set = reader.inside(try reader.read(DERReader.Tag.set))
            while !set.isAtEnd {
                let start = set.position
                var attribute = set.inside(try set.read(DERReader.Tag.sequence))
                let type = attribute.content(try attribute.read(DERReader.Tag.objectIdentifier))
                let value = try attribute.read()
                try attribute.finish()
                // A second CN or O would leave open which one counts.
                if type == Identifier.commonName {
                    guard commonName == nil else { throw DERReader.Failure(offset: start) }
                    commonName = try text(value, of: attribute)
                } else if type == Identifier.organization {
                    guard organization == nil else { throw DERReader.Failure(offset: start) }
                    organization = try text(value, of: attribute)
                }
            }
        }
    }

    private func text(_ element: DERReader.Element, of reader: DERReader) throws(DERReader.Failure) -> UTF8Text {
        let isText = element.tag == DERReader.Tag.utf8String || element.tag == DERReader.Tag.printableString
            || element.tag == DERReader.Tag.ia5String
        let bytes = reader.content(element)
        guard isText, !bytes.contains(0), let text = UTF8Text(validating: bytes) else {
            throw DERReader.Failure(offset: element.start)
        }
        return text
    }

    private mutating func readPublicKey(_ information: DERReader) throws(DERReader.Failure) {
        var reader = information
        var algorithm = reader.inside(try reader.read(DERReader.Tag.sequence))
        let type = algorithm.content(try algorithm.read(DERReader.Tag.objectIdentifier))
        let key = try reader.read(DERReader.Tag.bitString)
        try reader.finish()
        guard type == Identifier.ecPublicKey, algorithm.nextTag == DERReader.Tag.objectIdentifier else { return }
        let curve = algorithm.content(try algorithm.read(DERReader.Tag.objectIdentifier))
        try algorithm.finish()
        // The first content byte of a BIT STRING counts its unused bits.
        let bits = reader.content(key)
        guard curve == Identifier.p256, bits.first == 0 else { return }
        publicKey = PublicKey(uncompressedPoint: Array(bits.dropFirst()))
    }

    private mutating func readExtensions(_ tagged: DERReader) throws(DERReader.Failure) {
        var outer = tagged
        var list = outer.inside(try outer.read(DERReader.Tag.sequence))
        try outer.finish()
        var seen: [[UInt8]] = []
        while !list.isAtEnd {
            let start = list.position
            var item = list.inside(try list.read(DERReader.Tag.sequence))
            let type = item.content(try item.read(DERReader.Tag.objectIdentifier))
            if item.nextTag == DERReader.Tag.boolean { _ = try item.read() }
            let value = try item.read(DERReader.Tag.octetString)
            try item.finish()
            // RFC 5280, 4.2: no extension twice. Sixteen are more than any of our certificates has.
            guard !seen.contains(type), seen.count < 16 else { throw DERReader.Failure(offset: start) }
            seen.append(type)
            if type == Identifier.subjectAlternativeName { try readAlternativeNames(item.inside(value)) }
            if type == Identifier.extendedKeyUsage { try readUsages(item.inside(value)) }
        }
    }

    private mutating func readAlternativeNames(_ value: DERReader) throws(DERReader.Failure) {
        var outer = value
        var names = outer.inside(try outer.read(DERReader.Tag.sequence))
        try outer.finish()
        while !names.isAtEnd {
            let name = try names.read()
            // [6] uniformResourceIdentifier, an IA5String by implicit tag.
            guard name.tag == 0x86 else { continue }
            let bytes = names.content(name)
            guard subjectURI == nil, !bytes.isEmpty, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
                let text = UTF8Text(validating: bytes)
            else { throw DERReader.Failure(offset: name.start) }
            subjectURI = text
        }
    }

    private mutating func readUsages(_ value: DERReader) throws(DERReader.Failure) {
        var outer = value
        var list = outer.inside(try outer.read(DERReader.Tag.sequence))
        try outer.finish()
        while !list.isAtEnd {
            let usage = list.content(try list.read(DERReader.Tag.objectIdentifier))
            switch usage {
            case Identifier.usages + [36]: usages.insert(.documentSigning)
            case Identifier.usages + [2]: usages.insert(.clientAuthentication)
            case Identifier.usages + [1]: usages.insert(.serverAuthentication)
            default: usages.insert(.other)
            }
        }
    }
}
