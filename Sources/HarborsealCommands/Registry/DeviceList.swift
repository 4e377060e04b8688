internal import AllianceTrust
internal import AttestationFormat
internal import DeviceRegistry
internal import MerkleTree

/// `harborseal device list`: the devices that are registered, a line each.
public struct DeviceList: Sendable {
    public var configurationFile: String
    public var firm: String?
    /// One of ``states``; nil: all.
    public var state: String?
    public var includesReplaced: Bool
    public var asJSON: Bool
    public var nowSeconds: Int64

    /// What `--state` takes.
    public static let states = DeviceState.allCases.map(\.rawValue)

    public init(
        configurationFile: String, firm: String? = nil, state: String? = nil, includesReplaced: Bool = false, asJSON: Bool = false,
        nowSeconds: Int64 = WallClock.nowSeconds
    ) {
        self.configurationFile = configurationFile
        self.firm = firm
        self.state = state
        self.includesReplaced = includesReplaced
        self.asJSON = asJSON
        self.nowSeconds = nowSeconds
    }

    public func run() throws -> CommandResult {
        let wanted = try state.map { text in
            guard let state = DeviceState(rawValue: text) else {
                throw CommandError(.usage, "\(TerminalStyle.safe(text)) is no state", nextStep: "give one of \(Self.states.joined(separator: ", "))")
            }
            return state
        }
        if let firm { _ = try CheckedNames.firm(firm) }
        return try RegistryDesk.result(configurationFile, by: nil) { desk in
            if let unknown = firm.flatMap({ desk.unknownFirm($0) }) { throw unknown }
            let devices = try desk.registry.devices(
                firm: firm, state: wanted, includingReplaced: includesReplaced || wanted == .replaced)
            let notes = try OpenRevocation.notes(desk.registry.listUsage())
            guard !asJSON else { return CommandResult(output: JSONValue.array(devices.map(DeviceView.device)).json, notes: notes) }
            guard !devices.isEmpty else {
                return CommandResult(notes: notes + "no such device is registered\n  next: harborseal device add --firm FIRM --device DEVICE\n")
            }
            return CommandResult(output: devices.map(line).joined(), notes: notes)
        }
    }

    private func line(_ device: Device) -> String {
        var words = [TerminalStyle.padded(device.gatewayID.text.string, to: 24), TerminalStyle.padded(device.state.rawValue, to: 16)]
        words.append(facts(device).joined(separator: ", "))
        if !device.note.isEmpty { words.append("(\(TerminalStyle.safe(device.note)))") }
        return words.joined(separator: " ") + "\n"
    }

    /// What somebody who looks after devices may have to act upon.
    private func facts(_ device: Device) -> [String] {
        var facts: [String] = []
        if [.waiting, .partlyEnrolled, .pendingApproval].contains(device.state) {
            let day = UTCText.text(seconds: device.codeExpiresSeconds)
            facts.append(device.codeExpiresSeconds > nowSeconds ? "code until \(day)" : "code expired \(day): harborseal device code \(device.gatewayID)")
            if device.triesLeft <= 0 { facts.append("code locked after wrong tries: harborseal device code \(device.gatewayID)") }
        }
        if let end = device.linkEndsSeconds, device.state == .enrolled || device.state == .partlyEnrolled {
            facts.append("link \(end > nowSeconds ? "until" : "ended") \(UTCText.text(seconds: end))")
        }
        if let since = device.revokedSinceSeconds { facts.append("since \(UTCText.text(seconds: since))") }
        if device.revokedSinceSeconds != nil, device.sealKeyID == nil, !device.hasSealRevokedByHand { facts.append("no seal certificate of it is known here") }
        if device.isSealRevocationOpen { facts.append("OPEN: a seal certificate of it is on no list: device revoke again") }
        return facts
    }
}
