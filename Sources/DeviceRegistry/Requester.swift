/// Who asks for something, and from where: what the audit table says of it.
public struct Requester: Equatable, Sendable {
    /// An operator's name, or the gateway id that a device gives.
    public let name: String
    /// The address that the request came from, such as `192.0.2.7`; for a command on the registry's own machine the ``LocalAccount``.
    public let address: String?

    /// Control characters become `?`, and what is longer is cut: 128 characters of name, 64 of address.
    public init(_ name: String, address: String? = nil) {
        self.name = PrintableText.line(name, limit: 128)
        self.address = address.map { PrintableText.line($0, limit: 64) }
    }

    /// An operator at the registry's own machine: what he says that he is called, and whom the operating system knows.
    public init(_ name: String, account: LocalAccount) {
        self.init(name, address: account.text)
    }

    /// The person whom the operating system knows; nil: it knows none.
    var person: String? { address.flatMap { LocalAccount($0) }?.person }
}

/// Whom the operating system knows to have started a command, as the audit table has it: `login:alice`.
public enum LocalAccount: Equatable, Sendable {
    /// Who logged in. It stays through sudo and runuser, and only root can change it.
    case login(String)
    /// Who called sudo.
    case sudo(String)
    /// The user that the command runs as: root's or a service's, behind which anybody may be.
    case user(String)

    public var text: String {
        switch self {
        case .login(let name): "login:\(name)"
        case .sudo(let name): "sudo:\(name)"
        case .user(let name): "user:\(name)"
        }
    }

    /// nil: an address, or nothing.
    public init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let name = String(text[text.index(after: colon)...])
        switch text[..<colon] {
        case "login": self = .login(name)
        case "sudo": self = .sudo(name)
        case "user": self = .user(name)
        default: return nil
        }
    }

    public var name: String {
        switch self {
        case .login(let name), .sudo(let name), .user(let name): name
        }
    }

    /// Its name where it is one person's account.
    public var person: String? {
        if case .user = self { nil } else { name }
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
