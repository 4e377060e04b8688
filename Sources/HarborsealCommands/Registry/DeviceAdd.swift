internal import AllianceTrust
internal import AttestationFormat
internal import DeviceRegistry
internal import NIOPosix

/// `harborseal device add`: registers a gateway, or a list of them, and makes the codes that they enrol with.
public struct DeviceAdd: Sendable {
    public var configurationFile: String
    /// nil: each row of the list names its firm.
    public var firm: String?
    /// nil: the devices are in `list`.
    public var device: String?
    /// Free words for one device: a serial number, a place.
    public var note: String
    /// A CSV file with the columns device, firm, note.
    public var list: String?
    /// Where the codes of a list are written.
    public var codesFile: String?
    /// Whether the good rows of a list are added when others are wrong.
    public var skipsBad: Bool
    /// Where the QR code is drawn as SVG.
    public var picture: String?
    /// Who asks; nil: the user of this process.
    public var by: String?
    public var asJSON: Bool
    public var style: TerminalStyle
    /// Is told every second, from 2 s on, that the registry is waited for, and at the end nil.
    public var onWaiting: (@Sendable (NodeWaiting?) -> Void)?
    public var nowSeconds: Int64

    public init(
        configurationFile: String, firm: String? = nil, device: String? = nil, note: String = "", list: String? = nil, codesFile: String? = nil,
        skipsBad: Bool = false, picture: String? = nil, by: String? = nil, asJSON: Bool = false, style: TerminalStyle = .plain,
        onWaiting: (@Sendable (NodeWaiting?) -> Void)? = nil, nowSeconds: Int64 = WallClock.nowSeconds
    ) {
        self.configurationFile = configurationFile
        self.firm = firm
        self.device = device
        self.note = note
        self.list = list
        self.codesFile = codesFile
        self.skipsBad = skipsBad
        self.picture = picture
        self.by = by
        self.asJSON = asJSON
        self.style = style
        self.onWaiting = onWaiting
        self.nowSeconds = nowSeconds
    }

    public func run() async throws -> CommandResult {
        switch (device, list) {
        case (let device?, nil): try addOne(device)
        case (nil, let list?):
            try await NodeWaiting.during("the registry, which adds the devices of \(list)", onWaiting) {
                try await NIOThreadPool.singleton.runIfActive { try addList(list) }
            }
        default: throw CommandError(.usage, "one device or a list is added", nextStep: "give --firm and --device, or --csv FILE")
        }
    }

    private func addOne(_ device: String) throws -> CommandResult {
        guard let firm else { throw CommandError(.usage, "the firm is missing", nextStep: "give --firm") }
        guard codesFile == nil, !skipsBad else {
            throw CommandError(.usage, "--codes and --skip-bad belong to --csv", nextStep: "leave them out: one code is printed")
        }
        try CodeHandover.checkPicture(picture)
        return try RegistryDesk.result(configurationFile, by: by) { desk in
            let gatewayID = try desk.gatewayID(firm: firm, device: device)
            let clock = try desk.clockNote(nowSeconds)
            do {
                let added = try desk.registry.add(
                    NewDevice(firm: firm, device: device, note: note), by: desk.requester, nowSeconds: nowSeconds)
                var result = try CodeHandover(added: added, text: desk.enrolmentText(added), picturePath: picture, style: style)
                    .result("device \(gatewayID) is registered", asJSON: asJSON)
                result.notes += clock + desk.brokerNote
                return result
            } catch let error as RegistryError where error.code == .unknownFirm {
                throw desk.unknownFirm(firm) ?? error
            }
        }
    }
}
