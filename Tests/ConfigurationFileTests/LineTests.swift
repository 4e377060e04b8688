import AttestationFormat
import ConfigurationFile
import Testing

private func document(_ text: String) -> ConfigurationDocument {
    document(Array(text.utf8))
}

private func document(_ bytes: [UInt8]) -> ConfigurationDocument {
    var document = ConfigurationDocument(path: "a.conf")
    document.add(bytes, of: "a.conf")
    return document
}

@Suite("Lines of a configuration file")
struct LineTests {
    @Test("sections, keys and values come with file and line; comments and blank lines say nothing")
    func reading() {
        let document = document(
            """
            # a comment
            ; another one
              # an indented comment

            [one]
            key = a value with spaces
            other=x=y:z
            [two]\t
            key\t=\tü;nothing cut here
            empty =
            [three]
            """)
        #expect(document.problems.isEmpty)
        #expect(document.sections.map(\.name) == ["one", "two", "three"])
        #expect(document.sections.map(\.origin) == [.file("a.conf", line: 5), .file("a.conf", line: 8), .file("a.conf", line: 11)])
        #expect(document.entries == [
            .init(section: "one", key: "key", value: "a value with spaces", origin: .file("a.conf", line: 6)),
            .init(section: "one", key: "other", value: "x=y:z", origin: .file("a.conf", line: 7)),
            .init(section: "two", key: "key", value: "ü;nothing cut here", origin: .file("a.conf", line: 9)),
            .init(section: "two", key: "empty", value: "", origin: .file("a.conf", line: 10)),
        ])
    }

    @Test("CR LF line ends, a byte-order mark and a missing last line end change nothing")
    func lineEnds() {
        let document = document([0xEF, 0xBB, 0xBF] + Array("[one]\r\nkey = value\r\nlast = x".utf8))
        #expect(document.problems.isEmpty)
        #expect(document.entries.map(\.value) == ["value", "x"])
        #expect(document.entries.map(\.origin) == [.file("a.conf", line: 2), .file("a.conf", line: 3)])
    }

    @Test("a line of 199 bytes is whole, one of 200 is refused, comments too")
    func longLines() {
        let prefix = "key = "
        let longest = String(repeating: "v", count: 199 - prefix.utf8.count)
        let whole = document("[one]\n\(prefix)\(longest)\n")
        #expect(whole.problems.isEmpty)
        #expect(whole.entries.first?.value.byteCount == longest.utf8.count)
        for line in ["\(prefix)\(longest)v", "# " + String(repeating: "c", count: 198)] {
            let cut = document("[one]\n\(line)\nnext = 1\n")
            #expect(cut.problems.map(\.code) == [.lineTooLong])
            #expect(cut.problems.first?.message.string == "a.conf:2: the line has 200 bytes, at most 199 are read; shorten it")
            #expect(cut.entries.map(\.key) == ["next"])
        }
    }

    @Test(
        "what inih would cut, join or pass over in silence is refused with its line",
        arguments: [
            (" key = 1", ConfigurationProblem.Code.indented), ("\tkey = 1", .indented), ("  continued", .indented),
            ("key = 1 ; comment", .inlineComment), ("key = 1\t;comment", .inlineComment), ("key = ; comment", .inlineComment),
            ("[one] ; comment", .inlineComment), ("[one] more", .badSectionHeader), ("[one", .badSectionHeader), ("[]", .badSectionHeader),
            ("[a123456789b123456789c123456789d123456789e123456789]", .badSectionHeader),
            ("just words", .notAKeyAndValue), ("key : value", .notAKeyAndValue), ("host:port = 1", .notAKeyAndValue),
            ("= value", .notAKeyAndValue), ("key = a\u{0}b", .controlCharacter), ("\u{0}", .controlCharacter),
            ("key = a\u{1B}b", .controlCharacter), ("key = a\u{7F}", .controlCharacter), ("key = a\rb", .controlCharacter),
            ("first = 2", .duplicateKey), ("first=2", .duplicateKey), ("[one]\nfirst = 2", .duplicateKey),
        ])
    func refused(line: String, code: ConfigurationProblem.Code) {
        let document = document("[one]\nfirst = 1\n\(line)\n[two]\nlast = 3\n")
        #expect(document.problems.map(\.code) == [code])
        let expectedLine = line.hasPrefix("[one]\n") ? 4 : 3
        #expect(document.problems.map(\.origin) == [.file("a.conf", line: expectedLine)])
        #expect(document.entries.map(\.key) == ["first", "last"])
    }

    @Test("bytes that are not UTF-8 are refused", arguments: [[0xFF], [0xC3, 0x28], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xE2, 0x82]] as [[UInt8]])
    func notUTF8(bytes: [UInt8]) {
        let document = document(Array("[one]\nkey = ".utf8) + bytes + Array("\nlast = 3\n".utf8))
        #expect(document.problems.map(\.code) == [.notUTF8])
        #expect(document.problems.map(\.origin) == [.file("a.conf", line: 2)])
        #expect(document.entries.map(\.key) == ["last"])
    }

    @Test("a value before the first section is refused")
    func outsideSection() {
        let document = document("key = 1\n[one]\nkey = 2\n")
        #expect(document.problems.map(\.code) == [.keyOutsideSection])
        #expect(document.entries.map(\.value) == ["2"])
    }

    @Test("all problems of a file are reported in one run, and a duplicate names the first place")
    func allAtOnce() {
        let document = document("[one]\na = 1\na = 2\n b = 3\nc\n[two]\na = 1\n")
        #expect(document.problems.map { $0.message.string } == [
            "a.conf:3: \"a\" stands already at a.conf:2; keep one of the two",
            "a.conf:4: the line is indented; continuation lines do not exist here: start it at the margin",
            "a.conf:5: no \"key = value\" and no [section]; write it in one of these forms",
        ])
    }

    @Test("no random bytes crash the reader, and every value it gives stands in the text")
    func randomBytes() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("[]=:;# \t\r\nab\u{0}\u{FF}".utf8)
        for _ in 0..<3_000 {
            let bytes = (0..<Int.random(in: 0...120, using: &generator)).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
            let lineCount = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).count
            for entry in document(bytes).entries {
                guard case .file(_, let line) = entry.origin else { return #expect(Bool(false)) }
                #expect((1...lineCount).contains(line))
                let text = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)[line - 1]
                let value = entry.value.bytes
                #expect(value.isEmpty || text.indices.contains { text[$0...].starts(with: value) })
            }
        }
    }
}
