public import AttestationFormat
public import DeviceCrypto
public import MerkleTree
internal import SealToken

/// The steps of enrolment and renewal, in the order that survives a power cut between any two of them.
public final class Enroller {
    public let gateway: GatewayID
    /// Known from the configuration, or from the first certificate.
    public private(set) var alliance: Name?
    public let link: IdentityFiles
    public let seal: IdentityFiles
    public private(set) var client: RegistryClient
    /// Names the firm's issuing keys, one of which must have signed a seal certificate; nil: there is none that somebody vouches for.
    public var trust: TrustFile?
    /// Whether the registry has answered a request with a certificate, so that what it was asked with counts there.
    private var isAnswered = false

    public init(gateway: GatewayID, alliance: Name?, link: IdentityFiles, seal: IdentityFiles, client: RegistryClient) {
        self.gateway = gateway
        self.alliance = alliance
        self.link = link
        self.seal = seal
        self.client = client
    }

    /// What a step came to.
    public struct Outcome {
        public let certificate: UnverifiedCertificate
        /// False: it was there already, and nothing was asked for.
        public let isNew: Bool
    }

    /// A certificate for one role by a one-time code. What is there and valid stays, as an earlier run left it.
    ///
    /// - Parameters:
    ///   - ended: key ids whose time is over: such a key gives way to a new one, and is gone when the new pair is in place.
    ///   - asksAnyway: also where a good one is there, whether its key is still the registry's for this name and code.
    ///
    /// A refused key that no code can be bound to is dropped. One that an earlier run showed may be bound to an earlier code: where the code is
    /// right and the key is what the registry refuses, a new one is shown instead.
    public func enroll(
        _ role: CertificateRole, code: EnrolmentCode, replacing ended: [Digest] = [], asksAnyway: Bool = false
    ) throws(EnrolmentError) -> Outcome {
        let files = files(role)
        try files.recover()
        let existingKey = try files.keyInUse()
        let replaces = existingKey.map { ended.contains($0.publicKey.keyID(using: SHA256.self)) } ?? false
        if replaces, files.nextKey == nil { throw EnrolmentError(.keyStays, files.key.text) }
        if !replaces, !asksAnyway, !files.isKeyPending, let (key, good) = try good(role) {
            learn(good, role, key)
            return Outcome(certificate: good, isNew: false)
        }
        // A key that is there keeps its place, above all the seal's.
        let wasWaiting = files.isKeyPending
        let existing = replaces || wasWaiting ? nil : existingKey
        let key: IdentityKey
        if let existing { key = existing } else { key = try files.pendingKey() }
        try refuseSharedKey(key.publicKey, role)
        let certificate: UnverifiedCertificate
        do throws(EnrolmentError) {
            certificate = try obtain(role, files, key, code: code)
        } catch {
            let isOfAnotherCode =
                error.code == .forbidden && files.nextKey != nil && (role == .link || isAnswered)
                && (wasWaiting ? replaces || existingKey == nil : existing != nil && asksAnyway && !ended.isEmpty)
            guard isOfAnotherCode || error.isRefusal && existing == nil && !wasWaiting else { throw error }
            try files.discardPending(keepingKey: false)
            guard isOfAnotherCode else { throw error }
            return try enroll(role, code: code, replacing: ended + [key.publicKey.keyID(using: SHA256.self)], asksAnyway: asksAnyway)
        }
        // A refused pair keeps its key: the code is bound to it, and the registry answers it again.
        try finish(role, files, certificate, key, keepsKeyWhenRefused: true)
        return Outcome(certificate: certificate, isNew: true)
    }

    /// The key and the certificate in use, if they would be taken from the registry today.
    public func good(_ role: CertificateRole) throws(EnrolmentError) -> (key: IdentityKey, certificate: UnverifiedCertificate)? {
        guard let current = try files(role).current(), let good = try? check(current.certificate.derBytes, role, current.key) else { return nil }
        return (current.key, good)
    }

    /// Asks the registry's lists for the certificates in use and, where it has none for the link's, the registry.
    ///
    /// - Throws: `sealRevoked`, `linkRevoked` or `superseded` for one that is on them, or refused.
    public func refuseRevoked() throws(EnrolmentError) {
        try refuseRevoked(.seal)
        try refuseRevoked(.link)
    }

    /// Asks for one of them.
    @inline(never)
    public func refuseRevoked(_ role: CertificateRole) throws(EnrolmentError) {
        guard let certificate = try IdentityFiles.loadCertificate(files(role).certificate) else { return }
        switch client.revocation(of: certificate, role, firm: gateway.firm) {
        case .absent: return
        case nil: try refuseRevokedLink()
        case .superseded(let seconds) where role == .link: throw EnrolmentError(.superseded, UTF8Text(" on " + Day.text(seconds)))
        default: throw EnrolmentError(role == .seal ? .sealRevoked : .linkRevoked, gateway.text)
        }
    }

    /// Shows the registry the link certificate in use. Where it cannot be asked, that says nothing.
    private func refuseRevokedLink() throws(EnrolmentError) {
        guard let current = try link.current() else { return }
        do throws(EnrolmentError) {
            try tryOut(current.certificate, current.key)
        } catch {
            if error.code == .superseded { throw error }
            if error.code == .forbidden { throw EnrolmentError(.linkRevoked, gateway.text) }
        }
    }

