import Foundation
import Testing

extension EnrolmentTests {
    /// New keys that are refused, interrupted, or meet a renewal: what waits, and what gives way.
    @Suite(.serialized) struct Replacements {
        private static func enrolled() throws -> TestedGateway {
            let gateway = try TestedGateway(try registry.get())
            let code = TestRegistry.freshCode()
            try gateway.registry.order(code: code)
            let told = try gateway.command("enroll", gateway.wholeText(code: code))
            guard told.code == 0 else { throw IntegrationFailure("\(told)") }
            return gateway
        }

        private static func keys(_ gateway: TestedGateway) -> [String: Bool] {
            Dictionary(uniqueKeysWithValues: ["enrolment.replacing", "enrolment.note", "link.key.next", "seal.key.next"].map { ($0, gateway.exists($0)) })
        }

        @Test("a replacement that is refused before anything was issued leaves nothing behind", arguments: [401, 403])
        func refused(status: Int) throws {
            let gateway = try Self.enrolled()
            let before = ["link.key", "seal.key"].map { gateway.key($0) }
            let code = TestRegistry.freshCode()
            try gateway.registry.order(["status": status, "words": "no"], code: code)
            let told = try gateway.command("enroll", gateway.wholeText(code: code), "--replace")
            #expect(told.code == 77 && !told.output.contains("not finished"), "\(told)")
            #expect(!Self.keys(gateway).values.contains(true), "\(Self.keys(gateway))")
            #expect(try gateway.expectEnrolled() && ["link.key", "seal.key"].map { gateway.key($0) } == before)
            try gateway.registry.order(code: code)
            #expect(try gateway.command("enroll", gateway.wholeText(code: code), "--replace").code == 0)
            #expect(try gateway.expectEnrolled() && gateway.key("seal.key") != before[1])
        }

        @Test("a key whose answer may be lost outlives a mistyped code and a renewal, which keeps the key in use; the same text then goes on with it")
        func lost() throws {
            let gateway = try Self.enrolled()
            let link = gateway.key("link.key")
            let code = TestRegistry.freshCode()
            try gateway.registry.order(["lose": "link"], code: code)
            let told = try gateway.command("enroll", gateway.wholeText(code: code), "--replace")
            #expect(told.code == 75 && told.output.contains("not finished; run harborseal-agent enroll again with the same text, or one with a new code"), "\(told)")
            let waiting = gateway.key("link.key.next")
            try gateway.registry.order(code: code)
            let mistyped = try gateway.command("enroll", gateway.wholeText(code: TestRegistry.freshCode()), "--replace")
            #expect(mistyped.code == 77 && mistyped.output.contains("not finished"), "\(mistyped)")
            #expect(try gateway.command("doctor").output.contains("run harborseal-agent enroll again with the same text, or one with a new code"))
            #expect(waiting != nil && gateway.key("link.key.next") == waiting && gateway.exists("enrolment.replacing"))
            let before = gateway.certificate("link.crt")
            #expect(try gateway.command("renew").code == 0)
            #expect(gateway.key("link.key") == link && gateway.certificate("link.crt") != before && gateway.hasWorkingPair("link"))
            #expect(try gateway.command("enroll", gateway.wholeText(code: code), "--replace").code == 0)
            #expect(try gateway.expectEnrolled() && gateway.key("link.key") == waiting)
        }

