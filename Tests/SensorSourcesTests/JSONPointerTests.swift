import AttestationFormat
@testable import SensorSources
import Testing

/// What a pointer finds in a document, as its text.
private func found(_ pointer: String, in document: String) throws -> String? {
    var json = JSONTokens(capacity: 100)
    let bytes = Array(document.utf8)
    try json.scan(bytes.span, isAnyValue: true)
    let parsed = try #require(JSONPointer(UTF8Text(pointer)))
    return parsed.find(in: json, bytes.span).map { String(decoding: bytes[json[$0].range], as: UTF8.self) }
}

@Suite("JSON pointers") struct JSONPointerTests {
    /// RFC 6901, section 5, without the keys that need escapes in JSON: those are refused as keys.
    private static let example = #"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4," ":7,"m~n":8}"#

    @Test(
        "the standard's examples",
        arguments: [
            ("", example), ("/foo", #"["bar","baz"]"#), ("/foo/0", "bar"), ("/foo/1", "baz"), ("/", "0"), ("/a~1b", "1"), ("/c%d", "2"),
            ("/e^f", "3"), ("/g|h", "4"), ("/ ", "7"), ("/m~0n", "8"),
        ])
    func examples(_ pointer: String, _ value: String) throws {
        #expect(try found(pointer, in: Self.example) == value)
    }

    @Test(
        "what is not there is not found",
        arguments: [
            "/bar", "/foo/2", "/foo/-", "/foo/00", "/foo/01", "/foo/x", "/foo/", "/foo/0/0", "/foo/1000000", "/foo/99999999999999999999", "/a", "/a/b", "/m~1n", "//",
        ])
    func absent(_ pointer: String) throws {
        #expect(try found(pointer, in: Self.example) == nil)
    }

    @Test("a tilde is resolved once: ~01 is ~1, not a slash")
    func once() throws {
        #expect(try found("/~01", in: #"{"~1":5,"/":6}"#) == "5")
    }

    @Test("values behind nested ones are found", arguments: [("/b/1/c", "4"), ("/d", "5"), ("/b/2", "9"), ("/b/0/1", "2")])
    func nested(_ pointer: String, _ value: String) throws {
        #expect(try found(pointer, in: #"{"a":{"d":1},"b":[[1,2],{"c":4},9],"d":5}"#) == value)
    }

    @Test("a document may be a single value", arguments: [("22.5", "22.5"), (" true ", "true"), (#""ON""#, "ON"), ("[1]", "[1]")])
    func single(_ document: String, _ value: String) throws {
        #expect(try found("", in: document) == value)
    }

    @Test("what is no pointer is refused", arguments: ["foo", "foo/bar", "/~", "/~2", "/a~", "~0", "#/foo"])
    func refused(_ text: String) {
        #expect(JSONPointer(UTF8Text(text)) == nil)
    }
}

@Suite("Topic filters") struct TopicPatternTests {
    @Test(
        "the standard's examples",
        arguments: [
            ("sport/tennis/player1/#", "sport/tennis/player1", true), ("sport/tennis/player1/#", "sport/tennis/player1/ranking", true),
            ("sport/#", "sport", true), ("#", "a/b", true), ("sport/tennis/+", "sport/tennis/player1", true), ("sport/+", "sport/", true), ("+/+", "/finance", true),
            ("/+", "/finance", true), ("a/b", "a/b", true), ("sport/+", "sport", false), ("sport/tennis/+", "sport/tennis/player1/ranking", false),
            ("+", "/finance", false), ("#", "$SYS/broker", false), ("+/broker", "$SYS/broker", false), ("$SYS/#", "$SYS/broker", true), ("a/b", "a/B", false),
            ("a/b", "a", false), ("a", "a/b", false), ("a/+/c", "a/b/d", false),
        ])
    func matches(_ filter: String, _ topic: String, _ expected: Bool) {
        #expect(TopicPattern(UTF8Text(filter)).matches(Array(topic.utf8)) == expected)
    }
}
