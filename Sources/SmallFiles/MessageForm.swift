/// Messages as constants, with places for what was seen: one table of them is a fraction of the code that joins pieces.
public enum MessageForm {
    /// Fills in `@` by a text and `^` by a number.
    ///
    /// - Parameters:
    ///   - form: what happened, and behind a `|`, where there is one, the step.
    ///   - isStep: whether the part behind the `|` is wanted.
    public static func filled(_ form: StaticString, isStep: Bool = false, text: String = "", number: Int64 = 0) -> String {
        var out: [UInt8] = []
        var isBehind = false
        for index in 0..<form.utf8CodeUnitCount {
            let byte = form.utf8Start[index]
            if byte == UInt8(ascii: "|") {
                isBehind = true
            } else if isBehind == isStep {
                switch byte {
                case UInt8(ascii: "@"): out.append(contentsOf: text.utf8)
                case UInt8(ascii: "^"): out.append(contentsOf: String(number).utf8)
                default: out.append(byte)
                }
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
