internal import AgentConfiguration
internal import AttestationFormat
internal import ConfigurationFile
internal import EventJournal
internal import GatewayAgent
internal import SensorSources

/// `journal verify|export|tail`: looks at a journal, whether its agent runs or is stopped, and changes nothing: a torn tail is cut, and
/// damage answered, by the agent's own start.
enum JournalCommand {
    static func run(_ arguments: Arguments) -> ExitCode {
        guard let action = arguments.operands.first else { return AgentProgram.usage("journal needs verify, export or tail") }
        let number = arguments.operands.count > 1 ? decimal(arguments.operands[1]) : nil
        if arguments.operands.count > 2 || (arguments.operands.count == 2 && number == nil) {
            return AgentProgram.usage("journal \(action.string) takes at most one number")
        }
        do throws(SetupError) {
            switch action {
            case "verify": return verify(try open(arguments))
            case "export": return export(try open(arguments), from: number ?? 0)
            case "tail":
                let adapter = try open(arguments)
                let wanted = min(number ?? 10, adapter.nextSequence)
                return export(adapter, from: adapter.nextSequence - wanted)
            default: return AgentProgram.usage("unknown action journal \(action.string)")
            }
        } catch {
            Output.complain(error.text)
            return error.code
        }
    }

    private static func open(_ arguments: Arguments) throws(SetupError) -> JournalAdapter<PosixFileSystem> {
        let configuration: AgentConfiguration
        do throws(ConfigurationProblems) {
            configuration = try arguments.configuration()
        } catch {
            throw SetupError(.configuration, error.message.string)
        }
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

    private static func export(_ adapter: JournalAdapter<PosixFileSystem>, from first: UInt64) -> ExitCode {
        let start = max(first, adapter.oldestHeld)
        guard start < adapter.nextSequence else { return .success }
        do throws(JournalError) {
            try adapter.journal.forEachEvent(from: start, count: adapter.nextSequence - start) { sequence, bytes in
                var line = Array("\(sequence) ".utf8)
                bytes.withUnsafeBufferPointer { buffer in
                    for byte in buffer {
                        line.append([UInt8].hexDigit(byte >> 4))
                        line.append([UInt8].hexDigit(byte & 15))
                    }
                }
                line.append(UInt8(ascii: "\n"))
                Output.write(line)
            }
            return .success
        } catch {
            Output.complain("the journal cannot be read to its end: \(error.words)")
            return .inputOutput
        }
    }

    private static func decimal(_ text: UTF8Text) -> UInt64? {
        var value: UInt64 = 0
        guard text.byteCount > 0, text.byteCount <= 18 else { return nil }
        for byte in text.bytes {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            value = value * 10 + UInt64(byte - UInt8(ascii: "0"))
        }
        return value
    }
}
