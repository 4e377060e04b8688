internal import DeviceRegistry
internal import Foundation

/// Whom the operating system knows to have started this command.
enum OperatorAccount {
    /// Instead of what the operating system says; for tests.
    @TaskLocal static var assumed: LocalAccount?

    static var current: LocalAccount {
        let words = (try? FileHandle(forReadingAtPath: "/proc/self/loginuid")?.readToEnd()) ?? Data()
        return assumed ?? account(
            loginUID: String(decoding: words, as: UTF8.self), sudoUser: ProcessInfo.processInfo.environment["SUDO_USER"], user: NSUserName(),
            nameOf: name(of:))
    }

    /// - Parameters:
    ///   - loginUID: what /proc/self/loginuid says; 4294967295 for a process that no login began.
    ///   - nameOf: the user of a number.
    static func account(loginUID: String, sudoUser: String?, user: String, nameOf: (uid_t) -> String) -> LocalAccount {
        // Root is no person: whoever has its password may have logged in.
        if let number = uid_t(loginUID.trimmingCharacters(in: .whitespacesAndNewlines)), number != 0, number != uid_t.max {
            return .login(nameOf(number))
        }
        if let sudoUser, !sudoUser.isEmpty, sudoUser != "root" { return .sudo(sudoUser) }
        return .user(user.isEmpty ? "uid \(getuid())" : user)
    }

    private static func name(of number: uid_t) -> String {
        guard let entry = getpwuid(number), let name = entry.pointee.pw_name else { return "uid \(number)" }
        return String(cString: name)
    }
}
