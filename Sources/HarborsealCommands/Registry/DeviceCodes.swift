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
            let added = try desk.registry.reissue(gateway, by: desk.requester, nowSeconds: nowSeconds)
            return try CodeHandover(added: added, text: desk.enrolmentText(added), picturePath: picture, style: style)
                .result("device \(added.gatewayID) has a new code, and the one before is dead", asJSON: asJSON)
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
            let found = try? desk.registry.device(gateway)
            // Of a device that is revoked already, the time that stands.
            let fate = (sinceSeconds ?? found?.device.revokedSinceSeconds).flatMap { since in
                found.map { (since, RevocationReach(sinceSeconds: since, $0, nowSeconds: nowSeconds)) }
            }
            if sinceSeconds != nil { try fate?.1.check(isConfirmed: isConfirmed, confirm) }
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
            result.notes += ServingMark.notes(folder: desk.configuration.dataPath)
            return result
        }
    }
}