        @Test("what an interrupted renewal left waiting is not taken for a new key of the code's")
        func renewalLeftover() throws {
            let gateway = try Self.enrolled()
            let path = "\(gateway.keys)/link.key.next"
            try ChildProcess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path])
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            let leftover = gateway.key("link.key.next")
            let code = TestRegistry.freshCode()
            try gateway.registry.order(code: code)
            #expect(try gateway.command("enroll", gateway.wholeText(code: code), "--replace").code == 0)
            #expect(try gateway.expectEnrolled() && leftover != nil && gateway.key("link.key") != leftover)
        }

        @Test("after the new link certificate there is only the way forward: --abandon refuses, changes nothing and is not named; the same text ends it")
        func halfDone() throws {
            let gateway = try Self.enrolled()
            let seal = gateway.key("seal.key")
            let code = TestRegistry.freshCode()
            try gateway.registry.order(["seal_status": 403], code: code)
            let told = try gateway.command("enroll", gateway.wholeText(code: code), "--replace")
            #expect(told.code == 77 && !told.output.contains("--abandon") && gateway.exists("enrolment.replacing"), "\(told)")
            #expect(try !gateway.command("doctor").output.contains("--abandon"))
            try Self.expectRefusal(gateway)
            #expect(gateway.hasWorkingPair("link") && gateway.hasWorkingPair("seal") && gateway.key("seal.key") == seal)
            try gateway.registry.order(code: code)
            #expect(try gateway.command("enroll", gateway.wholeText(code: code), "--replace").code == 0)
            #expect(try gateway.expectEnrolled() && gateway.key("seal.key") != seal && !gateway.exists("enrolment.replacing"))
        }

        /// `enroll --abandon` names the one way on, and leaves everything as it is.
        private static func expectRefusal(_ gateway: TestedGateway) throws {
            let files = try contents(gateway)
            let told = try gateway.command("enroll", "--abandon")
            #expect(told.code == 1 && told.output.contains("and no others connect then; run harborseal-agent enroll again, or add --yes"), "\(told)")
            #expect(try contents(gateway) == files)
        }

        private static func contents(_ gateway: TestedGateway) throws -> [String: Data] {
            let names = try FileManager.default.contentsOfDirectory(atPath: gateway.keys)
            return Dictionary(uniqueKeysWithValues: names.map { ($0, FileManager.default.contents(atPath: "\(gateway.keys)/\($0)") ?? Data()) })
        }

        @Test("--abandon refuses also where the new link certificate waits, or may be lost on its way; --yes gives up and leaves what is in use")
        func abandonedLate() throws {
            let gateway = try Self.enrolled()
            let key = gateway.key("link.key")
            let code = TestRegistry.freshCode()
            try gateway.registry.order(["cut": 0], code: code)
            #expect(try gateway.command("enroll", gateway.wholeText(code: code), "--replace").code == 75)
            try Self.expectRefusal(gateway)
            // As a power cut right behind the answer leaves it.
            for name in ["link.crt", "link.key"] { try FileManager.default.copyItem(atPath: "\(gateway.keys)/\(name)", toPath: gateway.folder.file(name)) }
            try gateway.registry.order(["seal_status": 503], code: code)
            #expect(try gateway.command("enroll", gateway.wholeText(code: code), "--replace").code == 75)
            for name in ["link.crt", "link.key"] {
                try FileManager.default.moveItem(atPath: "\(gateway.keys)/\(name)", toPath: "\(gateway.keys)/\(name).next")
                try FileManager.default.moveItem(atPath: gateway.folder.file(name), toPath: "\(gateway.keys)/\(name)")
            }
            try Self.expectRefusal(gateway)
            let told = try gateway.command("enroll", "--abandon", "--yes")
            #expect(told.code == 0 && told.output.contains("a code that the registry has answered is used up"), "\(told)")
            #expect(try gateway.expectEnrolled() && gateway.key("link.key") == key && !gateway.exists("enrolment.replacing"))
        }

        @Test("a renewal that was cut is no replacement: --abandon drops what waits and needs no --yes")
        func cutRenewal() throws {
            let gateway = try Self.enrolled()
            let (key, certificate) = (gateway.key("link.key"), gateway.certificate("link.crt"))
            let copy = try TestedGateway(copying: gateway)
            #expect(try copy.command("renew").code == 0)
            for name in ["link.crt", "link.key"] { try FileManager.default.copyItem(atPath: "\(copy.keys)/\(name)", toPath: "\(gateway.keys)/\(name).next") }
            let told = try gateway.command("enroll", "--abandon")
            #expect(told.code == 0, "\(told)")
            #expect(try gateway.expectEnrolled() && gateway.key("link.key") == key && gateway.certificate("link.crt") == certificate)
        }

        @Test("--abandon ends first what a power cut left between a pair's two renames, and needs no --yes for that; what is damaged goes", arguments: ["link", "seal", "damaged"])
        func cutActivation(what: String) throws {
            let gateway = try Self.enrolled()
            func path(_ name: String) -> String { "\(gateway.keys)/\(name)" }
            if what == "damaged" {
                try "no certificate".write(toFile: path("link.crt.next"), atomically: false, encoding: .utf8)
            } else {
                let old = try Data(contentsOf: URL(fileURLWithPath: path("\(what).crt")))
                if what == "link" { #expect(try gateway.command("renew").code == 0) }
                try FileManager.default.moveItem(atPath: path("\(what).crt"), toPath: path("\(what).crt.next"))
                // Of a first seal there is no certificate in place.
                if what == "link" { try old.write(to: URL(fileURLWithPath: path("link.crt"))) }
            }
            try "begun\nrun it again\n".write(toFile: path("enrolment.note"), atomically: false, encoding: .utf8)
            let keys = ["link.key", "seal.key"].map { gateway.key($0) }
            let told = try gateway.command("enroll", "--abandon")
            #expect(told.code == 0 && told.output.contains("the unfinished enrolment is forgotten"), "\(told)")
            #expect(try gateway.expectEnrolled() && ["link.key", "seal.key"].map { gateway.key($0) } == keys && !gateway.exists("enrolment.note"))
        }

        @Test("doctor without keys names enroll -, and a CA file that is none is named as too large")
        func words() throws {
            let gateway = try Self.enrolled()
            for name in ["link.key", "seal.key", "seal.crt"] { try FileManager.default.removeItem(atPath: "\(gateway.keys)/\(name)") }
            let doctor = try gateway.command("doctor").output
            #expect(doctor.components(separatedBy: "enroll this gateway (harborseal-agent enroll -)").count >= 4, "\(doctor)")
            let large = gateway.folder.file("large.crt")
            try Data(repeating: 0x41, count: 200_000).write(to: URL(fileURLWithPath: large))
            let told = try gateway.command(
                "enroll", "https://localhost:\(gateway.registry.port)", "--device", "\(Alliance.firm).\(gateway.device)", "--code", TestRegistry.freshCode(), "--ca", large)
            #expect(told.code == 1 && told.output.contains("\(large): is larger than any such file may be; mend that"), "\(told)")
        }
    }
}
