import AttestationFormat
import LogisticsEvents
@testable import SensorSources

/// The readers of lines that others write, fed with anything: fuzzed by Tests/Fuzz/run.sh, and fed with its corpus by the tests.
///
/// A reader must not trap; what the intake takes must be an event that a node takes.
enum SourceFuzzReader: String, CaseIterable {
    case intake, gpsd, nmea, topics, thermometer, attribute, edges

    /// Feeds one input; whether the reader took it.
    @discardableResult
    func feed(_ bytes: [UInt8]) -> Bool {
        switch self {
        case .intake: feedIntake(bytes)
        case .gpsd: feedSession(bytes)
        case .nmea: feedReceiver(bytes)
        case .topics: feedTopics(bytes)
        case .thermometer: feedThermometer(bytes)
        case .attribute: feedAttributes(bytes)
        case .edges: feedEdges(bytes)
        }
    }

    private func feedThermometer(_ bytes: [UInt8]) -> Bool {
        if case .value = W1Thermometer.answer(bytes) { return true }
        return false
    }

    /// Lines: raw value, offset, scale.
    private func feedAttributes(_ bytes: [UInt8]) -> Bool {
        let numbers = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { DriverNumber(Array($0).span) }
        guard numbers.count >= 3, let raw = numbers[0], let offset = numbers[1], let scale = numbers[2],
            let channel = KernelChannel(.iio, "accel_x", device: "adxl345")
        else { return false }
        return channel.value(raw, offset: offset, scale: scale) != nil
    }

    /// After every edge the line is where the edge went, unless that was an old one.
    private func feedEdges(_ bytes: [UInt8]) -> Bool {
        var line = GPIOLine(isActive: false)
        var hasChanged = false
        for start in stride(from: 0, through: bytes.count - GPIOEdge.byteCount, by: GPIOEdge.byteCount) {
            guard let edge = GPIOEdge(bytes.span.extracting(start..<start + GPIOEdge.byteCount)) else { continue }
            for finding in line.take(edge) {
                if case .lost(_, let count) = finding { precondition(count > 0) }
                if case .changed(let isActive) = finding { precondition(isActive == edge.rises && line.isActive == isActive); hasChanged = true }
            }
        }
        return hasChanged
    }

    /// The bytes come in two pieces: no fix may depend on where they are cut, and each fix must be one that an event takes.
    private func feedReceiver(_ bytes: [UInt8]) -> Bool {
        var whole = NMEASession(nowMilliseconds: 0)
        var expected = whole.receive(bytes.span, nowMilliseconds: 0)
        var pieces = NMEASession(nowMilliseconds: 0)
        let cut = bytes.count / 2
        let (head, tail) = (Array(bytes[..<cut]), Array(bytes[cut...]))
        var found = pieces.receive(head.span, nowMilliseconds: 0)
        found += pieces.receive(tail.span, nowMilliseconds: 0)
        precondition(found == expected, "a fix depends on where the bytes are cut")
        if let last = whole.tick(nowMilliseconds: 1000) { expected.append(last) }
        var policy = FixPolicy(periodMilliseconds: 0)
        let moment = EventMoment(wallMilliseconds: 1_795_327_388_000, monotonicMilliseconds: 1)
        var hasFix = false
        for case .fix(let fix) in expected {
            hasFix = true
            let event = try? policy.draft(fix, at: moment)?.encoded(salt: [])
            precondition(event.map { (try? EventView(parsing: $0)) != nil } ?? false, "a fix that no event takes")
        }
        return hasFix
    }

    /// A message for one mapping of each form; its first byte says whether it is retained.
    private func feedTopics(_ bytes: [UInt8]) -> Bool {
        let values: [MappedValue] = [.number(.temperature, .one), .number(.state, .one), .contact] + RuuviPart.allCases.map { .ruuvi($0) }
        let pointers: [UTF8Text] = ["", "/temperature", "/params/temperature:0/tC", "/contact", "/data", "/rxInfo/0/snr"]
        let mappings = pointers.flatMap { pointer in
            values.compactMap { TopicMapping(sensor: "s", filter: "a/+", pointer: pointer, value: $0) }
        }
        var table = TopicTable(mappings)
        var readings: [SensorReading] = []
        let moment = EventMoment(wallMilliseconds: 1_795_327_388_000, monotonicMilliseconds: 1)
        for isRetained in [bytes.first == 0, false] {
            _ = table.take(
                topic: Array("a/b".utf8), payload: Array(bytes.dropFirst()), isRetained: isRetained, at: moment, into: &readings)
        }
        precondition(readings.count <= 2 * mappings.count, "more readings than mappings")
        let changes = try? table.takeChanges(room: 100)
        precondition(changes != nil, "a door that no event takes")
        return readings.contains { $0.value != nil } || !(changes ?? []).isEmpty
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
