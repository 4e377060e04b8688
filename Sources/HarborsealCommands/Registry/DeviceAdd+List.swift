internal import AllianceTrust
internal import AttestationFormat
internal import DeviceRegistry
internal import Foundation

extension DeviceAdd {
    func addList(_ path: String) throws -> CommandResult {
        guard let codesFile else {
            throw CommandError(.usage, "codes are shown once, and a list has many", nextStep: "give --codes FILE: a CSV file that only you may read")
        }
        guard picture == nil, note.isEmpty else {
            throw CommandError(.usage, "--qr and --note are for one device", nextStep: "leave them out: the list has a column note")
        }
        guard !DurableFile.exists(codesFile) else {
            throw CommandError(.cannotCreate, "\(codesFile) is there already, and may hold codes", nextStep: "name another file with --codes")
        }
        let bytes = try DurableFile.read(path, byteLimit: CSVReader.fileByteLimit)
        return try RegistryDesk.result(configurationFile, by: by) { desk in
            let table = try DeviceTable(
                bytes, path: path, alliance: desk.configuration.settings.alliance.text.string, firm: firm)
            var report = ImportedList(path: path, codesFile: codesFile, isAllOrNothing: !skipsBad)
            report.refuse(table.refusals)
            let clock = try desk.clockNote(nowSeconds)
            try add(table.rows, at: desk, codesFile, &report)
            var result = report.result(asJSON: asJSON)
            if report.addedCount > 0 { result.notes += clock + desk.brokerNote }
            return result
        }
    }

    private func add(_ rows: [DeviceTable.Row], at desk: RegistryDesk, _ codesFile: String, _ report: inout ImportedList) throws {
        let addsNone = !skipsBad && report.refusedCount > 0
        // The file is there before the first code, so that a folder that cannot be written costs no device.
        if !addsNone { try DurableFile.write([], to: codesFile, mode: 0o600, replacing: false) }
        var codes = CSVText.line(["gateway", "code", "valid until", "enrolment text", "note"])
        do {
            let results = try desk.registry.add(
                rows.map { NewDevice(firm: $0.firm, device: $0.device, note: $0.note) }, allOrNone: !skipsBad,
                othersRefused: report.refusedCount, by: desk.requester, nowSeconds: nowSeconds)
            for (row, result) in zip(rows, results) {
                switch result {
                case .success(let added):
                    report.add(row, needsApproval: added.needsApproval)
                    let text = try desk.enrolmentText(added).text
                    codes += CSVText.line([row.gatewayID, added.code.text, UTCText.text(seconds: added.codeExpiresSeconds), text, row.note])
                // A good row beside a bad one.
                case .failure(let error) where error.code == .state: continue
                case .failure(let error): report.refuse(row, error.code == .unknownFirm ? desk.unknownFirm(row.firm) ?? error : error)
                }
            }
        } catch {
            if !addsNone { try? FileManager.default.removeItem(atPath: codesFile) }
            throw error
        }
        if report.addedCount > 0 { return try write(codes, to: codesFile, count: report.addedCount) }
        if !addsNone { try FileManager.default.removeItem(atPath: codesFile) }
    }

    private func write(_ codes: String, to path: String, count: Int) throws {
        do {
            try DurableFile.write(Array(codes.utf8), to: path, mode: 0o600)
        } catch {
            throw CommandError(
                .cannotCreate, "\(CountedText.of(count, "device is", "devices are")) registered, and their codes cannot be written: \(CommandRunner.describe(error).message)",
                nextStep: "harborseal device code FIRM.DEVICE makes a new code for one")
        }
    }
}
