import AttestationFormat
import ConfigurationFile
import Testing

@Suite("Values")
struct SettingKindTests {
    @Test(
        "durations",
        arguments: [
            ("500 ms", 500), ("10 s", 10_000), ("10s", 10_000), ("15 min", 900_000), ("1 h", 3_600_000), ("7 d", 604_800_000), ("0", 0),
            ("0 s", 0), ("10", nil), ("10 S", nil), ("1.5 s", nil), ("-1 s", nil), ("010 s", nil), ("s", nil), ("", nil), ("10 s ", nil),
            ("10 sec", nil), ("9223372036854775807 d", nil), ("99999999999999999999 s", nil), ("+1 s", nil),
        ] as [(String, Int64?)])
    func durations(text: String, milliseconds: Int64?) {
        #expect(DurationText.milliseconds(UTF8Text(text)) == milliseconds)
    }

    @Test(
        "sizes",
        arguments: [
            ("512 B", 512), ("64 KiB", 65_536), ("64MiB", 67_108_864), ("1 GiB", 1_073_741_824), ("0", 0), ("64", nil), ("64 MB", nil),
            ("64 kib", nil), ("8589934592 GiB", nil), ("0x10 B", nil),
        ] as [(String, Int64?)])
    func sizes(text: String, byteCount: Int64?) {
        #expect(ByteCountText.byteCount(UTF8Text(text)) == byteCount)
    }

    @Test("what is printed is read back", arguments: [0, 1, 999, 1_000, 1_500, 60_000, 3_600_000, 86_400_000, 90_000, 604_800_000] as [Int64])
    func roundTrip(value: Int64) {
        #expect(DurationText.milliseconds(DurationText.text(value)) == value)
        #expect(ByteCountText.byteCount(ByteCountText.text(value)) == value)
    }

    @Test(
        "addresses",
        arguments: [
            ("broker", "broker", 1), ("broker:8883", "broker", 8_883), ("10.0.0.1:65535", "10.0.0.1", 65_535), ("[::1]:1883", "::1", 1_883),
            ("[fe80::1%eth0]", "fe80::1%eth0", 1),
        ] as [(String, String, UInt16)])
    func addresses(text: String, host: String, port: UInt16) throws {
        let address = try #require(NetworkAddress(UTF8Text(text), usualPort: 1))
        #expect(address.host.string == host)
        #expect(address.port == port)
    }

    @Test(
        "what is no address is refused",
        arguments: ["", ":1", "a:", "a:0", "a:65536", "a:1:2", "::1", "[::1", "[::1]1", "[a]:1", "a b", "a/b", "-a", "mqtt://a", ".a", "a:01"])
    func noAddress(text: String) {
        #expect(NetworkAddress(UTF8Text(text), usualPort: 1) == nil)
    }

    private static let words: [FixedText] = ["red", "green"]

    @Test(
        "other kinds",
        arguments: [
            (.name, "gw-1", .text("gw-1")), (.name, "-gw", nil), (.name, "GW", nil), (.name, "", nil),
            (.name, String(repeating: "a", count: 33), nil), (.text(maximumByteCount: 3), "abc", .text("abc")),
            (.text(maximumByteCount: 3), "abcd", nil), (.keyLocation, "/a", .text("/a")), (.keyLocation, "pkcs11:token=a", .text("pkcs11:token=a")), (.keyLocation, "a", nil), (.keyLocation, "pkcs12:a", nil),
            (.path, "pkcs11:a", nil), (.path, "/a", .text("/a")), (.path, "a", nil), (.path, "/", nil),
            (.socketPath, "/" + String(repeating: "s", count: 106), .text(UTF8Text("/" + String(repeating: "s", count: 106)))),
            (.socketPath, "/" + String(repeating: "s", count: 107), nil), (.flag, "true", .flag(true)), (.flag, "false", .flag(false)),
            (.flag, "yes", nil), (.flag, "TRUE", nil), (.choice(words), "red", .text("red")), (.choice(words), "blue", nil),
            (.choices(words, maximumCount: 2), "red,green", .texts(words.texts)), (.choices(words, maximumCount: 2), "red, red", nil),
            (.choices(words, maximumCount: 1), "red, green", nil), (.choices(words, maximumCount: 2), "red,", nil),
            (.choiceOrFactor(words, 1...10), "red", .text("red")), (.choiceOrFactor(words, 1...10), "10x", .number(10)),
            (.choiceOrFactor(words, 1...10), "11x", nil), (.choiceOrFactor(words, 1...10), "x", nil), (.integer(1...5), "5", .number(5)),
            (.integer(1...5), "6", nil), (.integer(1...5), "0", nil), (.integer(1...5), "05", nil), (.integer(1...5), "five", nil),
            (.integers(1...5, maximumCount: 2), "1, 5", .numbers([1, 5])), (.integers(1...5, maximumCount: 2), "1 5", nil),
            (.mode, "0660", .number(0o660)), (.mode, "660", nil), (.mode, "0068", nil), (.mode, "0060", nil), (.mode, "04660", nil),
            (.duration(1...10), "10 ms", .number(10)), (.duration(1...10), "11 ms", nil), (.byteCount(1...10), "11 B", nil),
            (.host, "localhost", .text("localhost")), (.host, "::1", .text("::1")), (.host, "a:1", nil), (.host, "a b", nil),
            (.addresses(maximumCount: 2), "a:1, b", .texts(["a:1", "b"])), (.addresses(maximumCount: 1), "a, b", nil),
            (.addresses(maximumCount: 2), "a:0", nil), (.lastDay, "1970-01-01", .number(86_400)), (.lastDay, "2027-03-31", .number(1_806_537_600)),
            (.lastDay, "2024-02-29", .number(1_709_251_200)), (.lastDay, "2023-02-29", nil), (.lastDay, "2100-02-29", nil),
            (.lastDay, "2027-13-01", nil), (.lastDay, "2027-3-31", nil), (.lastDay, "1969-12-31", nil),
            (.decimalRange, "-30 .. -18.5", .texts(["-30", "-18.5"])), (.decimalRange, "1..2", .texts(["1", "2"])), (.decimalRange, "1 2", nil),
            (.amount, "0.5", .text("0.5")), (.amount, "-1", nil), (.amount, ".5", nil), (.amount, "", nil),
            (.limit(words), "above 8", .texts(["above", "8"])), (.limit(words), "at-most  -0.5", .texts(["at-most", "-0.5"])),
            (.limit(words), "red", .text("red")), (.limit(words), "above", nil), (.limit(words), "above ", nil), (.limit(words), "over 8", nil),
            (.limit(words), "8", nil), (.limit(words), "", nil), (.decimalRange, "1 ..", nil), (.decimalRange, "..", nil), (.decimalRange, ".", nil),
        ] as [(SettingKind, String, SettingValue?)])
    func otherKinds(kind: SettingKind, text: String, value: SettingValue?) {
        #expect(kind.value(of: UTF8Text(text)) == value)
    }
}
