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

    static func gateway(alliance: String, firm: String, device: String) throws -> GatewayName {
        let (alliance, firm, device) = try (
            name(alliance, as: "an alliance"), self.firm(firm), name(device, as: "a device"))
        guard let gateway = GatewayName(alliance: alliance, firm: firm, device: device) else {
            throw CommandError(.usage, "the gateway id \(firm).\(device) is longer than 64 characters", nextStep: "choose shorter names")
        }
        return gateway
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
