import CJSONShims
@testable import SensorSources
import Testing

/// Lines that JSON does not allow, or that mean two things, with what is said of them.
private let hostile: [(line: [UInt8], fault: JSONFault)] = [
    (Array(#"{"a":1,"a":2}"#.utf8), .duplicateKey),
    (Array(#"{"x":{"b":1,"c":2,"b":3}}"#.utf8), .duplicateKey),
    (Array(#"{"\u0061":1}"#.utf8), .escapedKey),
    (Array("{\"a\":\"".utf8) + [0xC0, 0x80] + Array("\"}".utf8), .invalidUTF8),
    (Array("{\"a\":\"".utf8) + [0xED, 0xA0, 0x80] + Array("\"}".utf8), .invalidUTF8),
    (Array("{\"a\":\"".utf8) + [0xFF] + Array("\"}".utf8), .invalidUTF8),
    (Array("{\"a\":\"".utf8) + [0xF4, 0x90, 0x80, 0x80] + Array("\"}".utf8), .invalidUTF8),
    (Array("{\"a\":\"".utf8) + [0xE2, 0x82] + Array("\"}".utf8), .invalidUTF8),
    (Array("{\"a\":\"x\ty\"}".utf8), .controlCharacter),
    (Array("{\"a\":\"".utf8) + [0x00] + Array("\"}".utf8), .controlCharacter),
    (Array(#"{"a":01}"#.utf8), .badNumber), (Array(#"{"a":-}"#.utf8), .badNumber),
    (Array(#"{"a":1.}"#.utf8), .badNumber), (Array(#"{"a":1e}"#.utf8), .badNumber),
    (Array(#"{"a":-01}"#.utf8), .badNumber), (Array(#"{"a":+1}"#.utf8), .unexpectedByte),
    (Array(#"{"a":.5}"#.utf8), .unexpectedByte), (Array(#"{"a":NaN}"#.utf8), .unexpectedByte),
    (Array(#"{"a":0x10}"#.utf8), .unexpectedByte), (Array(#"{"a":Infinity}"#.utf8), .unexpectedByte),
    (Array(#"{"a":1}x"#.utf8), .trailingBytes), (Array(#"{"a":1}{"b":2}"#.utf8), .trailingBytes),
    (Array(#"{"a":1}"#.utf8) + [0], .trailingBytes), (Array(#"{"a":"b\u0000c"}"#.utf8), .zeroCharacter),
    (Array(#"{"a":"\ud800"}"#.utf8), .loneSurrogate), (Array(#"{"a":"\udc00\ud800"}"#.utf8), .loneSurrogate),
    (Array(#"{"a":"\ud800\u0041"}"#.utf8), .loneSurrogate), (Array(#"{"a":"\x41"}"#.utf8), .badEscape),
    (Array(#"{"a":"\u00g1"}"#.utf8), .badEscape), (Array(#"{"a":1,}"#.utf8), .unexpectedByte),
    (Array(#"{"a":[1,]}"#.utf8), .unexpectedByte), (Array(#"{"a" 1}"#.utf8), .unexpectedByte),
    (Array(#"{a:1}"#.utf8), .unexpectedByte), (Array(#"{'a':1}"#.utf8), .unexpectedByte),
    (Array(#"{"a":tru}"#.utf8), .unexpectedByte), (Array(#"{"a":1"#.utf8), .unexpectedEnd),
    (Array(#"{"a":"b"#.utf8), .unexpectedEnd), (Array(#"{"a":"b\"#.utf8), .unexpectedEnd),
    (Array(#"{"a":"\u00"#.utf8), .unexpectedEnd), (Array("{".utf8), .unexpectedEnd), ([], .unexpectedEnd),
    (Array("[1]".utf8), .notAnObject), (Array("1".utf8), .notAnObject), (Array("null".utf8), .notAnObject),
    ([0xEF, 0xBB, 0xBF] + Array("{}".utf8), .notAnObject), (Array("/**/{}".utf8), .notAnObject),
    (Array(#"{"a":1 /* b */}"#.utf8), .unexpectedByte),
    (Array(#"{"a":[[[[[[[[1]]]]]]]]}"#.utf8), .tooDeep),
]

/// What cJSON takes of these.
private func cJSONTakes(_ line: [UInt8]) -> Bool {
    guard let document = line.withUnsafeBufferPointer({ cjson_document_parse($0.baseAddress, $0.count, false) }) else {
        return false
    }
    cjson_document_free(document)
    return true
}

private func scanned(_ line: [UInt8], capacity: Int = 1024) throws -> JSONTokens {
    var json = JSONTokens(capacity: capacity)
    try json.scan(line.span)
    return json
}

@Suite("Strict JSON") struct StrictJSONTests {
    @Test("what is no strict JSON is refused, and the reason named", arguments: hostile.indices)
    func refuses(_ index: Int) {
        let error = #expect(throws: SourceError.self) { try scanned(hostile[index].line) }
        guard case .json(let fault, let offset) = error else { return }
        #expect(fault == hostile[index].fault)
        #expect(offset <= hostile[index].line.count)
    }

    @Test("a byte that may not stand in a string is found wherever it stands among the eight read at once", arguments: 0..<40)
    func specialBytes(_ place: Int) {
        let plain = [UInt8](repeating: 0x7F, count: 40)
        for byte in [UInt8](0...255) {
            var text = plain
            text[place] = byte
            let isPlain = byte >= 0x20 && byte < 0x80 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
            #expect(JSONGrammar.plainEnd(text.span, from: 0) == (isPlain ? 40 : place), "byte \(byte)")
            #expect(JSONGrammar.plainEnd(text.span, from: place) == (isPlain ? 40 : place), "byte \(byte), begun there")
        }
    }

    @Test("cJSON takes what is no JSON: the reason for a reader of our own")
    func whatCJSONTakes() {
        for line in [
            #"{"a":1,"a":2}"#, "{\"a\":\"x\ty\"}", #"{"a":01}"#, #"{"a":1e999}"#, #"{"a":1}x"#, #"{"a":"b\u0000c"}"#,
        ] { #expect(cJSONTakes(Array(line.utf8)), "\(line)") }
        #expect(cJSONTakes(Array("{\"a\":\"".utf8) + [0xC0, 0x80] + Array("\"}".utf8)))
        let cut = Array(#"{"a":"b\u0000c","n":9007199254740993}"#.utf8)
        let document = cut.withUnsafeBufferPointer { cjson_document_parse($0.baseAddress, $0.count, true) }
        // Cut at the zero, and rounded to an even number.
        #expect(cjson_document_text_length(document, "a") == 1)
        #expect(cjson_document_number(document, "n") == 9_007_199_254_740_992)
        cjson_document_free(document)
    }

    @Test(
        "good lines are taken, and cJSON sees as many members",
        arguments: [
            "{}", " \t\r{ } ", #"{"a":1}"#, #"{"a":-0.5e+10,"b":[],"c":{}}"#, sampleLine,
            #"{"a":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00","b":"é😀"}"#, #"{"a":[1,[2,[3]],{"x":null,"y":true,"z":false}]}"#,
            #"{"a":[[[[[[[1]]]]]]]}"#,
        ])
    func takes(_ line: String) throws {
        let bytes = Array(line.utf8)
        let json = try scanned(bytes)
        var members = 0
        var token = 1
        while token < Int(json[0].next) {
            members += 1
            token = Int(json[token + 1].next)
        }
        let document = bytes.withUnsafeBufferPointer { cjson_document_parse($0.baseAddress, $0.count, true) }
        #expect(document != nil)
        #expect(Int(cjson_document_count(document)) == members)
        cjson_document_free(document)
    }

    @Test("every escape becomes its character")
    func escapes() throws {
        let line = Array(#"{"a":"\"\\\/\b\f\n\r\t\u00e9\u20AC\ud83d\ude00"}"#.utf8)
        let json = try scanned(line)
        let text = try JSONGrammar.unescaped(line.span, json[2].range)
        #expect(String(decoding: text, as: UTF8.self) == "\"\\/\u{8}\u{c}\n\r\té€😀")
    }

    @Test("whatever one byte of a good line becomes, nothing that cJSON refuses is taken")
    func mutations() {
        let line = Array(sampleLine.utf8)
        var taken = 0
        for index in line.indices {
            for byte in [0x00, 0x1F, 0x20, 0x22, 0x2C, 0x30, 0x39, 0x5C, 0x5D, 0x61, 0x7D, 0x80, 0xFF] as [UInt8] {
                var mutated = line
                mutated[index] = byte
                guard (try? scanned(mutated)) != nil else { continue }
                taken += 1
                #expect(cJSONTakes(mutated), "byte \(index) as \(byte)")
            }
        }
        #expect(taken > 0)
    }

    @Test("more values than there is room for are refused")
    func capacity() {
        #expect(throws: SourceError.json(.tooManyValues, offset: 17)) {
            try scanned(Array(#"{"a":[1,1,1,1,1,1,1,1]}"#.utf8), capacity: 8)
        }
    }
}
