import DeviceCrypto
import Foundation
import Testing

extension EnrolmentTests {
    /// The seal key in a token: made there by `enroll`, which proves it to the registry; the link key is a file as always.
    @Suite(.serialized, .enabled(if: TokenStore.isInstalled, "softhsm2 is not installed")) struct Tokens {
        private static func gateway() throws -> (TestedGateway, TokenStore, code: String) {
            let token = try TokenStore()
            let gateway = try TestedGateway(try registry.get(), token: token)
            let code = TestRegistry.freshCode()
            try gateway.registry.order(code: code)
            return (gateway, token, code)
        }

        @Test("enroll makes the seal key in the token and has it certified; renewals of the link ask the token nothing")
        func whole() throws {
            let (gateway, token, code) = try Self.gateway()
            let told = try gateway.command("enroll", gateway.wholeText(code: code))
            #expect(told.code == 0 && told.output.contains("its key in pkcs11:token=gateway;object=seal"), "\(told)")
            #expect(try gateway.expectEnrolled())
            let files = try FileManager.default.contentsOfDirectory(atPath: gateway.keys).sorted()
            #expect(files == ["alliance.hstrust", "link-ca.crt", "link.crt", "link.key", "seal.crt"])
            #expect(try String(contentsOfFile: gateway.dropIn, encoding: .utf8).contains("key = \(token.uri)"))
            #expect(!told.output.contains(TokenStore.pin))
            #expect(try gateway.command("enroll", gateway.wholeText(code: code)).output.contains("seal certificate was there already"))
            let before = token.calls.count
            #expect(try gateway.command("renew").code == 0)
            #expect(token.calls.count == before)
            let (key, certificate) = (gateway.key("seal.key"), gateway.certificate("seal.crt"))
            let sealed = try gateway.command("renew", "--seal")
            #expect(sealed.code == 0 && sealed.output.contains("seal certificate renewed"), "\(sealed)")
            #expect(gateway.key("seal.key") == key && gateway.certificate("seal.crt") != certificate)
            #expect(try gateway.expectEnrolled())
            let doctor = try gateway.command("doctor").output
            #expect(doctor.contains("has the key \"seal\"") && doctor.contains("accepts this gateway's link certificate"), "\(doctor)")
        }

        @Test("a replacement wants another name for the new key in the token, and goes on when it has one")
        func replace() throws {
            let (gateway, token, first) = try Self.gateway()
            #expect(try gateway.command("enroll", gateway.wholeText(code: first)).code == 0)
            let old = gateway.key("seal.key")
            let code = TestRegistry.freshCode()
            try gateway.registry.order(code: code)
            let stays = try gateway.command("enroll", gateway.wholeText(code: code), "--replace")
            #expect(stays.code == 78 && stays.output.contains("stays in its token; name another object= in [seal] key, in the file that harborseal-agent check-config names"), "\(stays)")
            #expect(gateway.key("seal.key") == old && gateway.certificate("seal.crt")?.publicKey == old)
            #expect(try gateway.command("check-config").output.contains(gateway.dropIn))
            let text = try String(contentsOfFile: gateway.dropIn, encoding: .utf8)
            try text.replacingOccurrences(of: "object=seal", with: "object=seal-2").write(toFile: gateway.dropIn, atomically: false, encoding: .utf8)
            token.object = "seal-2"
            let told = try gateway.command("enroll", gateway.wholeText(code: code), "--replace")
            #expect(told.code == 0, "\(told)")
            #expect(gateway.key("seal.key") != old)
            #expect(try gateway.expectEnrolled() && !gateway.exists("enrolment.replacing"))
        }

        @Test("what is wrong with the token ends enrolment with words that mend it; doctor repeats them; then a plain retry finishes", arguments: [
            ("pin", 77, "refused the PIN (of /"), ("open-pin", 77, "is not this user's alone"), ("no-pin", 77, "the file with the PIN cannot be read"),
            ("absent", 66, "no token fits [seal] key"),
        ] as [(String, Int32, String)])
        func failures(trouble: String, code: Int32, words: String) throws {
            let (gateway, token, enrolmentCode) = try Self.gateway()
            switch trouble {
            case "pin": try token.setPIN("wrong-one")
            case "open-pin": try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: token.folder.file("pin"))
            case "no-pin": try FileManager.default.removeItem(atPath: token.folder.file("pin"))
            default: try token.disturb("absent")
            }
            let told = try gateway.command("enroll", gateway.wholeText(code: enrolmentCode))
            #expect(told.code == code && told.output.contains(words) && told.output.contains("; mend that, then run this again"), "\(told)")
            #expect(!gateway.exists("seal.crt") && !FileManager.default.fileExists(atPath: gateway.dropIn))
            let doctor = try gateway.command("doctor").output
            #expect(doctor.contains(words), "\(doctor)")
            try token.disturb("")
            try token.setPIN(TokenStore.pin)
            let again = try gateway.command("enroll", gateway.wholeText(code: enrolmentCode))
            #expect(again.code == 0, "\(again)")
            #expect(try gateway.expectEnrolled())
        }

