/// `"batch \(count) of \(name)"` as bytes: one small writer for all messages, where String's own interpolation would put its
/// growing and joining into every place that uses it.
extension UTF8Text: ExpressibleByStringInterpolation {
    public init(stringInterpolation: Interpolation) {
        self.init(validated: stringInterpolation.bytes)
    }

    /// Collects the parts.
    public struct Interpolation: StringInterpolationProtocol {
        fileprivate var bytes: [UInt8] = []

        @inline(__always)
        public init(literalCapacity: Int, interpolationCount: Int) {}

        @inline(never)
        public mutating func appendLiteral(_ literal: StaticString) {
            literal.withUTF8Buffer { bytes.append(contentsOf: $0) }
        }

        @inline(never)
        public mutating func appendInterpolation(_ text: UTF8Text) {
            bytes.append(contentsOf: text.bytes)
        }

        public mutating func appendInterpolation(_ text: FixedText) {
            appendInterpolation(text.text)
        }

        @inline(never)
        public mutating func appendInterpolation(_ text: String) {
            bytes.append(contentsOf: text.utf8)
        }

        public mutating func appendInterpolation(_ value: some CustomStringConvertible) {
            appendInterpolation(value.description)
        }

        public mutating func appendInterpolation(_ number: Int) {
            appendInterpolation(Int64(number))
        }

        @inline(never)
        public mutating func appendInterpolation(_ number: Int64) {
            if number < 0 { bytes.append(UInt8(ascii: "-")) }
            appendInterpolation(number.magnitude)
        }

        @inline(never)
        public mutating func appendInterpolation(_ number: UInt64) {
            var digits: [UInt8] = []
            var rest = number
            repeat {
                digits.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
                rest /= 10
            } while rest > 0
            while let digit = digits.popLast() { bytes.append(digit) }
        }
    }
}
