import AttestationFormat
import DeviceCrypto
import MerkleTree
import Testing

@Suite("Names, issuers, epochs and topics")
struct NameTests {
    @Test("names of section 2 are taken", arguments: ["a", "0", "gba-demo", "a--b", String(repeating: "z", count: 32)])
    func names(text: String) {
        #expect(Name(UTF8Text(text))?.text == UTF8Text(text))
    }

    @Test(
        "all others are refused",
        arguments: ["", "-a", "a-", "-", "A", "a.b", "a/b", "a b", "é", "a\n", "a+", "a#", String(repeating: "z", count: 33)])
    func noNames(text: String) {
        #expect(Name(UTF8Text(text)) == nil)
    }

    @Test("an issuer names a gateway", arguments: [("hs:gba-demo/acme.gw-1", "gba-demo", "acme", "gw-1")])
    func gateway(issuer: String, alliance: String, firm: String, device: String) throws {
        let name = try #require(GatewayName(issuer: UTF8Text(issuer)))
        #expect(name.alliance.text == UTF8Text(alliance))
        #expect(name.firm.text == UTF8Text(firm))
        #expect(name.device.text == UTF8Text(device))
        #expect(name.issuer == UTF8Text(issuer))
        #expect(name.subject(in: Epoch(255)) == UTF8Text(issuer + "/journal/00000000000000ff"))
    }

    @Test(
        "no other issuer names a gateway",
        arguments: [
            "", "hs:", "hs:gba-demo", "hs:gba-demo/", "hs:gba-demo/acme", "hs:gba-demo/acme.", "hs:gba-demo/.gw-1",
            "hs:gba-demo/acme.gw.1", "hs:gba-demo/acme.gw-1/", "hs:gba-demo/node/hk-1", "hs:gba-demo/node.hk-1",
            "hs:gba-demo/alliance.gw-1", "hs:/acme.gw-1", "HS:gba-demo/acme.gw-1", "gba-demo/acme.gw-1", "hs:gba-demo//acme.gw-1",
        ])
    func noGateway(issuer: String) {
        #expect(GatewayName(issuer: UTF8Text(issuer)) == nil)
    }

    @Test("a gateway id has at most 64 characters")
    func length() throws {
        let long = String(repeating: "f", count: 32)
        let firm = try #require(Name(UTF8Text(long)))
        let device = try #require(Name(UTF8Text(String(repeating: "d", count: 31))))
        #expect(GatewayID(firm: firm, device: device)?.text.byteCount == 64)
        #expect(GatewayID(firm: firm, device: firm) == nil)
    }

    @Test("an issuer names a node, its origin follows")
    func node() throws {
        let name = try #require(NodeName(issuer: "hs:gba-demo/node/hk-1"))
        #expect(name.issuer == "hs:gba-demo/node/hk-1")
        #expect(name.origin == "gba-demo/hk-1")
    }

    @Test(
        "no other issuer names a node",
        arguments: ["hs:gba-demo/node/", "hs:gba-demo/node", "hs:gba-demo/hk-1", "hs:gba-demo/acme.gw-1", "hs:gba-demo/node/a/b", "node/hk-1"])
    func noNode(issuer: String) {
        #expect(NodeName(issuer: UTF8Text(issuer)) == nil)
    }

    @Test("an epoch is 8 bytes and 16 lower-case hex digits")
    func epoch() throws {
        let epoch = try #require(Epoch("00c0ffee00c0ffee"))
        #expect(epoch.text == "00c0ffee00c0ffee")
        #expect(epoch.bytes == [0, 0xC0, 0xFF, 0xEE, 0, 0xC0, 0xFF, 0xEE])
        #expect(Epoch(bytes: epoch.bytes) == epoch)
        #expect(Epoch(bytes: [1]) == nil)
    }

    @Test("no other text is an epoch", arguments: ["", "00C0FFEE00C0FFEE", "00c0ffee00c0ffe", "00c0ffee00c0ffee0", "00c0ffee00c0ffeg", "0x00c0ffee00c0ff"])
    func noEpoch(text: String) {
        #expect(Epoch(UTF8Text(text)) == nil)
    }

    static let channels: [(Topic.Channel, String)] = [(.batch, "batch"), (.hello, "hello"), (.status, "status")]

    @Test("a topic comes back from its text, also with firm and device as two levels", arguments: channels)
    func topics(channel: Topic.Channel, word: String) throws {
        let gateway = try #require(GatewayID("acme.gw-1"))
        let topic = Topic(gateway, channel, using: SHA256.self)
        let shard = Hexadecimal.text(of: [SHA256.hash(Array("acme.gw-1".utf8)).bytes[0]]).string
        #expect(topic.text == UTF8Text("hs/1/\(shard)/acme.gw-1/\(word)"))
        #expect(try Topic(parsing: topic.text) == topic)
        #expect(try Topic(parsing: UTF8Text("hs/1/\(shard)/acme/gw-1/\(word)")) == topic)
        #expect(topic.isShardRight(using: SHA256.self))
        let other = try Topic(parsing: UTF8Text("hs/1/\(shard == "00" ? "01" : "00")/acme.gw-1/\(word)"))
        #expect(!other.isShardRight(using: SHA256.self))
    }

    @Test("a reply's topic names the node, also one that is called like a channel")
    func replies() throws {
        for word in ["hk-1", "batch", "hello"] {
            let node = try #require(Name(UTF8Text(word)))
            for text in ["hs/1/0a/acme.gw-1/reply/\(word)", "hs/1/0a/acme/gw-1/reply/\(word)"] {
                #expect(try Topic(parsing: UTF8Text(text)).channel == .reply(node: node))
            }
        }
    }

    @Test(
        "no other topic is taken",
        arguments: [
            "", "hs/1/0a/acme.gw-1", "hs/2/0a/acme.gw-1/batch", "hs/1/0A/acme.gw-1/batch", "hs/1/a/acme.gw-1/batch",
            "hs/1/0a/acme/batch", "hs/1/0a/acme.gw-1/other", "hs/1/0a/acme.gw-1/batch/", "/hs/1/0a/acme.gw-1/batch",
            "hs/1/0a/acme.gw-1/reply", "hs/1/0a/acme.gw-1/reply/", "hs/1/0a/acme.gw-1/reply/A", "hs/1/0a/node.hk-1/batch",
            "hs/1/0a/acme.gw-1/x/batch", "hs/1/0a/acme/gw.1/batch", "hs/1/0a/+/batch", "hs/1/0a0a/acme.gw-1/batch", "xs/1/0a/acme.gw-1/batch",
        ])
    func noTopics(text: String) {
        #expect(throws: FormatError(.name, at: 0)) { try Topic(parsing: UTF8Text(text)) }
    }
}