        @Test("a library that ends the process, crashes or hangs ends no command with success: enrolment and doctor name it, and a plain retry finishes", arguments: [
            ("init-exit=0", "ended its helper process without an answer (/"), ("init-crash", "ended its helper process without an answer (/"), ("crash", "ended its helper process"),
            ("init-hang", "did not answer in time, and its helper was ended (/"),
        ])
        func hostileLibrary(trouble: String, words: String) throws {
            let (gateway, token, code) = try Self.gateway()
            try token.disturb(trouble)
            let told = try gateway.command("enroll", gateway.wholeText(code: code))
            #expect(told.code == 66 && told.output.contains(words) && told.output.contains("proxy.so"), "\(told)")
            #expect(!gateway.exists("seal.crt") && !FileManager.default.fileExists(atPath: gateway.dropIn))
            try token.disturb("")
            let again = try gateway.command("enroll", gateway.wholeText(code: code))
            #expect(again.code == 0, "\(again)")
            #expect(try gateway.expectEnrolled())
            guard trouble.hasPrefix("init-") else { return }
            try token.disturb(trouble)
            let doctor = try gateway.command("doctor")
            #expect(doctor.code == 1 && doctor.output.contains(words) && doctor.output.contains("accepts this gateway's link certificate"), "\(doctor)")
        }

