internal import AllianceTrust
internal import AttestationFormat
internal import DeviceRegistry
internal import Foundation

/// A new code as the operator gets it, this once: text, QR code on a terminal, picture, JSON.
struct CodeHandover {
    let added: AddedDevice
    let text: EnrolmentText
    /// Where a QR code is drawn as SVG; nil: nowhere.
    let picturePath: String?
    let style: TerminalStyle
    /// Whether a gateway that has keys shall make new ones: without being told it keeps what it has.
    var replacesKeys = false
    /// When the old device's link certificate is revoked, where there is one.
    var oldLinkEnds: String?

    /// - Parameter headline: what happened to the device.
    func result(_ headline: String, asJSON: Bool) throws -> CommandResult {
        let notes = try writePicture()
        let exitCode: Int32 = notes.isEmpty ? 0 : 2
        guard !asJSON else { return CommandResult(output: json(hasPicture: notes.isEmpty).json, notes: notes, exitCode: exitCode) }
        let gateway = added.gatewayID
        var output = """
            \(headline)
              code         \(added.code.text)
              holds until  \(UTCText.text(seconds: added.codeExpiresSeconds)); it is shown this once, and stored as a hash alone

            \(text.text)

            """
        output += drawing ?? ""
        if let picturePath, notes.isEmpty { output += "  QR code in \(picturePath)\n" }
        if added.needsApproval {
            output += """
                  waits for somebody else's approval
                  next: harborseal device approve \(gateway) --by NAME, who is not the one who asked

                """
        } else {
            output += "  next: whoever installs the gateway runs there: harborseal-agent enroll - and pastes the line above\n"
        }
        if replacesKeys {
            output += """
                  on hardware that had this name before: stop the agent, add --replace to enroll, start it again; its journal stays, and goes on in an
                  epoch of the new key's own

                """
        }
        output += oldLinkEnds.map { "  the old link certificate is revoked \($0): \(BrokerWords.afterRevocation)\n" } ?? ""
        return CommandResult(output: output, notes: notes + widthNote, exitCode: exitCode)
    }

    private func json(hasPicture: Bool) -> JSONValue {
        .members(
            ("gateway", .string(added.gatewayID.text.string)), ("code", .string(added.code.text)),
            ("codeExpiresSeconds", .integer(added.codeExpiresSeconds)), ("enrolmentText", .string(text.text)),
            ("needsApproval", .bool(added.needsApproval)), ("picture", .optional(hasPicture ? picturePath : nil)))
    }

    /// On a terminal that is wide enough.
    private var drawing: String? {
        guard let columns = style.columnCount, let code = QRCode(text.text, correction: .low), code.columnCount <= columns else { return nil }
        return "\n" + code.terminalText(usesColour: style.usesColour) + "\n"
    }

    private var widthNote: String {
        guard let columns = style.columnCount, drawing == nil, let code = QRCode(text.text, correction: .low) else { return "" }
        return "the QR code takes \(code.columnCount) columns, and the terminal has \(columns): widen it, or --qr FILE.svg\n"
    }

    /// The code exists already when this fails: then it is said, and not lost.
    private func writePicture() throws -> String {
        guard let picturePath else { return "" }
        guard let code = QRCode(text.text, correction: .medium) else { return "the enrolment text is longer than a QR code holds\n" }
        do {
            try DurableFile.write(Array(code.svg(title: added.gatewayID.text.string).utf8), to: picturePath, mode: 0o600)
            return ""
        } catch {
            return """
                the QR code is not written, and the code above holds: \(CommandRunner.describe(error).message)
                  next: give the technician the line above, or harborseal device code \(added.gatewayID) --qr FILE.svg for a new one

                """
        }
    }

    /// Before there is a code: one that is made is shown this once, and the one before is dead.
    ///
    /// - Throws: ``CommandError`` for a name that would be taken for another kind of file, or where no file can be written.
    static func checkPicture(_ path: String?) throws {
        guard let path else { return }
        guard path.lowercased().hasSuffix(".svg") else {
            throw CommandError(.usage, "--qr \(TerminalStyle.safe(path)) is no SVG's name", nextStep: "give --qr FILE.svg")
        }
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        guard access(folder, W_OK | X_OK) == 0 else {
            throw CommandError(
                .cannotCreate, "--qr \(TerminalStyle.safe(path)) cannot be written, and no code was made: \(folder): \(String(cString: strerror(errno)))",
                nextStep: "name a file in a folder that this user may write in")
        }
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
            throw CommandError(.cannotCreate, "--qr \(TerminalStyle.safe(path)) is a folder, and no code was made", nextStep: "give --qr FILE.svg")
        }
    }
}
