internal import AttestationFormat
internal import CPosixShims

/// The folders that keys lie in.
enum KeyFolder {
    /// What is wrong with the first bad one and, behind `; `, what mends it; nil: nothing, or it cannot be told.
    /// - Parameter user: who will use the keys; nil: nobody knows.
    @inline(never)
    static func fault(_ folders: (UTF8Text, UTF8Text), user: UInt32?) -> String? {
        let user = user ?? .max
        guard folders.0.withCText({ posix_key_fault($0, user, true) }) > 0 || folders.1.withCText({ posix_key_fault($0, user, true) }) > 0 else { return nil }
        return String(cString: posix_key_words())
    }
}
