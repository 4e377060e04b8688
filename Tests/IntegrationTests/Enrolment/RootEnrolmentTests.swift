import Foundation
import Testing

extension EnrolmentTests {
    /// Root at the gateway, and the agent another user: as a technician enrols it.
    @Suite(.serialized, .enabled(if: geteuid() == 0, "only root can act as the agent's user")) struct Root {
        private static let nobody = 65_534

        /// A user whose group is nobody else's, as that of the package is.
        private static let daemon = 1

        private static func give(_ path: String, to user: Int = nobody) throws {
            try FileManager.default.setAttributes([.ownerAccountID: user, .groupOwnerAccountID: user], ofItemAtPath: path)
        }

        private static func facts(_ path: String) throws -> [Int?] {
            let facts = try FileManager.default.attributesOfItem(atPath: path)
            return [FileAttributeKey.ownerAccountID, .groupOwnerAccountID, .posixPermissions].map { (facts[$0] as? NSNumber)?.intValue }
        }

        /// Folders as the package makes them: the journal's and the keys' are the agent's user's, the configuration is root's.
        private static func gateway(_ token: TokenStore? = nil, of user: Int = nobody) throws -> TestedGateway {
            let gateway = try TestedGateway(try registry.get(), token: token)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: gateway.folder.path)
            try FileManager.default.createDirectory(atPath: gateway.folder.file("journal"), withIntermediateDirectories: false)
            for name in ["keys", "journal"] { try give(gateway.folder.file(name), to: user) }
            return gateway
        }

