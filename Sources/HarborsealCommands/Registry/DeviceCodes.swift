internal import AllianceTrust
internal import AttestationFormat
internal import DeviceRegistry

/// `harborseal device code`: a new code for a device whose code was lost, locked, has expired or is used.
public struct DeviceCode: Sendable {
    public var configurationFile: String
    /// `<firm>.<device>`.
    public var gateway: String
    public var picture: String?
    public var by: String?
    public var asJSON: Bool
    public var style: TerminalStyle
    public var nowSeconds: Int64

    public init(
        configurationFile: String, gateway: String, picture: String? = nil, by: String? = nil, asJSON: Bool = false,
        style: TerminalStyle = .plain, nowSeconds: Int64 = WallClock.nowSeconds
    ) {
        self.configurationFile = configurationFile
        self.gateway = gateway
        self.picture = picture
        self.by = by
        self.asJSON = asJSON
        self.style = style
        self.nowSeconds = nowSeconds
    }

    public func run() throws -> CommandResult {
        try CodeHandover.checkPicture(picture)
        return try RegistryDesk.result(configurationFile, by: by, about: gateway) { desk in
            let clock = try desk.clockNote(nowSeconds)
            let added = try desk.registry.reissue(gateway, by: desk.requester, nowSeconds: nowSeconds)
            var result = try CodeHandover(added: added, text: desk.enrolmentText(added), picturePath: picture, style: style)
                .result("device \(added.gatewayID) has a new code, and the one before is dead", asJSON: asJSON)
            result.notes += clock
            return result
        }
    }
}

/// `harborseal device replace`: new keys under the same name, for a gateway whose hardware is exchanged.
public struct DeviceReplace: Sendable {
    public var configurationFile: String
    /// `<firm>.<device>`.
    public var gateway: String
    /// From when on nothing of the old key counts; nil: what it signed stays valid.
    public var since: String?
    public var reason: String
    public var picture: String?
    public var by: String?
    public var asJSON: Bool
    public var style: TerminalStyle
    /// A revocation that reaches far back is meant.
    public var isConfirmed: Bool
    /// Shows a person what becomes void, and asks whether it is meant; nil: there is none to ask.
    public var confirm: (@Sendable (String) -> Bool)?
    public var nowSeconds: Int64

    public init(
        configurationFile: String, gateway: String, since: String? = nil, reason: String = "", picture: String? = nil, by: String? = nil,
        asJSON: Bool = false, style: TerminalStyle = .plain, isConfirmed: Bool = false, confirm: (@Sendable (String) -> Bool)? = nil,
        nowSeconds: Int64 = WallClock.nowSeconds
    ) {
        self.configurationFile = configurationFile
        self.gateway = gateway
        self.since = since
        self.reason = reason
        self.picture = picture
        self.by = by
        self.asJSON = asJSON
        self.style = style
        self.isConfirmed = isConfirmed
        self.confirm = confirm
        self.nowSeconds = nowSeconds
    }

    public func run() throws -> CommandResult {
        try CodeHandover.checkPicture(picture)
        let sinceSeconds = try since.map { try EvidenceCommand.seconds($0, of: "--since") }
        let old: OldKey = sinceSeconds.map { .revoke(sinceSeconds: $0, reason: reason) } ?? .retire
        return try RegistryDesk.result(configurationFile, by: by, about: gateway) { desk in
            if try desk.registry.enrolsElsewhere(gateway) { return try replaceElsewhere(old, at: desk) }
            let found = try? desk.registry.device(gateway)
            // Of a device that is revoked already, the time that stands.
            let fate = (sinceSeconds ?? found?.device.revokedSinceSeconds).flatMap { since in
                found.map { (since, RevocationReach(sinceSeconds: since, $0, nowSeconds: nowSeconds)) }
            }
            if sinceSeconds != nil { try fate?.1.check(isConfirmed: isConfirmed, confirm) }
            let clock = try desk.clockNote(nowSeconds)
            let added = try desk.registry.replace(gateway, oldKey: old, by: desk.requester, nowSeconds: nowSeconds)
            let words = fate.map { "the old device is revoked since \(UTCText.text(seconds: $0.0)): \($0.1.result)" } ?? "what the old key signed stays valid"
            var result = try CodeHandover(
                added: added, text: desk.enrolmentText(added), picturePath: picture, style: style, replacesKeys: true,
                oldLinkEnds: sinceSeconds == nil ? "once the new device has its own" : "now"
            )
                .result("device \(added.gatewayID) takes new keys: \(words)", asJSON: asJSON)
            if let replaced = try desk.registry.device(gateway).earlier.first, replaced.isSealRevocationOpen {
                result.notes += try OpenRevocation.notes(replaced, desk.registry.listUsage())
                result.exitCode = 2
            }
            result.notes += clock + ServingMark.notes(folder: desk.configuration.dataPath)
            return result
        }
    }

    /// Of a gateway that its firm's own registry enrols: there is no code here, and no seal key.
    private func replaceElsewhere(_ old: OldKey, at desk: RegistryDesk) throws -> CommandResult {
        guard picture == nil else {
            throw CommandError(
                .usage, "\(gateway) enrols at its firm's own registry, and there is no code here for --qr to draw", nextStep: "give the same without --qr")
        }
        var fate = "hold until it has a new one"
        if let since = try desk.registry.device(gateway).device.revokedSinceSeconds { fate = "stay revoked since \(UTCText.text(seconds: since))" }
        if case .revoke(let since, _) = old {
            try RevocationReach(sinceSeconds: since, desk.registry.device(gateway), nowSeconds: nowSeconds).check(isConfirmed: isConfirmed, confirm)
            fate = "are revoked since \(UTCText.text(seconds: since))"
        }
        let clock = try desk.clockNote(nowSeconds)
        let device = try desk.registry.replaceFirmDevice(gateway, oldKey: old, by: desk.requester, nowSeconds: nowSeconds)
        let notes = clock + ServingMark.notes(folder: desk.configuration.dataPath)
        guard !asJSON else { return CommandResult(output: DeviceView.device(device).json, notes: notes) }
        return CommandResult(
            output: """
                device \(gateway) may have link certificates for new keys: those that it had \(fate)
                  next: nothing is to be done here: it gets one when it renews at its firm's own registry, by itself or with harborseal-agent renew

                """, notes: notes)
    }
}
