import AttestationFormat
import Foundation
import HarborsealTesting
import LogisticsEvents
@testable import SensorSources
import Testing

private let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

/// The fuzzers' kept corpus (Tests/Fuzz/Corpus), and the journey that the demo is fed.
@Suite("The sources' corpus") struct SourceCorpusTests {
    private static func inputs(of reader: SourceFuzzReader) throws -> [[UInt8]] {
        try FileManager.default.contentsOfDirectory(
            at: tests.appendingPathComponent("Fuzz/Corpus/" + reader.rawValue), includingPropertiesForKeys: nil
        ).map { Array(try Data(contentsOf: $0)) }
    }

    @Test("each reader takes some inputs, refuses some, and stops at none, whole, cut or changed", arguments: SourceFuzzReader.allCases)
    func corpus(_ reader: SourceFuzzReader) throws {
        let inputs = try SourceCorpusTests.inputs(of: reader)
        let takenCount = inputs.filter { reader.feed($0) }.count
        #expect(takenCount > 0 && takenCount < inputs.count, "\(takenCount) of \(inputs.count) taken")
        for input in inputs {
            for place in stride(from: 0, to: input.count, by: 13) {
                var changed = input
                changed[place] ^= 1 << UInt8(place % 8)
                reader.feed(changed)
                reader.feed(Array(input[..<place]))
            }
        }
    }

    @Test("every line of the demo's journey is an event")
    func journey() throws {
        let path = tests.appendingPathComponent("Fixtures/journey.ndjson").path
        let replay = try ReplaySource(path: UTF8Text(path), pace: .fast)
        var salts = FixedSalts()
        var output = SourceOutput()
        let context = SourceContext(moment: sampleMoment, eventRoom: 100_000)
        while !replay.isFinished { replay.serve(context: context, salts: &salts, into: &output) }
        #expect(replay.refusedCount == 0)
        #expect(replay.eventCount >= 200)
        for event in output.events { #expect(throws: Never.self) { try EventView(parsing: event.bytes) } }
    }
}
