internal import AllianceTrust
internal import AnchorNode
internal import AttestationFormat
internal import Foundation
internal import Logging

/// `harborseal node import`: batches of gateways without a network, brought in files (``AttestationFormat/CarriedMessage``).
///
/// The files are taken as a broker's messages would be: the same parser, certificates, chain rules and ledger. What the node
/// would have published in return is written into a file for the way back. Taking a file twice changes nothing and gives the same
/// receipts.
public struct NodeImport: Sendable {
    public var configurationFile: String
    /// `section.key=value`, over the configuration.
    public var overrides: [String]
    public var files: [String]
    /// The folder for the replies; nil: beside each file.
    public var output: String?
    public var asJSON: Bool

    public init(configurationFile: String, overrides: [String] = [], files: [String], output: String? = nil, asJSON: Bool = false) {
        self.configurationFile = configurationFile
        self.overrides = overrides
        self.files = files
        self.output = output
        self.asJSON = asJSON
    }

    /// Messages of one transaction; with the largest ones 16 MiB.
    private static var messagesPerTurn: Int { 64 }
    private static var pieceByteCount: Int { 1 << 20 }

    /// Takes all files, one after the other. The exit code is 0 if every batch is in the ledger, 1 if one was refused, 65 if a file is
    /// malformed; what was good before the fault is taken.
    public func run() async throws -> CommandResult {
        let environment = ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }
        let configuration = try NodeConfiguration(file: configurationFile, environment: environment, flags: overrides)
        var logger = Logger(label: "harborseal.node") { StreamLogHandler.standardError(label: $0) }
        // Refusals are in the report; a conflict is an alarm in any case.
        logger.logLevel = .warning
        var settings = configuration.settings
        // A file is no stream: its sender waits for nothing else.
        settings.messagesPerSecond = 0
        let node = try await OpenedNode(configuration, settings: settings, logger: logger)
        defer { node.close() }
        var reports: [ImportReport] = []
        for file in files { reports.append(try await take(file, node, node: settings.name.node.text.string)) }
        return Self.result(reports, asJSON: asJSON)
    }

    private func take(_ path: String, _ node: OpenedNode, node name: String) async throws -> ImportReport {
        guard !ArchiveName.isArchive(path) else { return .archive(path) }
        let file = try CarriedFile.open(path, writtenBy: "harborseal-agent journal export")
        defer { try? file.close() }
        var report = ImportReport(file: path)
        var reader = CarriedReader()
        var (isFirst, isAtEnd) = (true, false)
        var beginning: [UInt8] = []
        var turn: [BrokerMessage] = []
        reading: while true {
            do {
                while let message = try reader.next(isAtEnd: isAtEnd) {
                    if isFirst, let topic = try? Topic(parsing: message.topic), ArchiveName.isArchive(path, of: topic.gatewayID) {
                        return .archive(path)
                    }
                    isFirst = false
                    turn.append(BrokerMessage(broker: 0, topic: message.topic.bytes, payload: message.payload))
                    guard turn.count >= Self.messagesPerTurn else { continue }
                    report.add(try await node.core.handle(turn), to: turn)
                    turn = []
                }
            } catch let error as FormatError {
                let found = error.offset == 0 ? "; it is \(FoundBytes.words(of: beginning))" : ""
                report.fault = ImportReport.Fault(
                    words: "from byte \(error.offset) on this is no carried file of harborseal-agent journal export (\(error.words))\(found)"
                        + "; what was before it is taken",
                    nextStep: "carry it again: harborseal-agent journal export")
                break reading
            }
            if isAtEnd { break }
            let piece = try file.read(upToCount: Self.pieceByteCount) ?? Data()
            isAtEnd = piece.isEmpty
            if beginning.isEmpty { beginning = [UInt8](piece) }
            reader.append([UInt8](piece))
        }
        report.add(try await node.core.handle(turn), to: turn)
        report.add(try await node.core.integrate(), to: [])
        try writeReplies(&report, node: name)
        return report
    }

    private func writeReplies(_ report: inout ImportReport, node: String) throws {
        guard !report.replies.isEmpty else { return }
        let source = URL(fileURLWithPath: report.file)
        let folder = output ?? source.deletingLastPathComponent().path
        let stem = source.deletingPathExtension().lastPathComponent
        let path = "\(folder)/\(stem)-from-\(node).hsreply"
        try DurableFile.write(report.replies, to: path)
        report.replyFile = path
    }
}
