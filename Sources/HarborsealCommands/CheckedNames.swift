internal import AttestationFormat
internal import Foundation

/// Names as wire-format.md, section 2 allows them, with an error that says what is allowed.
enum CheckedNames {
    static func name(_ text: String, as role: String) throws -> Name {
        guard let name = Name(UTF8Text(text)) else {
            throw CommandError(
                .usage, "\(TerminalStyle.safe(text)) cannot be the name of \(role)",
                nextStep: "1 to 32 of a-z, 0-9 and -, not starting or ending with -")
        }
        return name
    }

    static func firm(_ text: String) throws -> Name {
        guard text != "node", text != "alliance" else {
            throw CommandError(.usage, "the firm name \(text) is reserved", nextStep: "choose another name")
        }
        return try name(text, as: "a firm")
    }

    /// The link CA's revocation list is published under these names.
    static let listNames = ["link", "link-ca"]

    /// A name for a firm that is new: one whose revocation list has a name of its own.
    static func newFirm(_ text: String) throws {
        _ = try firm(text)
        guard !listNames.contains(text) else {
            throw CommandError(.usage, "the firm name \(text) is reserved: the link CA's revocation list has it", nextStep: "choose another name")
        }
    }

    static func gateway(alliance: String, firm: String, device: String) throws -> GatewayName {
        let (alliance, firm, device) = try (
            name(alliance, as: "an alliance"), self.firm(firm), name(device, as: "a device"))
        guard let gateway = GatewayName(alliance: alliance, firm: firm, device: device) else {
            throw CommandError(.usage, "the gateway id \(firm).\(device) is longer than 64 characters", nextStep: "choose shorter names")
        }
        return gateway
    }

    /// A host's name as certificates and clients have it (RFC 1123, section 2.1), or a wildcard for the hosts of a domain.
    static func dnsName(_ text: String) throws {
        guard (try? address(text)) == nil else {
            throw CommandError(.usage, "\(text) is an address, and no DNS name", nextStep: "give --ip \(text)")
        }
        let labels = (text.hasPrefix("*.") ? text.dropFirst(2) : text[...]).split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= 253, labels.allSatisfy(isLabel) else {
            let host = URLComponents(string: text)?.host ?? ""
            let meant = host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(isLabel) ? host : "broker.example.org"
            throw CommandError(
                .usage, "\(TerminalStyle.safe(text)) is no DNS name: clients compare it with the host alone, without scheme, port and path",
                nextStep: "give --dns \(meant)")
        }
    }

    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && label.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || $0 == 0x2D }
            && !label.hasPrefix("-") && !label.hasSuffix("-")
    }

    /// An IPv4 or IPv6 address as the 4 or 16 bytes that a certificate has.
    static func address(_ text: String) throws -> [UInt8] {
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: four) { Array($0) } }
        var sixteen = in6_addr()
        if inet_pton(AF_INET6, text, &sixteen) == 1 { return withUnsafeBytes(of: sixteen) { Array($0) } }
        throw CommandError(.usage, "\(TerminalStyle.safe(text)) is no IP address", nextStep: "give names with --dns, addresses with --ip")
    }
}
