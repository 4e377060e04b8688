import DeviceCrypto
import Foundation
import Testing

extension EnrolmentTests {
    /// A gateway whose identity the firm has ended, and a technician who enrols it once more.
    @Suite(.serialized) struct Revoked {
        private static func enrolled() throws -> TestedGateway {
            let gateway = try TestedGateway(try registry.get())
            let code = TestRegistry.freshCode()
            try gateway.registry.order(code: code)
            let told = try gateway.command("enroll", gateway.wholeText(code: code))
            guard told.code == 0 else { throw IntegrationFailure("\(told)") }
            return gateway
        }

        private static func serial(_ certificate: UnverifiedCertificate?) throws -> String {
            try #require(certificate).serialNumber.map { String(format: "%02X", $0) }.joined()
        }

        /// What a code was shown for so far, granted or not.
        private static func enrolments(_ gateway: TestedGateway, _ role: String = "") -> Int {
            gateway.registry.requests.filter { $0.path.hasSuffix(role + "/simpleenroll") }.count
        }

        @Test("a revoked seal certificate is found before the code is spent; --replace then brings new keys with the same code")
        func before() throws {
            let gateway = try Self.enrolled()
            let revoked: [String: Any] = ["revoked": [Alliance.firm: ["0B", try Self.serial(gateway.certificate("seal.crt"))], "\(Alliance.firm).2": [String]()]]
            let code = TestRegistry.freshCode()
            try gateway.registry.order(revoked, code: code)
            let before = Self.enrolments(gateway)
            let told = try gateway.command("enroll", gateway.wholeText(code: code))
            #expect(told.code == 1 && told.output.contains("this gateway is enrolled as \(Alliance.firm).\(gateway.device), and its seal certificate is revoked"), "\(told)")
            #expect(told.output.contains("--replace") && Self.enrolments(gateway) == before)
            let doctor = try gateway.command("doctor")
            #expect(doctor.output.contains("PROBLEM  registry") && doctor.output.contains("and its seal certificate is revoked"), "\(doctor)")
            let replaced = try gateway.command("enroll", gateway.wholeText(code: code), "--replace")
            #expect(replaced.code == 0, "\(replaced)")
            #expect(try gateway.expectEnrolled())
            #expect(try !gateway.command("doctor").output.contains("revoked"))
        }

        @Test("where only the link certificate is revoked, the code brings a new link key, and the seal key stays; a code that the registry refuses changes nothing")
        func link() throws {
            let gateway = try Self.enrolled()
            let (seal, link) = (gateway.key("seal.key"), gateway.key("link.key"))
            let revoked: [String: Any] = ["revoked": ["link": ["0B", try Self.serial(gateway.certificate("link.crt"))]]]
            let code = TestRegistry.freshCode()
            try gateway.registry.order(revoked.merging(["status": 403, "words": "the code has been used"]) { own, _ in own }, code: code)
            let refused = try gateway.command("enroll", gateway.wholeText(code: code))
            #expect(refused.code == 77 && refused.output.contains("its link certificate is revoked") && refused.output.contains("the code has been used"), "\(refused)")
            #expect(gateway.key("link.key") == link && !gateway.exists("link.key.next"))
            let doctor = try gateway.command("doctor").output
            #expect(doctor.contains("its link certificate is revoked") && doctor.contains("ask the firm's operator for a new code (harborseal device code)"), "\(doctor)")
            try gateway.registry.order(revoked, code: code)
            let told = try gateway.command("enroll", gateway.wholeText(code: code))
            #expect(told.code == 0 && told.output.contains("this code is tried"), "\(told)")
            #expect(try gateway.expectEnrolled() && gateway.key("seal.key") == seal && gateway.key("link.key") != link)
            #expect(try !gateway.command("doctor").output.contains("revoked"))
        }

        @Test("a seal certificate of a former issuing key is looked for on that key's list")
        func formerKey() throws {
            let gateway = try Self.enrolled()
            let lists = [Alliance.firm: ["0B"], "\(Alliance.firm).2": [], "\(Alliance.firm).3": ["0C", try Self.serial(gateway.certificate("seal.crt"))]]
            try gateway.registry.order(["revoked": lists.filter { !$0.key.hasSuffix(".3") }])
            #expect(try gateway.command("enroll", gateway.wholeText()).code == 0)
            try gateway.registry.order(["revoked": lists])
            let told = try gateway.command("enroll", gateway.wholeText())
            #expect(told.code == 1 && told.output.contains("its seal certificate is revoked"), "\(told)")
        }

        @Test("a link certificate that has to be new shows the registry the seal key that stays first: a code for another identity is not spent")
        func otherIdentity() throws {
            let gateway = try Self.enrolled()
            for name in ["link.crt", "link.key"] { try FileManager.default.removeItem(atPath: "\(gateway.keys)/\(name)") }
            let seal = gateway.key("seal.key")
            let code = TestRegistry.freshCode()
            try gateway.registry.order(["seal_status": 403, "words": "this key is certified already"], code: code)
            let links = Self.enrolments(gateway, "link")
            let told = try gateway.command("enroll", gateway.wholeText(code: code))
            #expect(told.code == 77 && told.output.contains("the registry refuses its seal key for this code: this key is certified already"), "\(told)")
            #expect(told.output.contains("run this again with --replace"), "\(told)")
            #expect(Self.enrolments(gateway, "link") == links)
            #expect(gateway.key("seal.key") == seal && !gateway.exists("link.crt"))
            try gateway.registry.order(code: code)
            #expect(try gateway.command("enroll", gateway.wholeText(code: code)).code == 0)
            #expect(try gateway.expectEnrolled() && gateway.key("seal.key") == seal)
        }

        @Test("a certificate that is on a list right after the enrolment is an error, and not a success")
        func after() throws {
            let gateway = try Self.enrolled()
            let code = TestRegistry.freshCode()
            try gateway.registry.order(["revoke_issued": true], code: code)
            let told = try gateway.command("enroll", gateway.wholeText(code: code), "--replace")
            #expect(told.code == 1 && told.output.contains("certificate is revoked"), "\(told)")
            #expect(!told.output.contains("is enrolled; peak memory"))
            #expect(try gateway.command("doctor").output.contains("was begun on "))
        }

        @Test("a second run with everything in place says that nobody was asked")
        func unused() throws {
            let gateway = try Self.enrolled()
            let before = Self.enrolments(gateway)
            let told = try gateway.command("enroll", gateway.wholeText(code: TestRegistry.freshCode()))
            #expect(told.code == 0 && told.output.contains("has certificates already: the registry was not asked, and the code stays unused (harborseal device show)"), "\(told)")
            #expect(Self.enrolments(gateway) == before)
        }
    }
}
