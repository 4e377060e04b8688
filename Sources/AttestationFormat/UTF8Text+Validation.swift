extension UTF8Text {
    /// Whether the bytes in `range` are UTF-8 by RFC 3629: shortest forms only, no surrogates, nothing above U+10FFFF.
    static func isValid(_ bytes: Span<UInt8>, in range: Range<Int>) -> Bool {
        var position = range.lowerBound
        while position < range.upperBound {
            let lead = bytes[position]
            if lead < 0x80 {
                position += 1
                continue
            }
            guard let form = SequenceForm(lead: lead), form.continuationCount < range.upperBound - position else {
                return false
            }
            guard form.secondByte.contains(bytes[position + 1]) else { return false }
            for offset in 1..<(form.continuationCount + 1) where bytes[position + offset] & 0xC0 != 0x80 {
                return false
            }
            position += 1 + form.continuationCount
        }
        return true
    }
}

/// What may follow a lead byte (RFC 3629, section 4). The second byte's range excludes overlong forms and surrogates.
private struct SequenceForm {
    let continuationCount: Int
    let secondByte: ClosedRange<UInt8>

    init?(lead: UInt8) {
        switch lead {
        case 0xC2...0xDF: self.init(1, 0x80...0xBF)
        case 0xE0: self.init(2, 0xA0...0xBF)
        case 0xE1...0xEC, 0xEE, 0xEF: self.init(2, 0x80...0xBF)
        case 0xED: self.init(2, 0x80...0x9F)
        case 0xF0: self.init(3, 0x90...0xBF)
        case 0xF1...0xF3: self.init(3, 0x80...0xBF)
        case 0xF4: self.init(3, 0x80...0x8F)
        default: return nil
        }
    }

    private init(_ continuationCount: Int, _ secondByte: ClosedRange<UInt8>) {
        self.continuationCount = continuationCount
        self.secondByte = secondByte
    }
}
