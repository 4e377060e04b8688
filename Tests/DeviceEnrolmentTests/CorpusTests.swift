import Foundation
import Testing

private let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fuzz/Corpus")

/// The fuzzers' kept corpus (Tests/Fuzz/Corpus).
@Suite("The corpus of enrolment and tokens") struct IdentityCorpusTests {
    @Test("each reader takes some inputs, refuses some, and stops at none, whole, cut or changed", arguments: IdentityFuzzReader.allCases)
    func readers(_ reader: IdentityFuzzReader) throws {
        let inputs = try FileManager.default.contentsOfDirectory(
            at: corpus.appendingPathComponent(reader.rawValue), includingPropertiesForKeys: nil
        ).map { Array(try Data(contentsOf: $0)) }
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
}
