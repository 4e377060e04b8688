import Foundation
import Testing

extension EnrolmentTests {
    /// What lies at the gateway before an enrolment begins: a trust file, a folder, an identity.
    @Suite(.serialized) struct HeldFiles {
        private static let strangers = Result { try Alliance(name: "gba-strangers", nodes: ["hk-1"], quorum: 1) }

        private static func gateway(_ code: String) throws -> TestedGateway {
            let gateway = try TestedGateway(try registry.get())
            try gateway.registry.order(code: code)
            return gateway
        }

        private static func enrolled() throws -> TestedGateway {
            let code = TestRegistry.freshCode()
            let gateway = try gateway(code)
            let told = try gateway.command("enroll", gateway.wholeText(code: code))
            guard told.code == 0 else { throw IntegrationFailure("\(told)") }
            return gateway
        }

        /// Puts something that is no trust file of this alliance's in its place.
        private static func spoil(_ kind: String, _ path: String, of alliance: Alliance) throws {
            try? FileManager.default.removeItem(atPath: path)
            var bytes = try Data(contentsOf: URL(fileURLWithPath: kind == "stranger" ? strangers.get().trustFile : alliance.trustFile))
            switch kind {
            case "fifo":
                guard mkfifo(path, 0o600) == 0 else { throw IntegrationFailure("mkfifo: \(errno)") }
                return
            case "folder": return try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            case "large": bytes = Data(count: 100_000)
            case "empty": bytes = Data()
            case "changed": bytes[bytes.count / 2] ^= 1
            default: break
            }
            try bytes.write(to: URL(fileURLWithPath: path))
        }

        @Test("a trust file that is none of this alliance's ends enroll with 65 before anything is asked for, on a new gateway and on one that is enrolled; moved away, the registry's comes", arguments: ["fifo", "folder", "large", "empty", "changed", "stranger"])
        func trust(kind: String) throws {
            let code = TestRegistry.freshCode()
            for gateway in [try Self.gateway(code), try Self.enrolled()] {
                let path = "\(gateway.keys)/alliance.hstrust"
                try gateway.registry.order(code: code)
                try Self.spoil(kind, path, of: gateway.alliance)
                let told = try gateway.command("enroll", gateway.wholeText(code: code))
                #expect(told.code == 65 && told.output.contains("the trust file \(path) cannot be read, is damaged, or is another alliance's; move it away, then run this again"), "\(told)")
                #expect(!gateway.exists("link.key.next"))
                try FileManager.default.moveItem(atPath: path, toPath: gateway.folder.file("away"))
                let again = try gateway.command("enroll", gateway.wholeText(code: code))
                #expect(again.code == 0, "\(again)")
                #expect(try gateway.expectEnrolled() && FileManager.default.contents(atPath: path) == Data(contentsOf: URL(fileURLWithPath: gateway.alliance.trustFile)))
            }
        }

        @Test("a FIFO in the place of a key or certificate holds no command", arguments: ["link.key", "link.crt", "seal.key", "seal.crt", "link-ca.crt"])
        func pipes(name: String) throws {
            let gateway = try Self.enrolled()
            try Self.spoil("fifo", "\(gateway.keys)/\(name)", of: gateway.alliance)
            // Each of them ends by itself, or BareGateway.command fails after 60 s.
            let doctor = try gateway.command("doctor")
            #expect(doctor.code == 1 && doctor.output.contains("\(gateway.keys)/\(name): is not a regular file"), "\(doctor)")
            let renewed = try gateway.command("renew")
            #expect(renewed.code != 0 || name == "seal.key" || name == "seal.crt", "\(renewed)")
            let told = try gateway.command("enroll", gateway.wholeText(code: TestRegistry.freshCode()))
            #expect(name == "link-ca.crt" || told.code != 0 && told.output.contains("is not a regular file"), "\(told)")
        }

        @Test("a folder of keys in which others may put files is refused with what mends it, and doctor says it too", arguments: [
            (0o777, "chmod go-w"), (0o702, "chmod go-w"), (0o1777, "move the keys to a folder of their own"),
        ])
        func openFolder(mode: Int, step: String) throws {
            let code = TestRegistry.freshCode()
            let gateway = try Self.gateway(code)
            func set(_ mode: Int) throws { try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: gateway.keys) }
            let words = "\(gateway.keys): others may put files there (mode \(String(format: "%04o", mode)))"
            try set(mode)
            let told = try gateway.command("enroll", gateway.wholeText(code: code))
            #expect(told.code == 77 && told.output.contains("\(words); \(step)"), "\(told)")
            #expect(!gateway.exists("link.key.next") && !gateway.exists("link-ca.crt"))
            try set(0o755)
            #expect(try gateway.command("enroll", gateway.wholeText(code: code)).code == 0)
            #expect(try !gateway.command("doctor").output.contains("key-folder"))
            try set(mode)
            let doctor = try gateway.command("doctor").output
            #expect(doctor.contains("\(words)\n") && doctor.contains("do: \(step)"), "\(doctor)")
        }

