internal import AllianceTrust
internal import AttestationFormat
internal import DeviceRegistry
internal import MerkleTree

/// A device and what belongs to it, as trees of named values for text and JSON.
enum DeviceView {
    static func device(_ device: Device) -> JSONValue {
        .members(
            ("gateway", .string(device.gatewayID.text.string)), ("state", .string(device.state.rawValue)),
            ("note", .string(device.note)), ("generation", .integer(Int64(device.generation))),
            ("addedSeconds", .integer(device.addedSeconds)), ("addedBy", .string(device.addedBy)), ("approvedBy", .optional(device.approvedBy)),
            ("codeExpiresSeconds", .integer(device.codeExpiresSeconds)), ("triesLeft", .integer(Int64(device.triesLeft))),
            ("codeUses", .array(device.codeUses.map { .string($0.rawValue) })),
            ("sealKeyID", .optional(device.sealKeyID.map { Hexadecimal.text(of: $0.bytes).string })),
            ("linkEndsSeconds", device.linkEndsSeconds.map { .integer($0) } ?? .null),
            ("revokedSinceSeconds", device.revokedSinceSeconds.map { .integer($0) } ?? .null),
            ("sealRevocationOpen", .bool(device.isSealRevocationOpen)), ("linkRevocationOpen", .bool(device.isLinkRevocationOpen)),
            ("ofFirmRegistry", .bool(device.isOfFirmRegistry)))
    }

    static func certificate(_ certificate: IssuedCertificate) -> JSONValue {
        .members(
            ("label", .string(certificate.label.rawValue)), ("serialNumber", .string(Hexadecimal.text(of: certificate.serialNumber).string)),
            ("keyID", .string(Hexadecimal.text(of: certificate.keyID.bytes).string)), ("issuedSeconds", .integer(certificate.issuedSeconds)),
            ("endsSeconds", .integer(certificate.endsSeconds)),
            ("revokedSinceSeconds", certificate.revokedSinceSeconds.map { .integer($0) } ?? .null))
    }

    static func handCertificate(_ certificate: HandCertificate) -> JSONValue {
        .members(
            ("label", .string(certificate.label.rawValue)), ("serialNumber", .string(Hexadecimal.text(of: certificate.serialNumber).string)),
            ("keyID", .string(Hexadecimal.text(of: certificate.keyID.bytes).string)), ("revokedSinceSeconds", .integer(certificate.revokedSinceSeconds)))
    }

    static func delivery(_ delivery: StatementDelivery) -> JSONValue {
        .members(
            ("statement", .string(delivery.kind.rawValue)), ("node", .string(delivery.node.text.string)), ("state", .string(delivery.state.rawValue)),
            ("madeSeconds", .integer(delivery.madeSeconds)), ("tries", .integer(Int64(delivery.tries))), ("answer", .optional(delivery.answer)))
    }

    static func auditEntry(_ entry: AuditEntry) -> JSONValue {
        let account = entry.address.flatMap { LocalAccount($0) }
        return .members(
            ("number", .integer(entry.number)), ("atSeconds", .integer(entry.atSeconds)), ("who", .string(entry.who)),
            ("address", .optional(account == nil ? entry.address : nil)), ("account", .optional(account?.text)), ("action", .string(entry.action.rawValue)), ("outcome", .string(entry.outcome)),
            ("detail", .string(entry.detail)))
    }

    static func detail(_ detail: DeviceDetail) -> JSONValue {
        guard case .object(var members) = device(detail.device) else { return .null }
        members.append(.init("certificates", .array(detail.certificates.map(certificate))))
        members.append(.init("handCertificates", .array(detail.handCertificates.map(handCertificate))))
        members.append(.init("earlier", .array(detail.earlier.map(device))))
        members.append(.init("ledgers", .array(detail.deliveries.map(delivery))))
        members.append(.init("audit", .array(detail.audit.map(auditEntry))))
        return .object(members)
    }
}
