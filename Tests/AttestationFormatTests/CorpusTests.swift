import Foundation
import HarborsealTesting
import Testing

/// The fuzzers' kept corpus (Tests/Fuzz/Corpus), once through each reader: what was found once stays mended.
@Suite("The fuzzers' corpus")
struct CorpusTests {
    private static let corpus = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fuzz/Corpus")

    private static func inputs(of reader: FuzzReader) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(
            at: corpus.appendingPathComponent(reader.rawValue), includingPropertiesForKeys: nil)
    }

    @Test("every reader has inputs that it takes and inputs that it refuses, and stops at none", arguments: FuzzReader.allCases)
    func replay(reader: FuzzReader) throws {
        let inputs = try CorpusTests.inputs(of: reader).map { Array(try Data(contentsOf: $0)) }
        let takenCount = inputs.filter { reader.feed($0) }.count
        #expect(takenCount > 0 && takenCount < inputs.count, "\(takenCount) of \(inputs.count) taken")
    }

    @Test("no reader stops at another reader's inputs, cut or with a bit changed", arguments: FuzzReader.allCases)
    func crossed(reader: FuzzReader) throws {
        for other in FuzzReader.allCases {
            for input in try CorpusTests.inputs(of: other).prefix(8) {
                let bytes = Array(try Data(contentsOf: input).prefix(1_024))
                reader.feed(bytes)
                reader.feed(Array(bytes.dropLast()))
                reader.feed(bytes + [0])
                for place in stride(from: 0, to: bytes.count, by: 17) {
                    var changed = bytes
                    changed[place] ^= 1 << UInt8(place % 8)
                    reader.feed(changed)
                }
            }
        }
    }
}
