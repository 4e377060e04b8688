#if hasFeature(Embedded)
// String's joining in one copy for interpolations: the standard library's is inlined at each literal and each value of each
// message, at a hundred bytes a part. These overloads are chosen before its own, and do the same.
extension DefaultStringInterpolation {
    @inline(never)
    public mutating func appendLiteral(_ literal: String) {
        write(literal)
    }

    @inline(never)
    public mutating func appendInterpolation(_ text: String) {
        write(text)
    }

    @inline(never)
    public mutating func appendInterpolation(_ text: StaticString) {
        text.withUTF8Buffer { write(String(decoding: $0, as: UTF8.self)) }
    }

    @inline(never)
    public mutating func appendInterpolation(_ number: Int64) {
        write(("\(number)" as UTF8Text).string)
    }

    @inline(never)
    public mutating func appendInterpolation(_ number: UInt64) {
        write(("\(number)" as UTF8Text).string)
    }

    public mutating func appendInterpolation(_ number: Int) {
        appendInterpolation(Int64(number))
    }

    public mutating func appendInterpolation(_ number: Int32) {
        appendInterpolation(Int64(number))
    }
}
#endif
