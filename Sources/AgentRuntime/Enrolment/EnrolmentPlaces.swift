internal import AgentConfiguration
internal import AttestationFormat
internal import CPosixShims
internal import DeviceCrypto
internal import DeviceEnrolment
internal import MerkleTree
internal import SealToken
internal import SmallFiles

/// Where a gateway's identity lies, and whose it is.
final class EnrolmentPlaces {
    let link: IdentityFiles
    let seal: IdentityFiles
    let authority: UTF8Text
    let trustFile: UTF8Text
    /// The agent's user, where root enrols for him.
    let user: AgentUser?

    /// The folder of the seal key, or of its certificate: what no key of the configuration names lies there too.
    var folder: UTF8Text { seal.folder }

    /// Why the latest enrolment did not come to its end, for `doctor`: two lines.
    var note: UTF8Text { Self.note(in: folder) }

    static func note(in folder: UTF8Text) -> UTF8Text { folder + "/enrolment.note" }

    init(_ settings: EnrolmentSettings) {
        // The journal is the agent's alone, so its folder says who that is; before the first start the folder around it does.
        user = AgentUser(owning: settings.journal) ?? AgentUser(owning: SmallFile.parent(of: settings.journal))
        seal = IdentityFiles(key: settings.sealKey, certificate: settings.sealCertificate)
        let folder = seal.folder
        link = IdentityFiles(
            key: .file(settings.linkKey ?? folder + "/link.key"), certificate: settings.linkCertificate ?? folder + "/link.crt")
        authority = settings.authority ?? folder + "/link-ca.crt"
        trustFile = settings.trustFile
    }

    /// Holds the folder until this process ends, so that enrolment and renewal do not run into each other.
    func lock() throws(EnrolmentError) { try Self.lock(folder) }

    static func lock(_ folder: UTF8Text) throws(EnrolmentError) {
        let descriptor = folder.withCText { posix_folder_open($0, false) }
        guard descriptor >= 0 else { throw EnrolmentError.file(FileError(.open, folder, systemError: -descriptor)) }
        guard posix_file_lock(descriptor) == 0 else { throw EnrolmentError(.busy, folder) }
    }

    /// - Throws: `openFolder` for a folder in which others than this user and root can put files.
    func refuseOpenFolders() throws(EnrolmentError) {
        if let fault = KeyFolder.fault((seal.folder, link.folder), user: SmallFile.effectiveUser) { throw EnrolmentError(.openFolder, UTF8Text(fault)) }
    }

    /// Writes a file for everybody's eyes over an older one, or leaves it if it says the same.
    func write(_ path: UTF8Text, _ bytes: [UInt8], permissions: UInt32 = 0o644) throws(EnrolmentError) {
        if let there = try? SmallFile.read(path, limit: 65_536), there == bytes { return }
        let draft = path + ".next"
        do throws(FileError) {
            try SmallFile.remove(draft)
            try SmallFile.writeNew(draft, bytes, permissions: permissions)
            try SmallFile.replace(path, with: draft)
        } catch {
            throw EnrolmentError.file(error)
        }
    }

    // MARK: - Replacing keys

    /// Ids of the keys that a replacement ends, made durable before the first new one: an interrupted replacement goes on with what it
    /// has not replaced yet, and ends no key twice.
    private var replacement: UTF8Text { Self.replacement(in: folder) }

    private static func replacement(in folder: UTF8Text) -> UTF8Text { folder + "/enrolment.replacing" }

    /// Whether a replacement was begun and has not ended.
    @inline(never)
    static func isReplacing(in folder: UTF8Text) -> Bool { SmallFile.exists(replacement(in: folder)) }

    var isReplacing: Bool { Self.isReplacing(in: folder) }

    /// The ids that an unfinished replacement ends; with `begins`, if there is none, those of the keys in use.
    func endedKeys(beginning begins: Bool) throws(EnrolmentError) -> [Digest] {
        if let bytes = try? SmallFile.read(replacement, limit: 2 * Digest.byteCount) {
            return [0, Digest.byteCount].compactMap { Digest(reading: bytes.span, at: $0) }
        }
        guard begins else { return [] }
        // What an interrupted renewal left waiting is no new key of this code's.
        for files in [link, seal] {
            try files.recover()
            if try files.publicKeyInUse() != nil { try files.discardPending(keepingKey: false) }
        }
        try write(replacement, keysInUse())
        return try endedKeys(beginning: false)
    }

    private func keysInUse() throws(EnrolmentError) -> [UInt8] {
        var ids: [UInt8] = []
        for files in [link, seal] {
            if let key = try files.publicKeyInUse() { key.keyID(using: SHA256.self).append(to: &ids) }
        }
        return ids
    }

    /// After a refusal: ends a replacement of which nothing is left, neither a new key in use nor one that waits; false if something is.
    func dropReplacement() throws(EnrolmentError) -> Bool {
        guard !link.isKeyPending, !seal.isKeyPending, let ended = try? SmallFile.read(replacement, limit: 2 * Digest.byteCount) else { return false }
        guard ended == (try keysInUse()) else { return false }
        try endReplacement()
        forget()
        return true
    }

    func endReplacement() throws(EnrolmentError) {
        guard SmallFile.exists(replacement) else { return }
        do throws(FileError) { try SmallFile.remove(replacement) } catch { throw EnrolmentError.file(error) }
    }

    // MARK: - Unfinished

    /// Says that an enrolment has begun, for whoever looks after a power cut. Nothing depends on it.
    func begin() { remember("it was interrupted", Self.advice) }

    private static var advice: StaticString { "run harborseal-agent enroll with the same text again, or enroll --abandon to forget it" }

    /// A replacement that may have its link certificate has only the way forward.
    static var replacementAdvice: StaticString { "run harborseal-agent enroll again with the same text, or one with a new code (harborseal device code)" }

    /// Keeps the reason why an enrolment did not end.
    func remember(_ error: EnrolmentError) { remember(error.reason, isReplacing ? Self.replacementAdvice : error.advice) }

    private func remember(_ reason: String, _ advice: StaticString) {
        try? write(note, Array("begun on \(Day.text(posix_realtime_milliseconds() / 1_000)) and not finished: \(reason)\n\(advice.description)\n".utf8))
    }

    func forget() { if SmallFile.exists(note) { try? SmallFile.remove(note) } }

    /// Removes what waits, and with it a link pair that never had a seal beside it; false if nothing was begun. The note goes last, so that a
    /// power cut leaves something to go on from.
    func abandon() throws(EnrolmentError) -> Bool {
        guard SmallFile.exists(note) || link.isKeyPending || seal.isKeyPending else { return false }
        for files in [link, seal] { try files.discardPending(keepingKey: false) }
        if let key = seal.key.file, !SmallFile.exists(key), !SmallFile.exists(seal.certificate) {
            do throws(FileError) {
                try SmallFile.remove(link.certificate)
                try SmallFile.remove(link.key.text)
            } catch {
                throw EnrolmentError.file(error)
            }
        }
        try endReplacement()
        forget()
        return true
    }
}
