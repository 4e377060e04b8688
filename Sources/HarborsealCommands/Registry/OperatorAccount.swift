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
            nameOf: name(of:), numberOf: { getpwnam($0)?.pointee.pw_uid })
    }

    /// A login decides, whatever SUDO_USER says: that is only asked where no login of a person is known, and stays what it is, the environment's word.
    ///
    /// - Parameters:
    ///   - loginUID: what /proc/self/loginuid says; 4294967295 for a process that no login began.
    ///   - nameOf: the user of a number.
    ///   - numberOf: a user's number; nil: there is no such user.
    static func account(
        loginUID: String, sudoUser: String?, user: String, nameOf: (uid_t) -> String, numberOf: (String) -> uid_t?
    ) -> LocalAccount {
        let login = uid_t(loginUID.trimmingCharacters(in: .whitespacesAndNewlines)).flatMap { $0 == uid_t.max ? nil : $0 }
        if let login, isPerson(login) { return .login(nameOf(login)) }
        // A service's login is a service's, whoever it says that called it.
        let isOpen = login == nil || login == 0
        if isOpen, let sudoUser, let number = numberOf(sudoUser), isPerson(number) { return .sudo(sudoUser) }
        return .user(user.isEmpty ? "uid \(getuid())" : user)
    }

    /// Debian's and systemd's ranges. Root is no person: whoever has its password may have logged in; nor is a service, or nobody.
    static func isPerson(_ number: uid_t) -> Bool { number >= 1_000 && !(61_184...65_535).contains(number) }

    private static func name(of number: uid_t) -> String {
        guard let entry = getpwuid(number), let name = entry.pointee.pw_name else { return "uid \(number)" }
        return String(cString: name)
    }
}
