internal import AllianceTrust
internal import AttestationFormat
internal import DeviceRegistry

/// `harborseal device approve`: the second person, where the firm's policy asks for one.
public struct DeviceApprove: Sendable {
    public var configurationFile: String
    /// Each `<firm>.<device>`.
    public var gateways: [String]
    public var by: String?
    public var asJSON: Bool
    public var nowSeconds: Int64

    public init(
        configurationFile: String, gateways: [String], by: String? = nil, asJSON: Bool = false, nowSeconds: Int64 = WallClock.nowSeconds
    ) {
        self.configurationFile = configurationFile
        self.gateways = gateways
        self.by = by
        self.asJSON = asJSON
        self.nowSeconds = nowSeconds
    }

    /// One that is refused keeps none of the others from being approved.
    public func run() throws -> CommandResult {
        guard gateways.count != 1 else { return try approve(gateways[0]) { asJSON ? DeviceView.device($0).json : text($0) } }
        var (result, devices): (CommandResult, [JSONValue]) = (CommandResult(), [])
        for gateway in gateways {
            do {
                let approved = try approve(gateway) {
                    devices.append(DeviceView.device($0))
                    return asJSON ? "" : text($0)
                }
                result.output += approved.output
                result.notes += approved.notes
            } catch {
                let refused = CommandRunner.failure(error)
                result.notes += refused.notes
                result.exitCode = refused.exitCode
            }
        }
        if !devices.isEmpty, result.exitCode != 0 { result.exitCode = 2 }
        if asJSON { result.output = JSONValue.array(devices).json }
        return result
    }

    private func approve(_ gateway: String, _ show: (Device) -> String) throws -> CommandResult {
        try RegistryDesk.result(configurationFile, by: by, about: gateway) { desk in
            let clock = try desk.clockNote(nowSeconds)
            return CommandResult(output: show(try desk.registry.approve(gateway, by: desk.requester, nowSeconds: nowSeconds)), notes: clock)
        }
    }

    private func text(_ device: Device) -> String {
        """
        device \(device.gatewayID) is approved by \(device.approvedBy ?? "")
          its code works until \(UTCText.text(seconds: device.codeExpiresSeconds)); now the technician runs harborseal-agent enroll again

        """
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
    /// A revocation that reaches far back is meant.
    public var isConfirmed: Bool
    /// Shows a person what becomes void, and asks whether it is meant; nil: there is none to ask.
    public var confirm: (@Sendable (String) -> Bool)?
    public var nowSeconds: Int64

    public init(
        configurationFile: String, gateway: String, since: String, reason: String = "", generation: Int? = nil, by: String? = nil,
        asJSON: Bool = false, isConfirmed: Bool = false, confirm: (@Sendable (String) -> Bool)? = nil, nowSeconds: Int64 = WallClock.nowSeconds
    ) {
        self.configurationFile = configurationFile
        self.gateway = gateway
        self.since = since
        self.reason = reason
        self.generation = generation
        self.by = by
        self.asJSON = asJSON
        self.isConfirmed = isConfirmed
        self.confirm = confirm
        self.nowSeconds = nowSeconds
    }

    public func run() throws -> CommandResult {
        let sinceSeconds = try EvidenceCommand.seconds(since, of: "--since")
        return try RegistryDesk.result(configurationFile, by: by, about: gateway) { desk in
            // A name that is not registered is refused below, where the audit table says so.
            let reach = (try? desk.registry.device(gateway, generation: generation)).map {
                RevocationReach(sinceSeconds: sinceSeconds, $0, nowSeconds: nowSeconds)
            }
            try reach?.check(isConfirmed: isConfirmed, confirm)
            let device = try desk.registry.revoke(
                gateway, generation: generation, sinceSeconds: sinceSeconds, reason: reason, by: desk.requester, nowSeconds: nowSeconds)
            let open = try OpenRevocation.notes(device, desk.registry.listUsage()) + OpenRevocation.unknownSeal(desk.registry.device(gateway))
                + ServingMark.notes(folder: desk.configuration.dataPath)
            let notes = try notes(of: desk.registry.device(gateway)) + open
            let exitCode: Int32 = open.isEmpty ? 0 : 2
            guard !asJSON else { return CommandResult(output: DeviceView.device(device).json, notes: notes, exitCode: exitCode) }
            return CommandResult(
                output: """
                    device \(device.gatewayID) is revoked since \(UTCText.text(seconds: sinceSeconds)): \(reach?.result ?? "")
                      the registry\(ServingMark.isSet(folder: desk.configuration.dataPath) ? "" : ", once it is started,") writes its lists and tells the nodes within seconds\(OpenRevocation.linkWords(device, url: desk.configuration.settings.linkSource?.url))
                      \(BrokerWords.afterRevocation)
                    \(try OpenRevocation.handWords(desk.registry.device(gateway)))  next: harborseal device show \(device.gatewayID) says which ledgers have it\(device.isLinkRevocationOpen ? ", and whether that is still open" : "")

                    """,
                notes: notes, exitCode: exitCode)
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
