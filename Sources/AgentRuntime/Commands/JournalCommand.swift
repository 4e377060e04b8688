internal import AgentConfiguration
internal import AttestationFormat
internal import ConfigurationFile
internal import EventJournal
internal import GatewayAgent
internal import SensorSources

/// `journal verify|export|tail`: looks at a journal, whether its agent runs or is stopped, and changes nothing: a torn tail is cut, and
/// damage answered, by the agent's own start. `export FOLDER`, `import` and `archive` ask the running agent.
enum JournalCommand {
    static func run(_ arguments: Arguments) -> ExitCode {
        guard let action = arguments.operands.first else {
            return AgentProgram.usage("journal needs archive, verify, export, import or tail")
        }
        let operands = arguments.operands.dropFirst()
        let number = operands.first?.number(after: "")
        do throws(SetupError) {
            if action == "import" {
                guard !operands.isEmpty else { return AgentProgram.usage("journal import needs the files that nodes wrote, or their folder") }
                return try JournalImport.run(try configuration(arguments), operands, asJSON: arguments.wantsJSON)
            }
            if action == "archive" {
                guard let folder = operands.first, operands.count == 1 else { return AgentProgram.usage("journal archive needs one folder") }
                return try JournalArchive.run(arguments, try configuration(arguments), folder: folder)
            }
            if action == "export", let folder = operands.first, number == nil {
                let from = operands.dropFirst().first.map { $0.number(after: "") }
                guard operands.count <= 2, from != .some(nil) else { return AgentProgram.usage("journal export FOLDER takes at most one number") }
                return try JournalExport.run(try configuration(arguments), folder: folder, from: from ?? nil, asJSON: arguments.wantsJSON)
            }
            if operands.count > 1 || (operands.count == 1 && number == nil) {
                return AgentProgram.usage("journal \(action.string) takes at most one number")
            }
            if arguments.wantsJSON { return AgentProgram.unknownJSON }
            switch action {
            case "verify": return verify(try open(arguments))
            case "export": return export(try open(arguments), from: number ?? 0)
            case "tail":
                let adapter = try open(arguments)
                let wanted = min(number ?? 10, adapter.nextSequence)
                return export(adapter, from: adapter.nextSequence - wanted, asHex: arguments.wantsHex)
            default: return AgentProgram.usage("unknown action journal \(action.string)")
            }
        } catch {
            Output.complain(error.text)
            return error.code
        }
    }

    private static func configuration(_ arguments: Arguments) throws(SetupError) -> AgentConfiguration {
        do throws(ConfigurationProblems) {
            return try arguments.configuration()
        } catch {
            throw SetupError(error.exitCode, error.message.string)
        }
    }

    static func open(_ arguments: Arguments) throws(SetupError) -> JournalAdapter<PosixFileSystem> {
        let configuration = try configuration(arguments)
        let name = try AgentSetup.gatewayName(configuration.identity)
        var clock = ClockReader()
        let adapter = try AgentSetup.openJournal(
            configuration.journal, gatewayID: name.gatewayID, now: clock.read(), isForReading: true)
        guard !adapter.journal.recovery.isNew else {
            throw SetupError(.noInput, "\(configuration.journal.directory.string) holds no journal yet")
        }
        return adapter
    }

    // MARK: - Actions

    /// Opening has read and verified what matters; reading every event covers the rest.
    private static func verify(_ adapter: JournalAdapter<PosixFileSystem>) -> ExitCode {
        let journal = adapter.journal
        var readCount: UInt64 = 0
        var lostCount: UInt64 = 0
        var statementCount: UInt64 = 0
        do throws(JournalError) {
            let held = adapter.nextSequence - adapter.oldestHeld
            try journal.forEachEvent(from: adapter.oldestHeld, count: held) { _, _ in readCount += 1 }
            lostCount = held - readCount
            var cursor = adapter.oldestHeld
            while let stored = try journal.nextStatement(from: cursor) {
                statementCount += 1
                cursor = stored.first &+ stored.count
            }
        } catch {
            Output.complain("the journal cannot be read to its end: \(error.words)")
            return .inputOutput
        }
        Output.print("epoch \(adapter.epoch.text.string): \(readCount) events held, \(statementCount) statements")
        Output.print("next \(adapter.nextSequence), signed below \(adapter.signedEnd), quorum below \(adapter.quorumEnd)")
        for damage in journal.recovery.damages {
            Output.print(
                "DAMAGED segment \(damage.segment) at byte \(damage.offset): \(damage.byteCount) bytes, from sequence \(damage.firstSequence)"
                    + (damage.lostEventCount.map { ", \($0) events lost" } ?? ""))
        }
        if journal.recovery.tornTailByteCount > 0 {
            Output.print("\(journal.recovery.tornTailByteCount) bytes behind the last record are an unfinished write")
        }
        let damageCount = journal.recovery.damages.count + journal.recovery.unlistedDamageCount
        if damageCount == 0, lostCount == 0 {
            Output.print("nothing is damaged")
            return .success
        }
        Output.complain("\(damageCount) damaged places, \(lostCount) events lost: the agent declares them in signed events; check the medium")
        return .failure
    }

    private static func export(_ adapter: JournalAdapter<PosixFileSystem>, from first: UInt64, asHex: Bool = true) -> ExitCode {
        let start = max(first, adapter.oldestHeld)
        guard start < adapter.nextSequence else { return .success }
        do throws(JournalError) {
            try adapter.journal.forEachEvent(from: start, count: adapter.nextSequence - start) { sequence, bytes in
                let event = bytes.withUnsafeBufferPointer { Array($0) }
                let words = asHex ? nil : (try? EventView(parsing: event))?.words
                Output.write(Array("\(sequence) ".utf8) + (words ?? Hexadecimal.text(of: event).bytes) + [UInt8(ascii: "\n")])
            }
            return .success
        } catch {
            Output.complain("the journal cannot be read to its end: \(error.words)")
            return .inputOutput
        }
    }
}
