import AllianceTrust
import AttestationFormat
import MerkleTree

extension Registry {
    /// EST's `simpleenroll` (RFC 7030, section 4.2.1): a certificate for the one who knows the code.
    ///
    /// The code is good for one key a label. The same key again, while the code holds, gets the same certificate again: a lost answer burns
    /// nothing. Neither does a request that is refused.
    ///
    /// - Parameters:
    ///   - gatewayID: HTTP Basic's user, `<firm>.<device>`.
    ///   - code: HTTP Basic's password, as it came.
    ///   - request: the body: PKCS#10 in DER, or base64 of it.
    ///   - countsTry: whether a wrong code uses up one of the device's tries.
    /// - Throws: ``RegistryError`` with code `wrongCode`, `codeLocked`, `deviceRevoked`, `firmRetired`, `awaitingApproval`, `codeExpired`, `codeUsed`, one of
    ///   ``CertificateRequest/init(body:)``, `foreignName`, `keyInUse`, `otherSealKey`, `issuerNotValid`, `keyAway`, `storeBusy` or `storeFailed`. A wrong
    ///   code is counted, durably, before it is refused, and whoever has none that is right is told nothing but `wrongCode`.
    public func enrol(
        _ label: CertificateLabel, gatewayID: String, code: String, request: [UInt8], countsTry: Bool = true, by requester: Requester,
        nowSeconds: Int64
    ) throws -> IssuedCertificate {
        // Before the transaction: what it finds is asked for only once the code is known to be right.
        let judged = Result { try CertificateRequest(body: request) }
        return try store.write { transaction -> Result<IssuedCertificate, RegistryError> in
            let name = GatewayID(UTF8Text(gatewayID))
            if let name, let known = try firmCode(of: name.firm, in: transaction) {
                return try enrol(label, name, firmCode: code, known, judged, by: requester, nowSeconds: nowSeconds, in: transaction)
            }
            let device = try name.flatMap { try transaction.device($0) }
            if let refusal = try authenticate(code, of: device, countsTry: countsTry, in: transaction) {
                try refuse(refusal, .enrol, on: device?.gatewayID, by: requester, nowSeconds: nowSeconds, in: transaction)
                return .failure(refusal)
            }
            guard let device else { return .failure(Self.wrongCode) }
            return try attempt(.enrol, on: device.gatewayID, by: requester, nowSeconds: nowSeconds, in: transaction) {
                try checkCode(of: device, nowSeconds: nowSeconds)
                let request = try judged.get()
                return try enrol(label, device: device, request: request, nowSeconds: nowSeconds, in: transaction)
            }
        }.get()
    }

    /// nil: the code is the device's. A wrong one is counted.
    ///
    /// That the code is locked is said to those alone who have it: a stranger would learn from it that there is such a device.
    private func authenticate(
        _ text: String, of device: StoredDevice?, countsTry: Bool, in transaction: RegistryTransaction
    ) throws -> RegistryError? {
        guard let device else { return Self.wrongCode }
        guard Self.isRight(text, of: device) else {
            if countsTry { try transaction.countWrongTry(of: device.id) }
            return Self.wrongCode
        }
        guard device.code.triesLeft > 0 else {
            return RegistryError(
                .codeLocked, "the code of \(device.gatewayID) is locked: it has had as many wrong ones as are allowed",
                nextStep: "harborseal device code \(device.gatewayID) makes a new code")
        }
        return nil
    }

    static let wrongCode = RegistryError(
        .wrongCode, "the gateway id and the code do not belong together", nextStep: "compare both with the enrolment text")

    private func checkCode(of device: StoredDevice, nowSeconds: Int64) throws {
        let name = device.gatewayID
        guard device.revokedSinceSeconds == nil else { throw Self.revoked(name) }
        try checkMember(name.firm, nowSeconds: nowSeconds)
        try Self.checkTime(of: device, nowSeconds: nowSeconds)
        guard !device.code.awaitsApproval else {
            throw RegistryError(
                .awaitingApproval, "\(name) waits for the approval of a second person",
                nextStep: "harborseal device approve \(name), by another person than \(device.code.askedBy)")
        }
    }

