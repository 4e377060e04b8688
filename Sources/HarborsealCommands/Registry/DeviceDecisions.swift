internal import AllianceTrust
internal import AttestationFormat
internal import DeviceRegistry

/// `harborseal device approve`: the second person, where the firm's policy asks for one.
public struct DeviceApprove: Sendable {
    public var configurationFile: String
    /// `<firm>.<device>`.
    public var gateway: String
    public var by: String?
    public var asJSON: Bool
    public var nowSeconds: Int64

    public init(
        configurationFile: String, gateway: String, by: String? = nil, asJSON: Bool = false, nowSeconds: Int64 = WallClock.nowSeconds
    ) {
        self.configurationFile = configurationFile
        self.gateway = gateway
        self.by = by
        self.asJSON = asJSON
        self.nowSeconds = nowSeconds
    }

    public func run() throws -> CommandResult {
        try RegistryDesk.open(configurationFile, by: by) { desk in
            let device = try desk.registry.approve(gateway, by: desk.requester, nowSeconds: nowSeconds)
            guard !asJSON else { return CommandResult(output: DeviceView.device(device).json) }
            return CommandResult(
                output: """
                    device \(device.gatewayID) is approved by \(desk.requester.name)
                      its code works until \(UTCText.text(seconds: device.codeExpiresSeconds)); now the technician runs harborseal-agent enroll again

                    """)
        }
    }
}

/// `harborseal device revoke`: from a time on nothing of the device counts.
public struct DeviceRevoke: Sendable {
    public var configurationFile: String
    /// `<firm>.<device>`.
    public var gateway: String
    /// Seconds since 1970, or 2026-11-22T14:03:07Z.
    public var since: String
    public var reason: String
    /// An earlier device of the name; nil: the one in force.
    public var generation: Int?
    public var by: String?
    public var asJSON: Bool
    public var nowSeconds: Int64

    public init(
        configurationFile: String, gateway: String, since: String, reason: String = "", generation: Int? = nil, by: String? = nil,
        asJSON: Bool = false, nowSeconds: Int64 = WallClock.nowSeconds
    ) {
        self.configurationFile = configurationFile
        self.gateway = gateway
        self.since = since
        self.reason = reason
        self.generation = generation
        self.by = by
        self.asJSON = asJSON
        self.nowSeconds = nowSeconds
    }

    public func run() throws -> CommandResult {
        let sinceSeconds = try EvidenceCommand.seconds(since, of: "--since")
        return try RegistryDesk.open(configurationFile, by: by) { desk in
            let device = try desk.registry.revoke(
                gateway, generation: generation, sinceSeconds: sinceSeconds, reason: reason, by: desk.requester, nowSeconds: nowSeconds)
            let notes = try notes(of: desk.registry.device(gateway))
            guard !asJSON else { return CommandResult(output: DeviceView.device(device).json, notes: notes) }
            return CommandResult(
                output: """
                    device \(device.gatewayID) is revoked since \(UTCText.text(seconds: sinceSeconds)): what was receipted before stays valid
                      the registry that is running writes its lists and tells the nodes within seconds
                      next: harborseal device show \(device.gatewayID) says which ledgers have it

                    """,
                notes: notes)
        }
    }

    /// Whoever means an earlier device of the name has revoked another one.
    private func notes(of detail: DeviceDetail) -> String {
        guard generation == nil else { return "" }
        return detail.earlier.filter { $0.revokedSinceSeconds == nil }.map {
            """
            note: device \($0.generation) of this name, which it replaced, is not revoked
              next: harborseal device revoke \($0.gatewayID) --generation \($0.generation) --since TIME, if its keys are the ones that were lost

            """
        }.joined()
    }
}
