import Foundation
import Testing

extension EnrolmentTests {
    /// Root at the gateway, and the agent another user: as a technician enrols it.
    @Suite(.serialized, .enabled(if: geteuid() == 0, "only root can act as the agent's user")) struct Root {
        private static let nobody = 65_534

        private static func give(_ path: String, to user: Int = nobody) throws {
            try FileManager.default.setAttributes([.ownerAccountID: user, .groupOwnerAccountID: user], ofItemAtPath: path)
        }

        private static func facts(_ path: String) throws -> [Int?] {
            let facts = try FileManager.default.attributesOfItem(atPath: path)
            return [FileAttributeKey.ownerAccountID, .groupOwnerAccountID, .posixPermissions].map { (facts[$0] as? NSNumber)?.intValue }
        }

        /// Folders as the package makes them: the journal's and the keys' are the agent's user's, the configuration is root's.
        private static func gateway(_ token: TokenStore? = nil) throws -> TestedGateway {
            let gateway = try TestedGateway(try registry.get(), token: token)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: gateway.folder.path)
            try FileManager.default.createDirectory(atPath: gateway.folder.file("journal"), withIntermediateDirectories: false)
            for name in ["keys", "journal"] { try give(gateway.folder.file(name)) }
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
