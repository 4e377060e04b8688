import AttestationFormat
import Foundation
import HarborsealTesting
import Testing

@testable import AgentRuntime

@Suite("the folder of keys", .serialized) struct KeyFolderTests {
    @Test("only its owner may put files there, sticky or not", arguments: [
        (0o700, nil), (0o755, nil), (0o750, nil), (0o555, nil), (0o702, "chmod go-w"), (0o777, "chmod go-w"),
        (0o1777, "move the keys to a folder of their own, away from"), (0o1755, nil),
    ] as [(Int, String?)])
    func mode(mode: Int, mend: String?) throws {
        let folder = try TemporaryDirectory(named: "hs-folder")
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: folder.path)
        let fault = KeyFolder.fault(("/etc", UTF8Text(folder.path)), user: getuid())
        let whole = mend.map { "\(folder.path): others may put files there (mode \(String(format: "%04o", mode))); \($0) \(folder.path)" }
        #expect(fault == whole)
    }

    /// In other groups than one's own only root puts folders. Tests/Readme has the agent's own group, in which somebody else is, too.
    @Test("a group may put files there while the agent's user is alone in it, as in the package's folder", .enabled(if: geteuid() == 0))
    func group() throws {
        let folder = try TemporaryDirectory(named: "hs-folder")
        let path = UTF8Text(folder.path)
        for (mode, group, user, isSound) in [
            (0o1770, getgid(), getuid(), true), (0o770, getgid(), getuid(), true), (0o777, getgid(), getuid(), false),
            // Somebody else's group, one that nobody is in, one that there is not, and a user whom nobody knows.
            (0o1770, 1, getuid(), false), (0o1770, getgid(), 4_711, false), (0o1770, 54_321, getuid(), false), (0o1770, getgid(), UInt32.max, false),
        ] as [(Int, gid_t, uid_t, Bool)] {
            try #require(chown(folder.path, getuid(), group) == 0)
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: folder.path)
            #expect((KeyFolder.fault((path, path), user: user) == nil) == isSound, "\(mode) \(group) \(user)")
        }
    }

    @Test("it is the agent's user's or root's; where nobody knows the user, and where there is none, nothing is said")
    func owner() throws {
        let folder = try TemporaryDirectory(named: "hs-folder")
        let path = UTF8Text(folder.path)
        let fault = KeyFolder.fault((path, path), user: getuid() + 1)
        #expect(getuid() == 0 ? fault == nil : fault?.hasSuffix("; chown \(getuid() + 1) \(folder.path)") == true)
        #expect(KeyFolder.fault((path, path), user: nil) == nil && KeyFolder.fault((path + "/none", "/etc"), user: getuid()) == nil)
        // Root's is nobody's but root's.
        #expect(KeyFolder.fault(("/etc", "/etc"), user: 4_711) == nil)
    }
}
