import AttestationFormat
import Foundation
import HarborsealTesting
import Testing

/// The 66 files that another implementation of wire-format.md made: what is malformed (exit 65), and what is not.
@Suite("Trust files and evidence of another implementation", .enabled(if: TestData.isPresent, Comment(rawValue: TestData.reason)))
struct FormatCaseTests {
    struct Cases: Decodable {
        struct Case: Decodable {
            let file: String
            let exit: Int
            let check: String?
            let why: String
        }
        let cases: [Case]
    }

    static func cases() -> [Cases.Case] {
        guard let bytes = try? TestData.bytes("format/cases.json") else { return [] }
        return (try? JSONDecoder().decode(Cases.self, from: Data(bytes)))?.cases ?? []
    }

    @Test("exactly the malformed files are refused by the parser", arguments: cases().map(\.file))
    func form(file: String) throws {
        let expected = try #require(FormatCaseTests.cases().first { $0.file == file })
        let bytes = try TestData.bytes("format/" + file)
        var refusal: FormatError?
        do throws(FormatError) {
            if file.hasSuffix(".hstrust") { _ = try UnverifiedTrustFile(parsing: bytes) } else { _ = try Evidence(parsing: bytes) }
        } catch { refusal = error }
        #expect((refusal != nil) == (expected.exit == 65), "\(expected.why): \(String(describing: refusal))")
        #expect((refusal != nil) == (expected.check == "form"))
    }

    static let reasons: [(String, FormatError.Code)] = [
        ("bad-range-overflow", .sequenceOverflow), ("bad-statement-high-s", .signatureHighS),
        ("bad-statement-unprotected", .unprotectedHeader), ("bad-vds-unprotected", .missingLabel(395)),
        ("bad-duplicate-key", .duplicateKey), ("bad-crit", .criticalHeader), ("bad-alg", .algorithm), ("bad-typ", .type),
        ("bad-untagged", .untagged), ("bad-trailing", .trailingBytes), ("bad-truncated", .truncated),
        ("bad-event-float", .forbiddenSimpleValue), ("bad-event-order", .keyOrder), ("bad-event-long-int", .notShortest),
        ("bad-event-indefinite", .indefiniteLength), ("bad-event-missing-key", .missingLabel(2)),
        ("bad-event-undefined", .forbiddenSimpleValue), ("bad-event-tag", .forbiddenTag),
        ("bad-signature-short", .signatureLength), ("bad-signature-zero", .signatureRange),
    ]

    @Test("the refusal names the fault that the file was made with", arguments: reasons)
    func reason(file: String, code: FormatError.Code) throws {
        let bytes = try TestData.bytes("format/\(file).hsev")
        let refusal = #expect(throws: FormatError.self) { try Evidence(parsing: bytes) }
        #expect(refusal?.code == code)
    }

    @Test("no case was overlooked")
    func count() {
        #expect(FormatCaseTests.cases().count == 66)
        #expect(FormatCaseTests.cases().filter { $0.exit == 65 }.count == FormatCaseTests.reasons.count)
    }

    @Test("what parses is written back to the same bytes", arguments: cases().filter { $0.exit != 65 }.map(\.file))
    func roundTrip(file: String) throws {
        let bytes = try TestData.bytes("format/" + file)
        if file.hasSuffix(".hstrust") {
            let payload = try COSESign1(parsing: bytes, limit: Limits.trustFileByteCount).payload
            #expect(try UnverifiedTrustFile(parsing: bytes).content.encoded() == payload)
        } else {
            #expect(try Evidence(parsing: bytes).encoded() == bytes)
        }
    }
}
