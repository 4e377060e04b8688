import AttestationFormat
import LogisticsEvents
@testable import SensorSources

/// The readers of lines that others write, fed with anything: fuzzed by Tests/Fuzz/run.sh, and fed with its corpus by the tests.
///
/// A reader must not trap; what the intake takes must be an event that a node takes.
enum SourceFuzzReader: String, CaseIterable {
    case intake, gpsd

    /// Feeds one input; whether the reader took it.
    @discardableResult
    func feed(_ bytes: [UInt8]) -> Bool {
        switch self {
        case .intake: feedIntake(bytes)
        case .gpsd: feedSession(bytes)
        }
    }

    private func feedIntake(_ bytes: [UInt8]) -> Bool {
        var parser = IntakeParser()
        var salts = NoSalts()
        let moment = EventMoment(wallMilliseconds: 1_795_327_388_000, monotonicMilliseconds: 1)
        do throws(SourceError) {
            let line = try parser.parse(bytes.span, at: moment)
            let event = try line.encoded(salts: &salts)
            precondition((try? EventView(parsing: event)) != nil, "an event that no node takes")
            return true
        } catch {
            precondition(!error.message.bytes.isEmpty)
            return false
        }
    }

    /// The bytes come in two pieces: no report may depend on where they are cut.
    private func feedSession(_ bytes: [UInt8]) -> Bool {
        var whole = GPSDSession(nowMilliseconds: 0)
        let expected = whole.receive(bytes.span, nowMilliseconds: 0)
        var pieces = GPSDSession(nowMilliseconds: 0)
        let cut = bytes.count / 2
        let (head, tail) = (Array(bytes[..<cut]), Array(bytes[cut...]))
        var found = pieces.receive(head.span, nowMilliseconds: 0)
        found += pieces.receive(tail.span, nowMilliseconds: 0)
        precondition(found == expected, "a report depends on where the bytes are cut")
        return expected.contains { if case .report = $0 { true } else { false } }
    }
}

/// A salt that costs nothing.
private struct NoSalts: SaltSource {
    mutating func salt(byteCount: Int) -> [UInt8] { [UInt8](repeating: 1, count: byteCount) }
}
