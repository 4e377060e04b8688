internal import AgentConfiguration
internal import AttestationFormat
internal import DeviceCrypto
internal import EventJournal
internal import GatewayAgent
internal import SmallFiles

/// `journal archive FOLDER`: the owner's copy of every event that nodes get no more than the hash of.
///
/// The events are read from the journal's files, not from the control socket, whose group may not see them. The agent is told only once
/// the copy is on the medium; what it was not told is archived again.
struct JournalArchive: ~Copyable {
    private let gatewayID: GatewayID
    private let folder: UTF8Text
    private var writer: CarriedFileWriter
    private var eventCount: UInt64 = 0
    private var batchCount: UInt64 = 0
    /// Batches that damage took events or the statement of.
    private var incompleteCount: UInt64 = 0

    private init(_ gatewayID: GatewayID, folder: UTF8Text, error: inout Int32) {
        self.gatewayID = gatewayID
        self.folder = folder
        writer = CarriedFileWriter(folder: folder, error: &error)
    }

    static func run(_ arguments: Arguments, _ configuration: AgentConfiguration, folder: UTF8Text) throws(SetupError) -> ExitCode {
        let gatewayID = try AgentSetup.gatewayName(configuration.identity).gatewayID
        let question = ControlQuestion(configuration)
        // Asked first: what it calls signed is on the medium when the files are read.
        let (start, hello) = try question.carry("carry\n")
        let adapter = try JournalCommand.open(arguments)
        guard adapter.epoch.text == start.epoch else { throw Self.newEpoch }
        var error: Int32 = 0
        var archive = JournalArchive(gatewayID, folder: folder, error: &error)
        try JournalExport.check(error, folder)
        try JournalExport.check(archive.writer.write(hello[start.itemStart...]), folder)
        let range = try archive.write(adapter, upTo: start.signedEnd)
        let name = try archive.publish(start.epoch + UTF8Text("-\(range.lowerBound)-\(range.upperBound)"))
        try tell(question, start.epoch, range.upperBound, file: name)
        Output.write(archive.report(name, asJSON: arguments.wantsJSON))
        guard range.upperBound >= start.signedEnd else {
            throw SetupError(.inputOutput, "the journal cannot be read from sequence \(range.upperBound) on: run harborseal-agent doctor")
        }
        return .success
    }

    private static var newEpoch: SetupError { SetupError(.temporary, "the agent began a new epoch meanwhile: run this again") }

    // MARK: - Reading and writing

    /// Writes the batches that are not archived yet, epoch by epoch. Returns what they are of the open one.
    private mutating func write(_ adapter: JournalAdapter<PosixFileSystem>, upTo signedEnd: UInt64) throws(SetupError) -> Range<UInt64> {
        let archived = adapter.journal.archivedUpTo
        let held = adapter.journal.heldEpochs
        var index = held.firstIndex { $0.epoch == archived?.epoch } ?? 0
        while true {
            try Self.reading { () throws(JournalProblem) in try adapter.turn(to: held[index]) }
            let known = held[index].epoch == archived?.epoch ? archived?.sequence ?? 0 : 0
            let isOpen = index == held.count - 1
            let range = try write(adapter, from: max(known, adapter.oldestHeld), upTo: isOpen ? signedEnd : .max)
            if isOpen { return range }
            index += 1
        }
    }

    private mutating func write(
        _ adapter: JournalAdapter<PosixFileSystem>, from first: UInt64, upTo end: UInt64
    ) throws(SetupError) -> Range<UInt64> {
        var cursor = first
        while cursor < end {
            let batch = try Self.reading { () throws(JournalProblem) in
                try adapter.wholeBatch(atOrAfter: cursor, of: gatewayID, hashing: SHA256.self)
            }
            guard let batch, batch.end <= end else { break }
            var bytes: [UInt8] = []
            batch.message.append(to: &bytes)
            try JournalExport.check(writer.write(bytes[...]), folder)
            batchCount += 1
            if batch.isComplete { eventCount += batch.end - batch.first } else { incompleteCount += 1 }
            // The oldest segment may begin within a batch whose first events are gone.
            if cursor > first, batch.first > cursor { incompleteCount += 1 }
            cursor = batch.end
        }
        return first..<max(first, cursor)
    }

    private static func reading<Result>(_ call: () throws(JournalProblem) -> Result) throws(SetupError) -> Result {
        do throws(JournalProblem) {
            return try call()
        } catch {
            throw SetupError(.inputOutput, "the journal cannot be read: \(error.words): run this again, then harborseal-agent doctor")
        }
    }

    /// Gives the file its name; no earlier archive is ever replaced. Nil without a batch: then there is no file.
    private mutating func publish(_ range: UTF8Text) throws(SetupError) -> UTF8Text? {
        guard batchCount > 0 else { return nil }
        let name = gatewayID.text + "-archive-" + range + ".hsarchive"
        let path = folder + "/" + name
        guard !SmallFile.exists(path) else {
            throw SetupError(.cannotCreate, "\(path.string) is there already, and an archive is never replaced: name another folder")
        }
        try JournalExport.check(writer.publish(as: name), folder)
        return path
    }

    // MARK: - The agent and the operator

    private static func tell(_ question: ControlQuestion, _ epoch: UTF8Text, _ end: UInt64, file: UTF8Text?) throws(SetupError) {
        do throws(SetupError) {
            let (head, _) = try question.carry("archived \(epoch.string) \(end)\n")
            guard head.epoch == epoch else { throw newEpoch }
        } catch {
            guard let file else { throw error }
            throw SetupError(error.code, "\(file.string) is whole, but the agent does not know of it and keeps everything: \(error.text)")
        }
    }

    private func report(_ file: UTF8Text?, asJSON: Bool) -> [UInt8] {
        var out: [UInt8] = []
        if asJSON {
            out.append(contentsOf: "{\"events\":\(eventCount),\"batches\":\(batchCount),\"incomplete-batches\":\(incompleteCount),\"file\":".utf8)
            if let file { out.appendJSON(text: file.string) } else { out.append("null") }
            out.append("}\n")
            return out
        }
        guard let file else { return Array("nothing to archive: every signed event is archived\n".utf8) }
        out.append(contentsOf: "\(eventCount) events in \(batchCount) batches, \(writer.byteCount) bytes: \(file.string)\n".utf8)
        if incompleteCount > 0 {
            out.append(contentsOf: "  damage took parts of \(incompleteCount) batches: of these the file has no events\n".utf8)
        }
        out.append("  next: copy it to a second place, but to no node: once the journal lets its segments go, nobody else has these events\n")
        return out
    }
}
