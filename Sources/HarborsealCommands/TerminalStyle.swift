/// Colours and widths, on a terminal only: what goes into a pipe or a file is plain.
public struct TerminalStyle: Equatable, Sendable {
    /// Whether the output is a terminal that shows colours.
    public var usesColour: Bool
    /// How many characters a line may have; nil where it is no terminal, and lines are for programs and files.
    public var columnCount: Int?

    public init(usesColour: Bool, columnCount: Int? = nil) {
        self.usesColour = usesColour
        self.columnCount = columnCount
    }

    /// No colours.
    public static let plain = TerminalStyle(usesColour: false)

    enum Colour: Int {
        case red = 31
        case green = 32
        case yellow = 33
        case blue = 34
        case dim = 2
        case bold = 1
    }

    func paint(_ text: String, _ colour: Colour) -> String {
        usesColour ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// Text that came from outside, safe to show: control characters could move the cursor and forge a verdict.
    static func safe(_ text: String) -> String {
        var shown = ""
        for scalar in text.unicodeScalars {
            let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
            let isDirection = (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
            if isControl || isDirection {
                shown += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }

    /// At most `width` characters; what is longer ends with an ellipsis.
    static func cut(_ text: String, to width: Int) -> String {
        text.count <= width ? text : text.prefix(max(0, width - 1)) + "…"
    }

    static func padded(_ text: String, to width: Int) -> String {
        text.count >= width ? text : text + String(repeating: " ", count: width - text.count)
    }
}
