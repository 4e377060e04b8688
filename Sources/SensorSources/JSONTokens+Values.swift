import AttestationFormat
import LogisticsEvents

/// The values that mappings ask for; nil for what is no such value.
extension JSONTokens {
    /// A number, also one in quotes, times a factor, in the quantity's integer unit.
    func number(_ token: Int, _ line: Span<UInt8>, _ quantity: Quantity, _ factor: DecimalFactor) -> Int64? {
        if quantity == .state { return flag(token, line).map { $0 ? 1 : 0 } }
        switch self[token].kind {
        case .number, .string: break
        default: return nil
        }
        do throws(FixedPoint.Failure) {
            return try factor.applied(to: line.extracting(self[token].range), decimals: quantity.description.decimals)
        } catch {
            return nil
        }
    }

    /// Yes or no: true and false, 1 and 0, and the words that devices use.
    func flag(_ token: Int, _ line: Span<UInt8>) -> Bool? {
        let text = line.extracting(self[token].range)
        switch self[token].kind {
        case .isTrue: return true
        case .isFalse: return false
        case .number: return text.isExactly("1") ? true : text.isExactly("0") ? false : nil
        case .string: return text.isExactly("ON") || text.isExactly("on") ? true : text.isExactly("OFF") || text.isExactly("off") ? false : nil
        default: return nil
        }
    }

    /// A RuuviTag's measurement in hex digits.
    func ruuvi(_ token: Int, _ line: Span<UInt8>) -> RuuviMeasurement? {
        guard case .string = self[token].kind else { return nil }
        return HexText.bytes(line.extracting(self[token].range)).flatMap { RuuviMeasurement($0) }
    }
}

/// Bytes written as hex digits.
enum HexText {
    /// Nil for an odd number of digits, and for what is no digit.
    static func bytes(_ text: Span<UInt8>) -> [UInt8]? {
        guard text.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        var index = 0
        while index < text.count {
            guard let high = JSONGrammar.hexValue(text[index]), let low = JSONGrammar.hexValue(text[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
            index += 2
        }
        return bytes
    }
}
