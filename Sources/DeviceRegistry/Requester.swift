/// Who asks for something, and from where: what the audit table says of it.
public struct Requester: Equatable, Sendable {
    /// An operator's name, or the gateway id that a device gives.
    public let name: String
    /// The address that the request came from, such as `192.0.2.7`; nil for a command on the registry's own machine.
    public let address: String?

    /// Control characters become `?`, and what is longer is cut: 128 characters of name, 64 of address.
    public init(_ name: String, address: String? = nil) {
        self.name = PrintableText.line(name, limit: 128)
        self.address = address.map { PrintableText.line($0, limit: 64) }
    }
}

/// A stranger's words as part of one line.
enum PrintableText {
    static func line(_ text: String, limit: Int) -> String {
        var line = ""
        var count = 0
        for scalar in text.unicodeScalars {
            guard count < limit else { return line + "…" }
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: line += "?"
            default: line.unicodeScalars.append(scalar)
            }
            count += 1
        }
        return line
    }
}