        @Test("doctor says what is wrong with a token and what to do, without trying its PIN", arguments: [
            ("absent", "no token fits [seal] key", "insert the token, or correct the names: harborseal-agent token list"),
            ("flags=0x40000", "the token is locked after too many wrong PINs", "--init-pin"),
            ("no-pin", "pin: No such file or directory", "put the key there, or name the right file in agent.conf"), ("open-pin", "others than its owner may read it", "chmod 600"),
            ("object", "shows no public key that fits [seal] key", "token make-key makes a key"), ("library", "the PKCS#11 library cannot be loaded", "install its package"),
            ("no-library", "names no PKCS#11 library", "module-path="), ("other", "belongs to another key than the seal key", "put key and certificate of one enrolment there"),
        ])
        func doctor(trouble: String, words: String, step: String) throws {
            let (gateway, token, code) = try Self.gateway()
            #expect(try gateway.command("enroll", gateway.wholeText(code: code)).code == 0)
            let before = token.calls.filter { $0.name == "login" }.count
            var settings: [String] = []
            switch trouble {
            case "absent", "flags=0x40000": try token.disturb(trouble)
            case "no-pin": try FileManager.default.removeItem(atPath: token.folder.file("pin"))
            case "open-pin": try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: token.folder.file("pin"))
            case "library": settings = ["--set", "seal.key=pkcs11:object=seal?module-path=/usr/lib/no-such-module.so"]
            case "no-library": settings = ["--set", "seal.key=pkcs11:object=seal"]
            case "other":
                token.object = "other"
                _ = try token.command("make-key")
                settings = ["--set", token.setting]
            default:
                token.object = "another"
                settings = ["--set", token.setting]
            }
            let logins = token.calls.filter { $0.name == "login" }.count
            let doctor = try gateway.command(["doctor"] + settings)
            #expect(doctor.code != 0 && doctor.output.contains(words) && doctor.output.contains(step), "\(doctor)")
            #expect(token.calls.filter { $0.name == "login" }.count == logins && logins >= before)
        }

        @Test("a library that is not there is named, and so is a certificate renewal whose key is gone")
        func missing() throws {
            let (gateway, token, code) = try Self.gateway()
            let setting = "seal.key=pkcs11:object=seal?module-path=/usr/lib/no-such-module.so"
            let told = try gateway.command("enroll", gateway.wholeText(code: code), "--set", setting)
            #expect(told.code == 66 && told.output.contains("the PKCS#11 library cannot be loaded"), "\(told)")
            #expect(try gateway.command("enroll", gateway.wholeText(code: code)).code == 0)
            token.object = "another"
            let gone = try gateway.command("renew", "--seal", "--set", token.setting)
            #expect(gone.code == 66 && gone.output.contains("object=another?") && gone.output.contains("no certificate with its key"), "\(gone)")
        }

        @Test("a key that lies in the token and in the link's file is refused for both roles")
        func shared() throws {
            let (gateway, token, code) = try Self.gateway()
            let key = "\(gateway.keys)/link.key"
            try ChildProcess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key])
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)
            try ChildProcess.run(["openssl", "pkcs8", "-topk8", "-nocrypt", "-in", key, "-out", gateway.folder.file("p8")])
            try ChildProcess.run(
                token.wrapper + ["softhsm2-util", "--import", gateway.folder.file("p8"), "--token", "gateway", "--label", "seal", "--id", "0102", "--pin", TokenStore.pin])
            let told = try gateway.command("enroll", gateway.wholeText(code: code))
            #expect(told.code == 1 && told.output.contains("are the same key"), "\(told)")
            #expect(!gateway.exists("seal.crt"))
        }
    }

    @Suite(.serialized, .enabled(if: TPMStore.isInstalled, "swtpm, libtpm2-pkcs11-1 or opensc is not installed")) struct TPMs {
        @Test("a gateway whose seal key is made in a TPM enrols, has receipts, and renews its seal certificate; the key itself is given to nobody")
        func whole() throws {
            let tpm = try TPMStore()
            let broker = try RunningBroker(try alliance.get())
            let node = try RunningNode(try alliance.get(), "hk-1", brokerPorts: [broker.port])
            let gateway = try TestedGateway(try registry.get(), token: tpm)
            let code = TestRegistry.freshCode()
            try gateway.registry.order(code: code)
            let told = try gateway.command("enroll", gateway.wholeText(code: code), "--broker", "localhost:\(broker.port)")
            #expect(told.code == 0 && told.output.contains("its key in pkcs11:token=gateway;object=seal"), "\(told)")
            #expect(try gateway.expectEnrolled() && !gateway.exists("seal.key"))
            let settings = RunningAgent.quick.flatMap { ["--set", $0] }
            /// A TPM without a resource manager has room for one user at a time: the agent runs for one event, and ends.
            func receipted(_ number: Int) throws {
                let agent = try ChildProcess(
                    tpm.wrapper + [Programs.agent, "run", "--config", gateway.configuration] + settings, logFile: gateway.folder.file("log"))
                defer { agent.terminate() }
                try wait(until: "the intake", instead: { agent.log }) { UnixStream(gateway.intakeSocket) != nil }
                guard case .stored = try IntakeClient(gateway.intakeSocket).send(IntakeClient.line(number: number)) else { throw IntegrationFailure(agent.log) }
                try wait(until: "receipt \(number)", seconds: 30, everyMilliseconds: 100, instead: { agent.log + node.log }) {
                    guard let report = try? AgentReport(gateway.command("status", "--json").output) else { return false }
                    return report.number("journal", "unreceipted") == 0 && report.number("journal", "events") > number && report.text("signer", "kind") == "token"
                }
            }
            try receipted(1)
            let (key, certificate) = (gateway.key("seal.key"), gateway.certificate("seal.crt"))
            let sealed = try gateway.command("renew", "--seal")
            #expect(sealed.code == 0 && sealed.output.contains("seal certificate renewed"), "\(sealed)")
            #expect(key != nil && gateway.key("seal.key") == key && gateway.certificate("seal.crt") != certificate)
            #expect(try gateway.expectEnrolled())
            try receipted(2)
            #expect(try node.ledger().leaves(of: "\(Alliance.firm).\(gateway.device)").count == 2)
            // CKR_ATTRIBUTE_SENSITIVE, or that there is no such attribute.
            let answer = try tpm.answerToKeyValue()
            #expect(answer["keys"] == 1 && [0x11, 0x12].contains(answer["answer"]) && answer["given"] == 0, "\(answer)")
            #expect(answer["sensitive"] == 1 && answer["extractable"] == 0, "\(answer)")
        }
    }
}
