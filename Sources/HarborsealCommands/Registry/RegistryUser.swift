internal import AllianceTrust
internal import Glibc

/// What to do about a file of the registry that the user of this process may not read.
enum RegistryUser {
    /// nil: the file can be read, or is not there.
    static func step(for path: String) -> String? {
        guard access(path, R_OK) != 0, errno == EACCES else { return nil }
        return "run this as the registry's user: sudo -u harborseal-registry harborseal ..., or as root runuser -u harborseal-registry -- harborseal ..."
    }

    /// Runs `read`, whose error has that step.
    static func naming<Value>(_ path: String, _ read: () throws -> Value) throws -> Value {
        do {
            return try read()
        } catch let error as TrustError where error.code == .unreadable {
            guard let step = step(for: path) else { throw error }
            throw CommandError(.noPermission, error.message, nextStep: step)
        }
    }
}
