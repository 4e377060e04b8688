public import AttestationFormat
public import DeviceCrypto
public import SealToken
internal import SmallFiles

/// A private key and its certificate in two files, replaced together so that after a power cut at any moment one pair works.
///
/// | What | Made durable when |
/// |---|---|
/// | `KEY.next` | before a request with it leaves: a lost answer is asked for again with the same key |
/// | `CERTIFICATE.next` | when it has come and been judged; from here on both `.next` files are the new pair |
/// | `KEY.next` → `KEY` | when the new pair has been tried |
/// | `CERTIFICATE.next` → `CERTIFICATE` | right after it |
///
/// Between the last two steps `KEY` belongs to `CERTIFICATE.next`: ``recover()`` takes the last step then, before anything else. It runs at
/// each start of the agent, of `enroll` and of `renew`, so nobody else needs to know the names.
///
/// A key in a token is made there and stays: only its certificate is replaced. Nothing here asks the token but ``keyInUse()`` and ``pendingKey()``.
public final class IdentityFiles {
    public let key: KeyLocation
    public let certificate: UTF8Text

    /// Opened once: a login may take seconds, and a token counts those that fail.
    private var session: TokenSession?
    /// What is spawned to ask a token.
    private let program: UTF8Text

    /// Where a new key waits; nil of a token, whose keys change no place.
    public var nextKey: UTF8Text? { key.file.map { $0 + ".next" } }
    public var nextCertificate: UTF8Text { certificate + ".next" }
    /// Where the key lies, or the certificate of a token's.
    public var folder: UTF8Text { SmallFile.parent(of: key.file ?? certificate) }

    public init(key: KeyLocation, certificate: UTF8Text, program: UTF8Text = TokenSigner.ownProgram) {
        self.key = key
        self.certificate = certificate
        self.program = program
    }

    /// Ends a replacement that a power cut interrupted behind its first rename, and drops a certificate that belongs to no key.
    public func recover() throws(EnrolmentError) {
        guard let waiting = try Self.loadCertificate(nextCertificate) else { return }
        if try publicKeyInUse() == waiting.publicKey {
            try put(nextCertificate, as: certificate)
        } else if let nextKey, try Self.loadKey(nextKey)?.publicKey != waiting.publicKey {
            try remove(nextCertificate)
        }
    }

    /// The key in use; nil if there is none yet.
    public func keyInUse() throws(EnrolmentError) -> IdentityKey? {
        switch key {
        case .file(let path): return try Self.loadKey(path).map { .file($0) }
        case .token(let uri):
            if session == nil {
                do throws(TokenError) {
                    session = try TokenSession(uri, program: program)
                } catch {
                    guard error.kind == .keyMissing else { throw .token(error) }
                }
            }
            return session.map { .token($0) }
        }
    }

    /// The public part of the key in use; a token's as its certificate has it, without asking the token.
    public func publicKeyInUse() throws(EnrolmentError) -> PublicKey? {
        guard case .file(let path) = key else { return try Self.loadCertificate(certificate)?.publicKey }
        return try Self.loadKey(path)?.publicKey
    }

    /// The key and the certificate in use, if both are there and belong together.
    public func current() throws(EnrolmentError) -> (key: IdentityKey, certificate: UnverifiedCertificate)? {
        guard let found = try keyInUse(), let certificate = try Self.loadCertificate(certificate),
            certificate.publicKey == found.publicKey
        else { return nil }
        return (found, certificate)
    }

    /// Whether a key waits for its certificate.
    public var isKeyPending: Bool { nextKey.map { SmallFile.exists($0) } ?? false }

    /// The key of a request that was begun and not ended; else a new one, durable before it is returned.
    public func pendingKey() throws(EnrolmentError) -> IdentityKey {
        guard let nextKey else { return try keyOfToken() }
        if let waiting = try Self.loadKey(nextKey) { return .file(waiting) }
        do throws(DeviceCryptoError) {
            let fresh = try SigningKey.generate()
            try fresh.save(to: nextKey)
            return .file(fresh)
        } catch {
            throw .crypto(error)
        }
    }

    /// The token's key, made there if there is none.
    private func keyOfToken() throws(EnrolmentError) -> IdentityKey {
        if let key = try keyInUse() { return key }
        guard let uri = key.uri else { throw EnrolmentError(.noIdentity, key.text) }
        do throws(TokenError) {
            let made = try TokenSession(uri, isNew: true, program: program)
            session = made
            return .token(made)
        } catch {
            throw .token(error)
        }
    }

    /// Makes a judged certificate durable under its waiting name.
    public func store(_ certificate: UnverifiedCertificate) throws(EnrolmentError) {
        try remove(nextCertificate)
        do throws(FileError) {
            try SmallFile.writeNew(nextCertificate, certificate.pem, permissions: 0o644)
        } catch {
            throw .file(error)
        }
    }

    /// Puts the waiting certificate, and the waiting key if there is one, in the place of those in use.
    public func activate() throws(EnrolmentError) {
        if let nextKey, let path = key.file, SmallFile.exists(nextKey) { try put(nextKey, as: path) }
        try put(nextCertificate, as: certificate)
    }

    /// Puts the waiting certificate of an unchanged key in place.
    public func activateCertificate() throws(EnrolmentError) { try put(nextCertificate, as: certificate) }

    /// Drops what waits. The pair in use stays.
    public func discardPending(keepingKey: Bool) throws(EnrolmentError) {
        try remove(nextCertificate)
        if !keepingKey, let nextKey { try remove(nextKey) }
    }

    /// The file among these that has a key, private or certified; nil if none has it.
    func place(of wanted: PublicKey) throws(EnrolmentError) -> UTF8Text? {
        for case let path? in [key.file, nextKey] {
            if try Self.loadKey(path)?.publicKey == wanted { return path }
        }
        for path in [certificate, nextCertificate] {
            if try Self.loadCertificate(path)?.publicKey == wanted { return path }
        }
        return nil
    }

    // MARK: - Steps

    private func put(_ source: UTF8Text, as target: UTF8Text) throws(EnrolmentError) {
        do throws(FileError) { try SmallFile.replace(target, with: source) } catch { throw .file(error) }
    }

    private func remove(_ path: UTF8Text) throws(EnrolmentError) {
        do throws(FileError) { try SmallFile.remove(path) } catch { throw .file(error) }
    }

    /// Nil for what is not there.
    static func loadKey(_ path: UTF8Text) throws(EnrolmentError) -> SigningKey? {
        do throws(DeviceCryptoError) {
            return try SigningKey.load(from: path)
        } catch {
            if case .file(let file) = error.code, file.isNotFound { return nil }
            throw .crypto(error)
        }
    }

    /// Nil for what is not there.
    static func loadCertificate(_ path: UTF8Text) throws(EnrolmentError) -> UnverifiedCertificate? {
        do throws(DeviceCryptoError) {
            return try UnverifiedCertificate.load(from: path)
        } catch {
            if case .file(let file) = error.code, file.isNotFound { return nil }
            throw .crypto(error)
        }
    }
}
