internal import DeviceRegistry

/// What became of each row of a list of devices.
struct ImportedList {
    private struct Line {
        let number: Int
        let what: String
        /// nil: it was added.
        let why: String?
        let nextStep: String?
    }

    let path: String
    let codesFile: String
    let isAllOrNothing: Bool
    private var lines: [Line] = []
    private var needsApproval = false
    private var hasMalformed = false
    private(set) var addedCount = 0

    init(path: String, codesFile: String, isAllOrNothing: Bool) {
        self.path = path
        self.codesFile = codesFile
        self.isAllOrNothing = isAllOrNothing
    }

    var refusedCount: Int { lines.count { $0.why != nil } }

    mutating func add(_ row: DeviceTable.Row, needsApproval: Bool) {
        lines.append(Line(number: row.line, what: row.gatewayID, why: nil, nextStep: nil))
        addedCount += 1
        if needsApproval { self.needsApproval = true }
    }

    mutating func refuse(_ refusals: [DeviceTable.Refusal]) {
        lines += refusals.map { Line(number: $0.line, what: $0.what, why: $0.why, nextStep: nil) }
        if !refusals.isEmpty { hasMalformed = true }
    }

    mutating func refuse(_ row: DeviceTable.Row, _ error: RegistryError) {
        lines.append(Line(number: row.line, what: row.gatewayID, why: error.message, nextStep: error.nextStep))
    }

    func result(asJSON: Bool) -> CommandResult {
        let sorted = lines.sorted { $0.number < $1.number }
        let exitCode: Int32 = refusedCount == 0 ? 0 : isAllOrNothing ? (hasMalformed ? CommandError.Code.malformed.rawValue : 1) : 2
        guard !asJSON else { return CommandResult(output: json(sorted).json, exitCode: exitCode) }
        var output = ""
        for line in sorted {
            let outcome = line.why.map { "refused: \($0)" + (line.nextStep.map { ": \($0)" } ?? "") } ?? "added"
            output += "line \(line.number): \(line.what.isEmpty ? "" : line.what + " ")\(outcome)\n"
        }
        output += "\(path): \(CountedText.of(addedCount, "device")) added, \(refusedCount) refused\n"
        return CommandResult(output: output, notes: notes, exitCode: exitCode)
    }

    private var notes: String {
        guard addedCount > 0 else {
            guard isAllOrNothing else { return "nothing was added, and no file of codes was written: no line is good\n  next: mend these lines\n" }
            return "nothing was added, since all or none are\n  next: mend these lines, or give --skip-bad to add the others\n"
        }
        let approval = needsApproval ? "\n  they wait for somebody else's approval: harborseal device approve FIRM.DEVICE" : ""
        return "codes and enrolment texts in \(codesFile), which only you may read: delete it when the gateways are enrolled\(approval)\n"
    }

    private func json(_ sorted: [Line]) -> JSONValue {
        .members(
            ("file", .string(path)), ("added", .integer(Int64(addedCount))), ("refused", .integer(Int64(refusedCount))),
            ("codes", .optional(addedCount > 0 ? codesFile : nil)), ("needsApproval", .bool(needsApproval)),
            ("lines", .array(sorted.map { line in
                .members(
                    ("line", .integer(Int64(line.number))), ("gateway", .string(line.what)), ("added", .bool(line.why == nil)),
                    ("why", .optional(line.why)), ("next", .optional(line.nextStep)))
            })))
    }
}
