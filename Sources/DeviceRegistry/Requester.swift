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

    /// nil: not a command on the registry's own machine.
    var account: LocalAccount? { address.flatMap { LocalAccount($0) } }
}

/// Whom the operating system knows to have started a command, as the audit table has it: `login:alice`.
public enum LocalAccount: Equatable, Sendable {
    /// Who logged in. It stays through sudo and runuser, and only root can change it.
    case login(String)
    /// Whom the environment says to have called sudo (SUDO_USER), where no login is known: root can say any name there.
    case sudo(String)
    /// The user that the command runs as, or a login of root or of a service: anybody may be behind it.
    case user(String)

    public var text: String {
        switch self {
        case .login(let name): "login:\(name)"
        case .sudo(let name): "\(Self.claim):\(name)"
        case .user(let name): "user:\(name)"
        }
    }

    /// nil: an address, or nothing.
    public init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let name = String(text[text.index(after: colon)...])
        switch text[..<colon] {
        case "login": self = .login(name)
        // Rows of earlier versions have the short word.
        case "sudo", Self.claim[...]: self = .sudo(name)
        case "user": self = .user(name)
        default: return nil
        }
    }

    public var name: String {
        switch self {
        case .login(let name), .sudo(let name), .user(let name): name
        }
    }

    private static let claim = "SUDO_USER"

    /// Why this account cannot be the second person to what another one asked for; nil: it can.
    ///
    /// Where the operating system knew a person, the second one must be known no less: a login for a login, a login or a claim for a claim. Where it knew none,
    /// names are all that there is.
    static func refusal(of approver: LocalAccount?, asker: LocalAccount?) -> String? {
        guard let asker, let person = asker.person else { return nil }
        guard let approver, let second = approver.person else {
            return "from the account of \(person), and behind \(approver?.text ?? "this account") anybody may be, \(person) too"
        }
        guard second != person else { return "from the account of \(person), and this is that account too, whatever name is given" }
        if case .login = asker, case .sudo = approver {
            return "from the account of \(person), who had logged in, and \(approver.text) is what the environment says, where no login is known"
        }
        return nil
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