        private static func judge(_ gateway: TestedGateway, files: [String]) throws {
            let code = TestRegistry.freshCode()
            try gateway.registry.order(code: code)
            for _ in 1...2 {
                let told = try gateway.command("enroll", gateway.wholeText(code: code))
                #expect(told.code == 0, "\(told)")
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: gateway.keys).sorted() == files)
            for words in [["renew"], ["renew", "--seal"]] {
                let told = try gateway.command(words)
                #expect(told.code == 0, "\(words): \(told)")
            }
            for name in files {
                #expect(try facts("\(gateway.keys)/\(name)") == [nobody, nobody, name.hasSuffix(".key") ? 0o600 : 0o644], "\(name)")
            }
            #expect(try facts(gateway.dropIn) == [0, nobody, 0o640])
            let doctor = try gateway.command("doctor").output
            #expect(doctor.contains("accepts this gateway's link certificate"), "\(doctor)")
        }

        @Test("what root enrols and renews is the agent's user's, and the configuration stays root's for the agent to read")
        func files() throws {
            let gateway = try Self.gateway()
            try Self.judge(gateway, files: ["alliance.hstrust", "link-ca.crt", "link.crt", "link.key", "seal.crt", "seal.key"])
        }

        @Test("a folder of keys that is a third user's is refused with the chown that mends it, and doctor says it too")
        func foreignFolder() throws {
            let gateway = try Self.gateway()
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: gateway.keys)
            try Self.give(gateway.keys, to: 4_711)
            let code = TestRegistry.freshCode()
            try gateway.registry.order(code: code)
            let told = try gateway.command("enroll", gateway.wholeText(code: code))
            let words = "belongs to user 4711, and the agent is user \(Self.nobody)"
            #expect(told.code == 77 && told.output.contains("\(gateway.keys): \(words); chown \(Self.nobody) \(gateway.keys)"), "\(told)")
            #expect(!gateway.exists("link.key.next"))
            try Self.give(gateway.keys)
            #expect(try gateway.command("enroll", gateway.wholeText(code: code)).code == 0)
            try Self.give(gateway.keys, to: 4_711)
            #expect(try gateway.command("doctor").output.contains("\(gateway.keys): \(words)\n"))
            // Root's own is no stranger's.
            try Self.give(gateway.keys, to: 0)
            #expect(try !gateway.command("doctor").output.contains("key-folder"))
        }

        /// Runs a command on a kernel that lacks what it refuses.
        private static func oldKernel(_ missing: [String]) throws -> [String] {
            missing.isEmpty ? [] : [try Programs.tool("python3", package: "python3"), Programs.packageRoot + "/Tests/IntegrationTests/Support/old-kernel.py", missing.joined(separator: ",")]
        }

        @Test("a folder that is root's own, in which the agent's user may not write, is named before anything is asked for, and so is that of the configuration; on old kernels too", arguments: [
            [], ["faccessat2"], ["faccessat2", "tmpfile"],
        ])
        func closedFolder(missing: [String]) throws {
            let code = TestRegistry.freshCode()
            let gateway = try Self.gateway()
            try gateway.registry.order(code: code)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: gateway.keys)
            try Self.give(gateway.keys, to: 0)
            let before = gateway.registry.requests.count
            let words = ["enroll", try gateway.wholeText(code: code)]
            let told = try gateway.command(words, under: Self.oldKernel(missing))
            #expect(told.code == 73 && told.output.contains("[seal] key = \(gateway.keys)/seal.key: cannot be created: Permission denied; make that folder, for the agent's user"), "\(told)")
            try Self.give(gateway.keys)
            try FileManager.default.removeItem(atPath: gateway.folder.file("agent.conf.d"))
            let unsaid = try gateway.command(words, under: Self.oldKernel(missing))
            let step = "run this as root; systemd-tmpfiles --create harborseal-agent.conf, or mkdir, makes a missing folder, which stays root's"
            #expect(unsaid.code == 73 && unsaid.output.contains("configuration = \(gateway.dropIn): cannot be created: No such file or directory; \(step)"), "\(unsaid)")
            #expect(gateway.registry.requests.count == before && !gateway.exists("link.key.next"))
            try FileManager.default.createDirectory(atPath: gateway.folder.file("agent.conf.d"), withIntermediateDirectories: false)
            let again = try gateway.command(words, under: Self.oldKernel(missing))
            #expect(again.code == 0, "\(again)")
            #expect(try !FileManager.default.contentsOfDirectory(atPath: gateway.keys).contains { $0.hasPrefix(".") })
        }

        @Test("what is root's in the sticky folder that the package makes is named before anything is asked for: nothing could take its place", arguments: [
            ("link.crt", "[link] certificate"), ("seal.crt", "[seal] certificate"), ("seal.crt.next", "[seal] certificate"), ("link.key.next", "[link] key"),
        ])
        func stickyFolder(name: String, key: String) throws {
            let gateway = try Self.gateway(of: Self.daemon)
            try FileManager.default.setAttributes([.ownerAccountID: 0, .posixPermissions: 0o1770], ofItemAtPath: gateway.keys)
            var code = TestRegistry.freshCode()
            try gateway.registry.order(code: code)
            #expect(try gateway.command("enroll", gateway.wholeText(code: code)).code == 0)
            let path = "\(gateway.keys)/\(name)"
            if !gateway.exists(name) { try "".write(toFile: path, atomically: false, encoding: .utf8) }
            try Self.give(path, to: 0)
            code = TestRegistry.freshCode()
            try gateway.registry.order(code: code)
            let before = gateway.registry.requests.count
            let words = ["enroll", try gateway.wholeText(code: code), "--replace"]
            let told = try gateway.command(words)
            #expect(told.code == 73 && told.output.contains("\(key) = \(path): cannot be removed: Operation not permitted; it is another user's in a sticky folder: give it to the agent's user (chown)"), "\(told)")
            #expect(gateway.registry.requests.count == before && !gateway.exists("enrolment.replacing"))
            // In a folder of its own the user moves what he likes.
            if name.hasSuffix(".next") { try FileManager.default.removeItem(atPath: path) } else { try Self.give(gateway.keys, to: Self.daemon) }
            let again = try gateway.command(words)
            #expect(again.code == 0, "\(again)")
        }

        @Test("a token is asked as the agent's user, so that the key that it makes is that user's", .enabled(if: TokenStore.isInstalled))
        func token() throws {
            let token = try TokenStore()
            let gateway = try Self.gateway(token)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: token.folder.path)
            let names = try FileManager.default.subpathsOfDirectory(atPath: token.folder.path)
            for name in names { try Self.give(token.folder.file(name)) }
            try Self.give(token.folder.path)
            try Self.judge(gateway, files: ["alliance.hstrust", "link-ca.crt", "link.crt", "link.key", "seal.crt"])
            let made = try FileManager.default.subpathsOfDirectory(atPath: token.folder.file("tokens"))
            #expect(made.contains { $0.hasSuffix(".object") && !names.contains("tokens/" + $0) })
            for name in made { #expect(try Self.facts(token.folder.file("tokens/" + name))[0] == Self.nobody, "\(name)") }
        }
    }
}
