internal import AnchorNode
internal import AttestationFormat

/// What became of one carried file.
struct ImportReport {
    let file: String
    /// Messages that were taken for a gateway's.
    private(set) var messageCount = 0
    private(set) var receiptCount = 0
    /// Refusals in words, each once, with how often it was given.
    private(set) var refusals: [(words: String, count: Int)] = []
    /// Carried messages for the gateways of this file.
    private(set) var replies: [UInt8] = []
    var replyFile: String?
    /// Why the file was not read to its end.
    var fault: Fault?
    /// Topics of the gateways in this file: a checkpoint brings receipts for others too, who ask for theirs themselves.
    private var gateways: Set<GatewayID> = []

    struct Fault {
        let words: String
        let nextStep: String
    }

    init(file: String) { self.file = file }

    /// A file of events that their owner keeps from nodes: nothing of it is taken.
    static func archive(_ file: String) -> ImportReport {
        var report = ImportReport(file: file)
        report.fault = Fault(
            words: "this is an archive of harborseal-agent journal archive, whose events a node would show to everybody: nothing of it is taken",
            nextStep: "take a file of harborseal-agent journal export; harborseal evidence --archive discloses what an archive holds")
        return report
    }

    var refusedCount: Int { refusals.reduce(0) { $0 + $1.count } }

    mutating func add(_ outbound: [OutboundReply], to messages: [BrokerMessage]) {
        for message in messages {
            guard let text = UTF8Text(validating: message.topic), let topic = try? Topic(parsing: text),
                topic.channel == .batch || topic.channel == .hello
            else { continue }
            gateways.insert(topic.gatewayID)
            messageCount += 1
        }
        for reply in outbound {
            guard let text = UTF8Text(validating: reply.topic), let topic = try? Topic(parsing: text), gateways.contains(topic.gatewayID)
            else { continue }
            CarriedMessage(topic: text, payload: reply.payload).append(to: &replies)
            note(reply.payload)
        }
    }

    private mutating func note(_ payload: [UInt8]) {
        switch try? Reply(parsing: payload) {
        case .receipt: receiptCount += 1
        case .refusal(let refusal):
            let words = "refusal \(refusal.code.rawValue): \(refusal.text)"
            if let index = refusals.firstIndex(where: { $0.words == words }) {
                refusals[index].count += 1
            } else {
                refusals.append((words, 1))
            }
        default: break
        }
    }
}

extension NodeImport {
    /// Refusals that are shown for one file; a hostile one has as many as it likes.
    private static var shownRefusalCount: Int { 10 }

    static func result(_ reports: [ImportReport], asJSON: Bool) -> CommandResult {
        let isMalformed = reports.contains { $0.fault != nil }
        let hasRefusals = reports.contains { $0.refusedCount > 0 || ($0.messageCount == 0 && $0.fault == nil) }
        let code: Int32 = isMalformed ? 65 : hasRefusals ? 1 : 0
        guard !asJSON else { return CommandResult(output: JSONValue.array(reports.map(\.json)).json, exitCode: code) }
        var output = ""
        var notes = ""
        for report in reports {
            output += "\(report.file): \(CountedText.of(report.messageCount, "message")), \(CountedText.of(report.receiptCount, "receipt")), "
                + "\(report.refusedCount) refused\n"
            if let path = report.replyFile {
                output += "  replies in \(path)\n  next: harborseal-agent journal import there, with the files of all nodes at once\n"
            }
            for refusal in report.refusals.prefix(shownRefusalCount) { notes += "  \(refusal.words) (\(CountedText.of(refusal.count, "time")))\n" }
            if let fault = report.fault {
                notes += "error: \(report.file): \(fault.words)\n  next: \(fault.nextStep)\n"
            } else if report.messageCount == 0 {
                notes += "error: \(report.file) holds no gateway's messages\n  next: name a file that harborseal-agent journal export wrote\n"
            }
        }
        return CommandResult(output: output, notes: notes, exitCode: code)
    }
}

extension ImportReport {
    fileprivate var json: JSONValue {
        .members(
            ("file", .string(file)), ("messages", .integer(Int64(messageCount))), ("receipts", .integer(Int64(receiptCount))),
            ("refused", .integer(Int64(refusedCount))), ("refusals", .array(refusals.prefix(10).map { .string($0.words) })),
            ("replies", .optional(replyFile)), ("fault", .optional(fault?.words)), ("next", .optional(fault?.nextStep)))
    }
}
