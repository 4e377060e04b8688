internal import AllianceTrust
internal import AttestationFormat
internal import DeviceRegistry

/// `harborseal device show`: everything that is known of one device: certificates, ledgers, and who did what.
public struct DeviceShow: Sendable {
    public var configurationFile: String
    /// `<firm>.<device>`.
    public var gateway: String
    public var asJSON: Bool
    public var nowSeconds: Int64

    public init(configurationFile: String, gateway: String, asJSON: Bool = false, nowSeconds: Int64 = WallClock.nowSeconds) {
        self.configurationFile = configurationFile
        self.gateway = gateway
        self.asJSON = asJSON
        self.nowSeconds = nowSeconds
    }

    /// Rows of the audit table that are shown to people; JSON has them all.
    private static let auditCount = 20

    public func run() throws -> CommandResult {
        try RegistryDesk.result(configurationFile, by: nil, about: gateway) { desk in
            let detail = try desk.registry.device(gateway)
            return CommandResult(output: asJSON ? DeviceView.detail(detail).json : text(detail))
        }
    }

    /// Until when it holds, and what it was used for: for one certificate it is used up, for the other it may wait.
    private func code(_ device: Device) -> String {
        guard !device.isOfFirmRegistry else { return "none here: it enrols at its firm's own registry, which gets its link certificates from this one" }
        let uses = device.codeUses.isEmpty ? "" : ", used for \(device.codeUses.map(\.rawValue).joined(separator: " and "))"
        return "until \(UTCText.text(seconds: device.codeExpiresSeconds)), \(CountedText.of(device.triesLeft, "try", "tries")) left\(uses)"
    }

    /// A time that lies ahead was written by a clock that ran ahead: until then nodes take what the key signs.
    private func revoked(_ device: Device, since seconds: Int64) -> String {
        let since = "since \(UTCText.text(seconds: seconds))"
        guard seconds > nowSeconds else { return since }
        return "\(since), which lies ahead, by a wrong clock: device revoke \(device.gatewayID) --since with the true time moves it back"
    }

    /// Where a row of the audit table came from: ` at 192.0.2.7`, or ` (login:alice)` for a command here.
    private func place(_ address: String) -> String {
        LocalAccount(address) == nil ? " at \(TerminalStyle.safe(address))" : " (\(TerminalStyle.safe(address)))"
    }

    private func text(_ detail: DeviceDetail) -> String {
        let device = detail.device
        var rows = [
            ("state", device.state.rawValue), ("note", TerminalStyle.safe(device.note)),
            ("added", "\(UTCText.text(seconds: device.addedSeconds)) by \(TerminalStyle.safe(device.addedBy))"),
            ("approved", device.approvedBy.map { "by \(TerminalStyle.safe($0))" } ?? ""),
            ("code", code(device)),
            ("revoked", device.revokedSinceSeconds.map { revoked(device, since: $0) } ?? ""),
            ("OPEN", device.isSealRevocationOpen ? "a seal certificate of it is on no list: device revoke again, which says why and what to do" : ""),
        ]
        if device.isLinkRevocationOpen {
            rows.append(("OPEN", "its revoked link certificate still connects: the alliance's registry is told of it, and has not taken it yet"))
        }
        rows += detail.certificates.map { certificate in
            let revoked = certificate.revokedSinceSeconds.map { ", revoked since \(UTCText.text(seconds: $0))" } ?? ""
            let serial = Hexadecimal.text(of: certificate.serialNumber)
            return (certificate.label.rawValue, "\(UTCText.text(seconds: certificate.issuedSeconds)) to \(UTCText.text(seconds: certificate.endsSeconds)), serial \(serial)\(revoked)")
        }
        rows += detail.handCertificates.map {
            ($0.label.rawValue, "from device issue, serial \(Hexadecimal.text(of: $0.serialNumber)), revoked since \(UTCText.text(seconds: $0.revokedSinceSeconds))")
        }
        if !device.isOfFirmRegistry, !OpenRevocation.hasKnownSeal(detail) {
            let stays = device.revokedSinceSeconds == nil ? "" : "what harborseal device issue made under this name stays valid: "
            rows.append(("seal", stays + "no seal certificate of it is known here"))
        }
        rows += detail.deliveries.map { delivery in
            let answer = delivery.state == .accepted ? "" : delivery.answer.map { ": \(TerminalStyle.safe($0))" } ?? ""
            return ("ledger \(delivery.node)", "\(delivery.kind.rawValue) \(delivery.state.rawValue)\(answer)")
        }
        rows += detail.earlier.map { ("before", "device \($0.generation) of this name, \($0.state.rawValue), added \(UTCText.text(seconds: $0.addedSeconds))") }
        rows += detail.audit.prefix(Self.auditCount).map { entry in
            let who = TerminalStyle.safe(entry.who) + (entry.address.map(place) ?? "")
            let end = [entry.outcome == "ok" ? "" : entry.outcome, TerminalStyle.safe(entry.detail)].filter { !$0.isEmpty }.joined(separator: ": ")
            return ("audit \(entry.number)", "\(UTCText.text(seconds: entry.atSeconds)) \(who) \(entry.action.rawValue)\(end.isEmpty ? "" : ": " + end)")
        }
        let shown = rows.filter { !$0.1.isEmpty }
        let width = shown.map(\.0.count).max() ?? 0
        return "device \(device.gatewayID)\n" + shown.map { "  \(TerminalStyle.padded($0.0, to: width))  \($0.1)\n" }.joined()
    }
}