    /// - Throws: ``RegistryError`` with code `codeExpired` for a code that does not hold at this time.
    static func checkTime(of device: StoredDevice, nowSeconds: Int64) throws {
        let name = device.gatewayID
        // A code that a clock ahead of its time made would hold for as long as the clock was ahead.
        guard device.code.madeSeconds <= nowSeconds + clockSlackSeconds else {
            throw RegistryError(
                .codeExpired, "the code of \(name) was made at \(UTCText.text(seconds: device.code.madeSeconds)), which lies ahead, by a wrong clock",
                nextStep: "harborseal device code \(name) makes a new one")
        }
        guard nowSeconds < device.code.expiresSeconds else {
            throw RegistryError(
                .codeExpired, "the code of \(name) was good until \(UTCText.text(seconds: device.code.expiresSeconds))",
                nextStep: "harborseal device code \(name) makes a new one")
        }
    }

    static func revoked(_ name: GatewayID) -> RegistryError {
        RegistryError(.deviceRevoked, "\(name) is revoked", nextStep: "harborseal device replace \(name) registers new keys under its name")
    }

    private func enrol(
        _ label: CertificateLabel, device: StoredDevice, request: CertificateRequest, nowSeconds: Int64, in transaction: RegistryTransaction
    ) throws -> (IssuedCertificate, detail: String) {
        try request.check(for: gatewayName(device.gatewayID))
        let keyID = request.publicKey.keyID(using: SHA256.self)
        if let used = device.code.keyID(label) {
            guard used == keyID, let again = try transaction.newestCertificate(of: device.id, label: label, keyID: keyID) else {
                throw RegistryError(
                    .codeUsed, "the code of \(device.gatewayID) has been used for a \(label.rawValue) certificate, with another key",
                    nextStep: "the same gateway: harborseal device code \(device.gatewayID) makes a new code; other hardware: harborseal device replace \(device.gatewayID)")
            }
            if again.issued.hasBegun(nowSeconds: nowSeconds) { return (again.issued, "\(AuditedFacts.againWords)\(again.issued.words) again") }
        }
        if label == .seal { try checkSealKey(keyID, of: device, in: transaction) }
        try transaction.useCode(of: device.id, for: label, keyID: keyID)
        let (issued, detail) = try issue(label, to: device, request, nowSeconds: nowSeconds, in: transaction)
        guard label == .link, try endOtherLinkKeys(of: device, than: keyID, nowSeconds: nowSeconds, in: transaction) else { return (issued, detail) }
        return (issued, detail + "; the link certificates of its other keys are revoked")
    }

    /// Whoever enrols with a code has the gateway in hand: keys that it had before are lost, or another's.
    ///
    /// - Returns: whether there was one.
    private func endOtherLinkKeys(
        of device: StoredDevice, than keyID: Digest, nowSeconds: Int64, in transaction: RegistryTransaction
    ) throws -> Bool {
        let issuers = try transaction.revokeCertificates(
            of: device.id, label: .link, butOfKey: keyID, sinceSeconds: nowSeconds, nowSeconds: nowSeconds)
        for issuer in issuers { try makeList(of: issuer, nowSeconds: nowSeconds, in: transaction) }
        return !issuers.isEmpty
    }

    /// A device has one seal key for its life.
    func checkSealKey(_ keyID: Digest, of device: StoredDevice, in transaction: RegistryTransaction) throws {
        guard let registered = try transaction.newestCertificate(of: device.id, label: .seal), registered.issued.keyID != keyID else { return }
        throw RegistryError(
            .otherSealKey, "\(device.gatewayID) has another seal key, \(Hexadecimal.text(of: registered.issued.keyID.bytes))",
            nextStep: "harborseal device replace \(device.gatewayID) makes a code for a new one")
    }
}