        @Test("where a file of the enrolment cannot be made, nothing is asked for, and the file's key and the step are named", arguments: [
            "seal.key", "seal.certificate", "link.key", "link.certificate", "link.ca", "trust.file",
        ])
        func noPlace(key: String) throws {
            let code = TestRegistry.freshCode()
            let gateway = try Self.gateway(code)
            let (path, parts) = (gateway.folder.file("nowhere/file"), key.split(separator: "."))
            let before = gateway.registry.requests.count
            let told = try gateway.command("enroll", gateway.wholeText(code: code), "--set", "\(key)=\(path)")
            #expect(told.code == 73 && told.output.contains("[\(parts[0])] \(parts[1]) = \(path): cannot be created: No such file or directory; make that folder"), "\(told)")
            #expect(gateway.registry.requests.count == before && !gateway.exists("enrolment.note") && !gateway.exists("link.key.next"))
            // A folder that is no folder is none either; then it is one.
            try "".write(toFile: gateway.folder.file("nowhere"), atomically: false, encoding: .utf8)
            #expect(try gateway.command("enroll", gateway.wholeText(code: code), "--set", "\(key)=\(path)").output.contains("cannot be created: Not a directory"))
            try FileManager.default.removeItem(atPath: gateway.folder.file("nowhere"))
            try FileManager.default.createDirectory(atPath: gateway.folder.file("nowhere"), withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            let again = try gateway.command("enroll", gateway.wholeText(code: code), "--set", "\(key)=\(path)")
            #expect(again.code == 0, "\(again)")
        }

        @Test("a place on a medium that cannot be written has its own step", .enabled(if: SmallDisk.isPossible, "\(SmallDisk.reason)"))
        func readOnly() throws {
            let code = TestRegistry.freshCode()
            let (gateway, disk) = (try Self.gateway(code), try SmallDisk(byteCount: 1 << 20))
            let words = ["enroll", try gateway.wholeText(code: code), "--set", "link.certificate=\(disk.path)/link.crt"]
            try disk.remount(readOnly: true)
            let told = try gateway.command(words)
            #expect(told.code == 73 && told.output.contains("[link] certificate = \(disk.path)/link.crt: cannot be created: Read-only file system; remount it writable, then run this again"), "\(told)")
            #expect(!gateway.exists("enrolment.note") && !gateway.exists("link.key.next"))
            try disk.remount(readOnly: false)
            let again = try gateway.command(words)
            #expect(again.code == 0, "\(again)")
        }

        @Test("a gateway that is not enrolled is told how to enrol", arguments: ["status", "renew", "run"])
        func notEnrolled(command: String) throws {
            let gateway = try TestedGateway(try registry.get())
            let told = try gateway.command(command)
            #expect(told.code == 78 && told.output.contains("this gateway is not enrolled, [identity] is empty; harborseal-agent enroll -"), "\(told)")
            #expect(told.output.split(separator: "\n").count == 1, "\(told)")
        }

        @Test("a text of another registry or another link CA than the gateway's changes nothing, ends with 2 and names --replace", arguments: ["registry", "link CA"])
        func otherText(what: String) throws {
            let gateway = try Self.enrolled()
            let code = TestRegistry.freshCode()
            try gateway.registry.order(code: code)
            let before = try Data(contentsOf: URL(fileURLWithPath: gateway.dropIn))
            let asked = gateway.registry.requests.filter { $0.path.hasSuffix("enroll") }.count
            var words = ["enroll", try gateway.text(code: code, host: "127.0.0.1")]
            if what == "link CA" {
                words = ["enroll", "https://localhost:\(gateway.registry.port)", "--device", "\(Alliance.firm).\(gateway.device)", "--code", code, "--ca", try Self.strangers.get().linkAuthority]
            }
            let told = try gateway.command(words)
            #expect(told.code == 2 && told.output.contains("this gateway is enrolled, and the text names another registry or link CA than \(what == "registry" ? "localhost:\(gateway.registry.port)" : "\(gateway.keys)/link-ca.crt")") && told.output.contains("--replace"), "\(told)")
            #expect(try Data(contentsOf: URL(fileURLWithPath: gateway.dropIn)) == before && gateway.expectEnrolled() && !gateway.exists("enrolment.note"))
            #expect(gateway.registry.requests.filter { $0.path.hasSuffix("enroll") }.count == asked)
            guard what == "registry" else { return }
            // With --replace, or without a certificate, that registry is the one.
            try FileManager.default.removeItem(atPath: "\(gateway.keys)/link.crt")
            let again = try gateway.command(words)
            #expect(again.code == 0, "\(again)")
            #expect(try String(contentsOfFile: gateway.dropIn, encoding: .utf8).contains("address = 127.0.0.1:\(gateway.registry.port)"))
        }
    }
}
