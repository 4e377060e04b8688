internal import CMbedTLSShims
public import AttestationFormat
internal import SmallFiles

extension SigningKey {
    /// The most bytes a key file may have: a P-256 key takes 227, with comments and other blocks rarely 1,000.
    public static let fileByteLimit = 8_192

    /// Bits of a mode that let others than the owner do anything.
    private static let permissionsOfOthers: UInt32 = 0o077

    /// Loads a key from a PEM file that only its owner may read or change.
    ///
    /// - Throws: `keyReadableByOthers` or `keyOwnedByAnother` with the command that mends it, `file`, `keyMalformed`, `keyNotP256`, `keyMismatch`.
    public static func load(from path: UTF8Text) throws(DeviceCryptoError) -> SigningKey {
        let file: (bytes: [UInt8], facts: SmallFile.Facts)
        do throws(FileError) {
            file = try SmallFile.readWithFacts(path, limit: fileByteLimit)
        } catch {
            throw DeviceCryptoError(.file(error), path: path)
        }
        try refuseReaders(path, file.facts)
        do throws(DeviceCryptoError) {
            return try SigningKey(pem: file.bytes)
        } catch {
            throw DeviceCryptoError(error.code, path: path)
        }
    }

    /// Refuses a key file that others may read, without reading it: for a key that another library loads.
    ///
    /// - Throws: `keyReadableByOthers`, `keyOwnedByAnother`, and `file` for one that cannot be opened. What is not there has no readers.
    public static func refuseReaders(of path: UTF8Text) throws(DeviceCryptoError) {
        let facts: SmallFile.Facts
        do throws(FileError) {
            facts = try SmallFile.facts(of: path)
        } catch {
            if error.isNotFound { return }
            throw DeviceCryptoError(.file(error), path: path)
        }
        try refuseReaders(path, facts)
    }

    private static func refuseReaders(_ path: UTF8Text, _ facts: SmallFile.Facts) throws(DeviceCryptoError) {
        guard facts.permissions & permissionsOfOthers == 0 else {
            throw DeviceCryptoError(.keyReadableByOthers(permissions: facts.permissions), path: path)
        }
        // Root may read everything anyway; any other owner is one reader too many.
        guard facts.owner == SmallFile.effectiveUser || facts.owner == 0 else {
            throw DeviceCryptoError(.keyOwnedByAnother(user: facts.owner), path: path)
        }
    }

    /// Writes the key as SEC 1 PEM into a new file of mode 0600. After return it survives a power cut.
    ///
    /// - Throws: `file`; an existing file is never replaced (``FileError/isAlreadyThere``).
    public func save(to path: UTF8Text) throws(DeviceCryptoError) {
        var text = [UInt8](repeating: 0, count: Int(HS_P256_PEM_CAPACITY))
        defer { text.withUnsafeMutableBufferPointer { hs_wipe($0.baseAddress, $0.count) } }
        let written = text.withUnsafeMutableBufferPointer { hs_p256_key_write(handle, $0.baseAddress, $0.count) }
        guard written, let end = text.firstIndex(of: 0) else { throw DeviceCryptoError(.noMemory, path: path) }
        var pem = Array(text[..<end])
        defer { pem.withUnsafeMutableBufferPointer { hs_wipe($0.baseAddress, $0.count) } }
        do throws(FileError) {
            try SmallFile.writeNew(path, pem)
        } catch {
            throw DeviceCryptoError(.file(error), path: path)
        }
    }
}
