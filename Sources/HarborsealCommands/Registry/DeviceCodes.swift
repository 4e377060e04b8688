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
        return try RegistryDesk.open(configurationFile, by: by) { desk in
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
    public var nowSeconds: Int64

    public init(
        configurationFile: String, gateway: String, since: String? = nil, reason: String = "", picture: String? = nil, by: String? = nil,
        asJSON: Bool = false, style: TerminalStyle = .plain, nowSeconds: Int64 = WallClock.nowSeconds
    ) {
        self.configurationFile = configurationFile
        self.gateway = gateway
        self.since = since
        self.reason = reason
        self.picture = picture
        self.by = by
        self.asJSON = asJSON
        self.style = style
        self.nowSeconds = nowSeconds
    }

    public func run() throws -> CommandResult {
        try CodeHandover.checkPicture(picture)
        let sinceSeconds = try since.map { try EvidenceCommand.seconds($0, of: "--since") }
        let old: OldKey = sinceSeconds.map { .revoke(sinceSeconds: $0, reason: reason) } ?? .retire
        return try RegistryDesk.open(configurationFile, by: by) { desk in
            let added = try desk.registry.replace(gateway, oldKey: old, by: desk.requester, nowSeconds: nowSeconds)
            let fate = sinceSeconds == nil ? "what the old key signed stays valid" : "the old key is revoked"
            return try CodeHandover(
                added: added, text: desk.enrolmentText(added), picturePath: picture, style: style, replacesKeys: true
            )
                .result("device \(added.gatewayID) takes new keys: \(fate)", asJSON: asJSON)
        }
    }
}
