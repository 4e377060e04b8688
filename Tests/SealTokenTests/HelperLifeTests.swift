import AttestationFormat
import DeviceCrypto
import MerkleTree
import Testing

@testable import SealToken

@Suite("the life of a token's helper")
struct HelperLifeTests {
    @Test("each failure doubles the pause, to a minute at most; a signature brings the first one back")
    func pauses() {
        var life = HelperLife()
        var now: UInt64 = 1_000
        var pauses: [UInt64] = []
        for _ in 0..<12 {
            #expect(life.isStartDue(at: now))
            life.started(at: now)
            #expect(!life.isStartDue(at: now))
            life.opened()
            life.ended(at: now)
            let until = life.deadlineMilliseconds ?? 0
            #expect(!life.isStartDue(at: until - 1))
            pauses.append(until - now)
            now = until
        }
        #expect(pauses == [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000])
        life.started(at: now)
        life.opened()
        life.asked(at: now)
        life.signed()
        life.ended(at: now)
        #expect(life.deadlineMilliseconds == now + 250)
    }

    @Test("an answer may take 30 s, at the start and for a signature; a helper that waits for work may wait for ever")
    func patience() {
        var life = HelperLife()
        life.started(at: 5)
        #expect(!life.isLate(at: 30_004))
        #expect(life.isLate(at: 30_005))
        life.opened()
        #expect(life.deadlineMilliseconds == nil)
        #expect(!life.isLate(at: .max))
        life.asked(at: 100)
        #expect(!life.isLate(at: 30_099))
        #expect(life.isLate(at: 30_100))
    }

    @Test("what needs a person stops it for good, until one asks")
    func stops() {
        var life = HelperLife()
        life.started(at: 0)
        life.logsIn()
        life.failed(needsPerson: true, at: 1)
        #expect(life.phase == .stopped)
        #expect(!life.isStartDue(at: .max))
        #expect(life.deadlineMilliseconds == nil)
        life.restart(at: 9)
        #expect(life.isStartDue(at: 9))
    }

    @Test("of two logins in a row that end the helper without an answer the second is the last; one that was answered counts anew")
    func unansweredLogins() {
        var life = HelperLife()
        for round in 0..<3 {
            life.started(at: 0)
            life.logsIn()
            life.ended(at: 0)
            #expect(life.phase != .stopped, "round \(round)")
            life.started(at: 0)
            life.logsIn()
            life.opened()
            life.ended(at: 0)
        }
        for _ in 0..<2 {
            #expect(life.phase != .stopped)
            life.started(at: 0)
            life.logsIn()
            life.ended(at: 0)
        }
        #expect(life.phase == .stopped)
    }

    @Test("it ends before a login as often as it likes: that uses up no try")
    func endsEarly() {
        var life = HelperLife()
        for _ in 0..<10 {
            life.started(at: 0)
            life.ended(at: 0)
        }
        #expect(life.phase != .stopped)
    }
}

@Suite("messages between agent and helper")
struct TokenMessageTests {
    private static let key = PublicKey(x: SHA256.hash([1].span), y: SHA256.hash([2].span))
    private static let messages: [TokenMessage] = [
        .open(order: TokenMessage.findsKey, uri: Array("pkcs11:token=a".utf8)), .open(order: 255, uri: []), .sign(number: 0xFEDC_BA98, digest: SHA256.hash([3].span)), .loggingIn,
        .opened(publicKey: key, slot: 0xFEDC_BA98_7654_3210, label: Array("gw".utf8)), .opened(publicKey: key, slot: 0, label: []),
        .signed(number: 7, signature: Array(0..<64), microseconds: 5_000_000), .failed(.needsPerson, words: Array("gone".utf8)),
        .failed(.other, words: []), .said([10, 13]), .said([]), .done(code: 66, notes: Array("why".utf8)), .done(code: 0, notes: []),
    ]

    @Test("each is read back as it was written", arguments: messages)
    func roundTrip(message: TokenMessage) {
        #expect(TokenMessage(parsing: message.bytes) == message)
    }

    @Test("a message that is cut, too long or of no kind is none; no byte makes it trap", arguments: messages)
    func malformed(message: TokenMessage) {
        let bytes = message.bytes
        for count in 0..<bytes.count {
            guard let cut = TokenMessage(parsing: Array(bytes[..<count])) else { continue }
            #expect(cut.bytes == Array(bytes[..<count]), "what is read is what stands there")
        }
        for kind in 0...255 as ClosedRange<UInt8> { _ = TokenMessage(parsing: [kind] + bytes.dropFirst()) }
        #expect(TokenMessage(parsing: []) == nil)
        #expect(TokenMessage(parsing: [0]) == nil)
        #expect(TokenMessage(parsing: [9, 0]) == nil)
        #expect(TokenMessage(parsing: bytes + [UInt8](repeating: 0, count: 1_025)) == nil)
    }

    @Test("words that are too long are cut, never sent in two")
    func longWords() {
        let bytes = TokenMessage.failed(.other, words: [UInt8](repeating: 65, count: 5_000)).bytes
        #expect(bytes.count == TokenMessage.byteLimit)
        #expect(TokenMessage(parsing: bytes) != nil)
    }
}
