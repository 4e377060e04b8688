import AttestationFormat

extension Registry {
    /// A gateway id as an operator gives it.
    ///
    /// - Throws: ``RegistryError`` with code `unknownDevice`.
    func named(_ gatewayID: String) throws -> GatewayID {
        guard let name = GatewayID(UTF8Text(gatewayID)) else { throw Self.unknownDevice(gatewayID) }
        return name
    }

    /// The device in force of a name, or an earlier one.
    ///
    /// - Throws: ``RegistryError`` with code `unknownDevice`.
    func stored(_ gatewayID: GatewayID, generation: Int? = nil, in transaction: RegistryTransaction) throws -> StoredDevice {
        let found = try generation.map { try transaction.device(gatewayID, generation: $0) } ?? transaction.device(gatewayID)
        guard let found else { throw Self.unknownDevice(gatewayID.text.string + (generation.map { ", generation \($0)," } ?? "")) }
        return found
    }

    func gatewayName(_ gatewayID: GatewayID) -> GatewayName { GatewayName(alliance: settings.alliance, gatewayID: gatewayID) }

    private static func unknownDevice(_ name: String) -> RegistryError {
        RegistryError(
            .unknownDevice, "\(PrintableText.line(name, limit: 80)) is not registered", nextStep: "harborseal device list shows what is")
    }
}

extension NewDevice {
    private static let noteLimit = 200

    /// - Throws: ``RegistryError`` with code `name` or `argument`.
    func checkedName() throws -> GatewayID {
        let (shownFirm, shownDevice) = (PrintableText.line(firm, limit: 40), PrintableText.line(device, limit: 40))
        guard let firmName = Name(UTF8Text(firm)) else { throw Self.refused("\(shownFirm) cannot be the name of a firm") }
        guard let deviceName = Name(UTF8Text(device)) else { throw Self.refused("\(shownDevice) cannot be the name of a device") }
        guard let name = GatewayID(firm: firmName, device: deviceName) else {
            guard firm != "node", firm != "alliance" else {
                throw RegistryError(.name, "the firm name \(firm) is reserved", nextStep: "choose another name")
            }
            throw RegistryError(.name, "the gateway id \(shownFirm).\(shownDevice) is longer than 64 characters", nextStep: "choose shorter names")
        }
        guard note.unicodeScalars.count <= Self.noteLimit else {
            throw RegistryError(.argument, "the note of \(name) is longer than \(Self.noteLimit) characters", nextStep: "shorten it")
        }
        return name
    }

    /// The note on one line.
    var checkedNote: String { PrintableText.line(note, limit: Self.noteLimit) }

    private static func refused(_ message: String) -> RegistryError {
        RegistryError(.name, message, nextStep: "1 to 32 of a-z, 0-9 and -, not starting or ending with -")
    }
}
