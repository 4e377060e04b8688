import Foundation
import HarborsealTesting
import Testing

extension EnrolmentTests {
    /// What a registry, or somebody in its place, may do, with the exit code and the words that say so. Nothing it sends is stored.
    struct Misdeed: CustomStringConvertible, Sendable {
        let orders: String
        let code: Int32
        let words: String
        var description: String { orders }

        init(_ orders: String, _ code: Int32, _ words: String) {
            self.orders = orders
            self.code = code
            self.words = words
        }

        static let answers = [
            Misdeed(#"{"wrong": "key"}"#, 65, "is for another key"), Misdeed(#"{"wrong": "name"}"#, 65, "is for another name: hs:"),
            Misdeed(#"{"wrong": "issuer"}"#, 65, "was not signed by the alliance's link CA"), Misdeed(#"{"wrong": "usage"}"#, 65, "is for another use"), Misdeed(#"{"wrong": "expired"}"#, 65, "the certificate that came has expired: it is good from 20"),
            Misdeed(#"{"wrong": "rsa"}"#, 1, "not on curve P-256"), Misdeed(#"{"wrong": "two"}"#, 65, "something else than certificates"),
            Misdeed(#"{"wrong": "empty"}"#, 65, "something else than certificates"), Misdeed(#"{"wrong": "bare"}"#, 65, "something else than certificates"),
            Misdeed(#"{"wrong": "text"}"#, 65, "something else than certificates"),
            Misdeed(#"{"huge": true}"#, 65, "more than 64 KiB"), Misdeed(#"{"endless": true}"#, 65, "more than 64 KiB"),
            Misdeed(#"{"cut": 0}"#, 75, "closed the connection"), Misdeed(#"{"cut": 1}"#, 75, "closed the connection"),
            Misdeed(#"{"cut": 40}"#, 75, "closed the connection"), Misdeed(#"{"cut": 200}"#, 75, "closed the connection"),
            Misdeed(#"{"cut": 500}"#, 75, "closed the connection"), Misdeed(#"{"cut": 800}"#, 75, "closed the connection"),
            Misdeed(#"{"delay": 40}"#, 75, "did not answer in time"),
            Misdeed(#"{"status": 400, "words": "bad request"}"#, 1, "does not take the request: bad request"),
            Misdeed(#"{"status": 401, "words": "no such code"}"#, 77, "does not know this device and code; check device and code"),
            Misdeed(#"{"status": 403, "words": "the code is used up"}"#, 77, "refuses: the code is used up"),
            Misdeed(#"{"status": 403, "words": "the code has expired"}"#, 77, "the code has expired"),
            Misdeed(#"{"status": 403, "words": "revoked"}"#, 77, "revoked"), Misdeed(#"{"status": 404}"#, 1, "answered 404"),
            Misdeed(#"{"status": 429, "words": "slowly"}"#, 75, "too many tries: slowly"),
            Misdeed(#"{"status": 429, "words": "slowly", "retry_after": 90}"#, 75, "too many tries; the registry answers again in 90 s"),
            Misdeed(#"{"status": 500, "words": "broken"}"#, 75, "cannot answer now (500): broken"), Misdeed(#"{"status": 503}"#, 75, "cannot answer now (503)"),
            Misdeed(#"{"status": 403, "words": "\u001b[31mred\u0007"}"#, 77, "?[31mred?"), Misdeed(#"{"approve": false}"#, 75, "approval"),
        ]

        static let servers = [
            Misdeed(#"{"server": "other-name"}"#, 1, "is for another name"), Misdeed(#"{"server": "common-name"}"#, 1, "is for another name"),
            Misdeed(#"{"server": "other-ca"}"#, 1, "was not issued by the alliance's link CA"), Misdeed(#"{"server": "expired"}"#, 1, "has expired"),
            Misdeed(#"{"server": "future"}"#, 1, "is not valid yet"), Misdeed(#"{"server": "client"}"#, 1, "is no server's"),
        ]
    }

    private static func order(_ misdeed: Misdeed, to registry: TestRegistry, code: String) throws {
        let orders = try JSONSerialization.jsonObject(with: Data(misdeed.orders.utf8)) as? [String: Any]
        try registry.order(orders ?? [:], code: code)
    }

    @Test("a wrong, refused, cut or endless answer is named, nothing of it is stored, and a plain retry finishes", arguments: Misdeed.answers)
    func answers(misdeed: Misdeed) throws {
        let gateway = try TestedGateway(try Self.registry.get())
        let code = TestRegistry.freshCode()
        try Self.order(misdeed, to: gateway.registry, code: code)
        let told = try gateway.command("enroll", gateway.wholeText(code: code))
        #expect(told.code == misdeed.code && told.output.contains(misdeed.words), "\(told)")
        #expect(told.output.split(separator: "\n").count == 1 && !told.output.contains(code))
        #expect(!gateway.exists("link.crt") && !gateway.exists("link.crt.next") && !gateway.exists("seal.key"))
        #expect(!FileManager.default.fileExists(atPath: gateway.dropIn))
        // Behind the last semicolon stands the step.
        let doctor = try gateway.command("doctor")
        let step = told.output.split(separator: ";").last.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) } ?? ""
        let isNamed = misdeed.words.components(separatedBy: "; ").allSatisfy { doctor.output.contains($0) }
        #expect(isNamed && !step.isEmpty && doctor.output.contains(step), "\(doctor)")
        try gateway.registry.order(code: code)
        let again = try gateway.command("enroll", gateway.wholeText(code: code))
        #expect(again.code == 0, "\(again)")
        #expect(try gateway.expectEnrolled())
    }

    @Test("a seal certificate that the firm's issuing key did not sign is not stored, and a plain retry finishes")
    func foreignSeal() throws {
        let gateway = try TestedGateway(try Self.registry.get())
        let code = TestRegistry.freshCode()
        try gateway.registry.order(["wrong": "issuer", "wrong_label": "seal"], code: code)
        let told = try gateway.command("enroll", gateway.wholeText(code: code))
        #expect(told.code == 65 && told.output.contains("was not signed by an issuing key of its firm in the trust file"), "\(told)")
        #expect(gateway.exists("link.crt") && !gateway.exists("seal.crt") && !gateway.exists("seal.crt.next"))
        try gateway.registry.order(code: code)
        #expect(try gateway.command("enroll", gateway.wholeText(code: code)).code == 0)
        let (seal, link) = (gateway.certificate("seal.crt"), gateway.certificate("link.crt"))
        // Renewals are judged in the same way.
        for (words, wrong) in [(["renew"], "link"), (["renew", "--seal"], "seal")] {
            try gateway.registry.order(["wrong": "issuer", "wrong_label": wrong])
            let renewed = try gateway.command(words)
            #expect(renewed.code == 65 && renewed.output.contains("was not signed by"), "\(renewed)")
        }
        #expect(gateway.certificate("seal.crt") == seal && gateway.certificate("link.crt") == link)
    }

    @Test("whoever is not the registry gets no code: another CA, name, date or use of its certificate", arguments: Misdeed.servers)
    func servers(misdeed: Misdeed) throws {
        let gateway = try TestedGateway(try Self.registry.get())
        let code = TestRegistry.freshCode()
        try Self.order(misdeed, to: gateway.registry, code: code)
        for host in ["localhost", "127.0.0.1"] {
            let told = try gateway.command("enroll", gateway.text(code: code, host: host))
            #expect(told.code == misdeed.code && told.output.contains(misdeed.words), "\(told)")
        }
        #expect(!gateway.registry.requests.contains { $0.device.hasSuffix(gateway.device) })
    }

    @Test("a registry that is not there, has no name, or has another CA than the text says is told apart")
    func nobody() throws {
        let gateway = try TestedGateway(try Self.registry.get())
        try gateway.registry.order()
        let refused = try gateway.command("enroll", gateway.text(port: LoopbackPort.free()))
        #expect(refused.code == 75 && refused.output.contains("Connection refused"), "\(refused)")
        let unknown = try gateway.command("enroll", gateway.text(host: "registry.invalid"))
        #expect(unknown.code == 75 && unknown.output.contains("registry.invalid cannot be looked up"), "\(unknown)")
        let other = try gateway.text().replacing(#/ca=[0-9a-f]{8}/#, with: "ca=00000000")
        let strange = try gateway.command("enroll", other)
        #expect(strange.code == 1 && strange.output.contains("no CA certificate with the hash"), "\(strange)")
        // Somebody who passes the CA's certificate on and has none of it.
        try gateway.registry.order(["server": "other-ca"])
        let passing = try gateway.command("enroll", gateway.text())
        #expect(passing.code == 1 && passing.output.contains("not issued by"), "\(passing)")
        for words in [["enroll"], ["enroll", "nonsense"], ["enroll", "https://localhost"], ["renew", "--code", "1"], ["status", "--replace"]] {
            #expect(try gateway.command(words).code == 64, "\(words)")
        }
    }

    @Test("a certificate that the registry's own TLS does not take is not put in place")
    func untried() throws {
        let gateway = try TestedGateway(try Self.registry.get())
        let code = TestRegistry.freshCode()
        try gateway.registry.order(["strange_clients": true], code: code)
        let told = try gateway.command("enroll", gateway.wholeText(code: code))
        #expect(told.code == 77 && told.output.contains("does not accept this gateway's link certificate"), "\(told)")
        #expect(!gateway.exists("link.crt") && !gateway.exists("link.key"))
        try gateway.registry.order(code: code)
        #expect(try gateway.command("enroll", gateway.wholeText(code: code)).code == 0)
        #expect(try gateway.expectEnrolled())
    }
}
