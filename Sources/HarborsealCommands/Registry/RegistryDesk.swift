internal import AllianceTrust
internal import AttestationFormat
internal import DeviceRegistry
internal import Foundation
internal import MerkleTree

/// A registry as an operator's command has it: the same store that the server has open, and who is asking.
struct RegistryDesk {
    let configuration: RegistryConfiguration
    let registry: Registry
    let requester: Requester
    /// Of the trust file in force.
    let trustHash: Digest

    /// Opens the registry, runs `work`, and closes it.
    ///
    /// - Parameter name: who asks, for the audit table; nil: the user of this process.
    static func open<Answer>(_ configurationFile: String, by name: String?, _ work: (RegistryDesk) throws -> Answer) throws -> Answer {
        let requester = try requester(name)
        let environment = ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }
        let configuration = try RegistryConfiguration(file: configurationFile, environment: environment)
        let trustHash = SHA256.hash(try TrustFileInput.verified(configuration.trustPath).bytes)
        let registry = try OpenedRegistry.open(configuration)
        defer { try? registry.close() }
        return try work(RegistryDesk(configuration: configuration, registry: registry, requester: requester, trustHash: trustHash))
    }

    /// Most characters of a name: the audit table keeps as many.
    private static let nameLimit = 128

    private static func requester(_ name: String?) throws -> Requester {
        if let name {
            let trimmed = name.trimmingCharacters(in: .whitespaces)
            guard !trimmed.isEmpty, trimmed.count <= nameLimit, TerminalStyle.safe(trimmed) == trimmed else {
                throw CommandError(.usage, "--by \(TerminalStyle.safe(name)) is no name", nextStep: "give 1 to \(nameLimit) printable characters")
            }
            return Requester(trimmed)
        }
        // Behind sudo the person, not root.
        if let person = ProcessInfo.processInfo.environment["SUDO_USER"], !person.isEmpty { return Requester(person) }
        let user = NSUserName()
        return Requester(user.isEmpty ? "uid \(getuid())" : user)
    }

    /// What a technician gets for a code.
    func enrolmentText(_ added: AddedDevice) throws -> EnrolmentText {
        try EnrolmentText(
            url: configuration.url, gatewayID: added.gatewayID, code: added.code,
            linkAuthorityHash: SHA256.hash(configuration.settings.link.certificate.der), trustFileHash: trustHash, brokers: configuration.brokers)
    }

    /// A gateway id of firm and device as they are given on the command line.
    func gatewayID(firm: String, device: String) throws -> String {
        try CheckedNames.gateway(alliance: configuration.settings.alliance.text.string, firm: firm, device: device).gatewayID.text.string
    }
}
