/// What a person says about a broker's configuration; all the rest of it follows from the alliance.
struct BrokerSettings: Equatable {
    var port: Int?
    var bindAddress: String?
    var user: String?
    var persistence: String?
    var installedAt: String?

    /// - Parameter writtenAt: the folder of the text; a configuration for there needs no `installedAt`.
    /// - Returns: nil for a configuration that ``BrokerConfiguration`` did not write: what it means is not known here.
    init?(reading text: String, writtenAt: String) {
        guard text.hasPrefix(BrokerConfiguration.firstWords) else { return nil }
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 1).map(String.init)
            guard words.count == 2 else { continue }
            let value = words[1]
            switch words[0] {
            case "listener":
                let parts = value.split(separator: " ", maxSplits: 1).map(String.init)
                port = parts.first.flatMap { Int($0) }
                bindAddress = parts.count > 1 ? parts[1] : nil
            case "user": user = value
            case "persistence_location": persistence = value.count > 1 && value.hasSuffix("/") ? String(value.dropLast()) : value
            case "cafile" where value.hasSuffix("/link-ca.crt"):
                let folder = String(value.dropLast("/link-ca.crt".count))
                installedAt = folder == writtenAt ? nil : folder
            default: break
            }
        }
        if port == AllianceBrokerConfig.usualPort { port = nil }
    }

    init(port: Int?, bindAddress: String?, user: String?, persistence: String?, installedAt: String?) {
        self.port = port
        self.bindAddress = bindAddress
        self.user = user
        self.persistence = persistence
        self.installedAt = installedAt
    }

    /// These, and what only the former ones say; that also as the options that would say it.
    func keeping(_ former: BrokerSettings) -> (BrokerSettings, kept: [String]) {
        var all = self
        var kept: [String] = []
        func keep<Value>(_ member: WritableKeyPath<BrokerSettings, Value?>, _ option: String) {
            guard all[keyPath: member] == nil, let value = former[keyPath: member] else { return }
            all[keyPath: member] = value
            kept.append("\(option) \(TerminalStyle.safe("\(value)"))")
        }
        keep(\.installedAt, "--installed-at")
        keep(\.port, "--port")
        keep(\.bindAddress, "--bind")
        keep(\.persistence, "--persistence")
        keep(\.user, "--user")
        return (all, kept)
    }
}