    /// A new link key and certificate by the old ones.
    ///
    /// - Parameter keepsKey: a replacement is under way, and what waits is its key, which a code may be bound to: the key in use stays.
    public func renewLink(keepsKey: Bool) throws(EnrolmentError) -> UnverifiedCertificate {
        try link.recover()
        try useCurrentLink()
        if keepsKey, let key = try link.keyInUse() {
            let certificate = try request(.link, link, key, code: nil)
            try link.activateCertificate()
            return certificate
        }
        let key = try link.pendingKey()
        try refuseSharedKey(key.publicKey, .link)
        let certificate = try obtain(.link, link, key, code: nil)
        try finish(.link, link, certificate, key, keepsKeyWhenRefused: false)
        return certificate
    }

    /// A new certificate for the seal key, which stays; or the old one again, where the registry thinks that it is new enough.
    public func renewSeal() throws(EnrolmentError) -> Outcome {
        try link.recover()
        try useCurrentLink()
        try seal.recover()
        guard let key = try seal.keyInUse() else { throw EnrolmentError(.noIdentity, seal.key.text) }
        try refuseSharedKey(key.publicKey, .seal)
        let before = try IdentityFiles.loadCertificate(seal.certificate)
        let certificate = try request(.seal, seal, key, code: nil)
        // Only the certificate: a seal key that waits belongs to an enrolment.
        try seal.activateCertificate()
        return Outcome(certificate: certificate, isNew: certificate != before)
    }

    /// The registry's time, told to whoever shows the link certificate in use.
    public func registrySeconds() throws(EnrolmentError) -> Int64? {
        try useCurrentLink()
        return try client.probe()
    }

    // MARK: - Steps

    private func files(_ role: CertificateRole) -> IdentityFiles { role == .link ? link : seal }

    private func useCurrentLink() throws(EnrolmentError) {
        guard let current = try link.current() else { throw EnrolmentError(.noIdentity, link.certificate) }
        client.identity = Self.identity(current.certificate, current.key)
        alliance = alliance ?? current.certificate.subjectURI.flatMap { GatewayName(issuer: $0) }?.alliance
    }

    /// For the registry's TLS: of the link, whose key is never in a token.
    private static func identity(_ certificate: UnverifiedCertificate, _ key: IdentityKey) -> (certificate: [UInt8], key: SigningKey)? {
        guard case .file(let key) = key else { return nil }
        return (certificate.derBytes, key)
    }

    private func check(_ der: [UInt8], _ role: CertificateRole, _ key: IdentityKey) throws(EnrolmentError) -> UnverifiedCertificate {
        try IssuedCertificate.check(
            der, role: role, issuers: issuers(role), gateway: gateway, alliance: alliance, key: key.publicKey, time: client.time)
    }

    private func issuers(_ role: CertificateRole) -> [[UInt8]]? {
        guard role == .seal else { return [client.anchor] }
        guard let trust else { return nil }
        return trust.content.firms.first { $0.name == gateway.firm }?.issuingCertificates ?? []
    }

    /// Faults.md 19: one key for TLS and evidence would let a broken TLS stack sign evidence.
    private func refuseSharedKey(_ key: PublicKey, _ role: CertificateRole) throws(EnrolmentError) {
        if let path = try files(role == .link ? .seal : .link).place(of: key) { throw EnrolmentError(.sameKey, path) }
    }

    /// The certificate that had come when an earlier run was interrupted.
    private func waiting(_ files: IdentityFiles, _ role: CertificateRole, _ key: IdentityKey) throws(EnrolmentError) -> UnverifiedCertificate? {
        guard let found = try IdentityFiles.loadCertificate(files.nextCertificate) else { return nil }
        return try? check(found.derBytes, role, key)
    }

    /// What waits already, or what the registry answers.
    private func obtain(
        _ role: CertificateRole, _ files: IdentityFiles, _ key: IdentityKey, code: EnrolmentCode?
    ) throws(EnrolmentError) -> UnverifiedCertificate {
        if let found = try waiting(files, role, key) { return found }
        return try request(role, files, key, code: code)
    }

    /// Asks for a certificate, with a code or by the link certificate, and makes it durable.
    private func request(
        _ role: CertificateRole, _ files: IdentityFiles, _ key: IdentityKey, code: EnrolmentCode?
    ) throws(EnrolmentError) -> UnverifiedCertificate {
        let issuer = alliance.map { GatewayName(alliance: $0, gatewayID: gateway).issuer }
        let request = CertificateRequest(for: gateway, subjectURI: issuer, publicKey: key.publicKey)
        let answer = try client.certificate(role, request.signed(key.sign(request.bytesToSign)), gateway: gateway, code: code)
        isAnswered = true
        let certificate = try check(answer, role, key)
        try files.store(certificate)
        return certificate
    }

    /// Tries a new link pair on the registry itself, which accepts what the broker accepts, and puts it in place.
    private func finish(
        _ role: CertificateRole, _ files: IdentityFiles, _ certificate: UnverifiedCertificate, _ key: IdentityKey, keepsKeyWhenRefused: Bool
    ) throws(EnrolmentError) {
        if role == .link {
            do throws(EnrolmentError) {
                try tryOut(certificate, key)
            } catch {
                if !error.isTemporary { try files.discardPending(keepingKey: keepsKeyWhenRefused) }
                throw error
            }
        }
        try files.activate()
        learn(certificate, role, key)
    }

    /// A link pair on the registry itself.
    @inline(never)
    private func tryOut(_ certificate: UnverifiedCertificate, _ key: IdentityKey) throws(EnrolmentError) {
        var trial = client
        trial.identity = Self.identity(certificate, key)
        _ = try trial.probe()
    }

    private func learn(_ certificate: UnverifiedCertificate, _ role: CertificateRole, _ key: IdentityKey) {
        alliance = alliance ?? certificate.subjectURI.flatMap { GatewayName(issuer: $0) }?.alliance
        if role == .link { client.identity = Self.identity(certificate, key) }
    }
}
