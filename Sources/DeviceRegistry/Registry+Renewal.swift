import AllianceTrust
import AttestationFormat
import MerkleTree

extension Registry {
    /// Certificates of one label that a device gets in a day by renewal: a gateway needs one in two months.
    private static let renewalsPerDayLimit = 24

    /// EST's `simplereenroll` (RFC 7030, section 4.2.2): a new certificate for the one who holds a link certificate's key.
    ///
    /// `link` takes a new key or the old one, `seal` the registered key alone. A certificate of this very key with more than two thirds of its
    /// life left is handed out again, so that repeating a lost answer makes no second one.
    ///
    /// - Parameters:
    ///   - clientCertificate: DER of what TLS showed and proved possession of. Its validity is judged here: it authenticates until
    ///     ``RegistrySettings/renewalGraceDays`` after its end.
    ///   - request: the body: PKCS#10 in DER, or base64 of it.
    /// - Throws: ``RegistryError`` with code `unknownCertificate`, `deviceRevoked`, `deviceReplaced`, `linkKeyReplaced`, `certificateTooOld`, `firmRetired`, one
    ///   of ``CertificateRequest/init(body:)``, `foreignName`, `keyInUse`, `otherSealKey`, `tooManyTries`, `issuerNotValid`, `keyAway`, `storeBusy` or
    ///   `storeFailed`.
    public func renew(
        _ label: CertificateLabel, clientCertificate: [UInt8], request: [UInt8], by requester: Requester, nowSeconds: Int64
    ) throws -> IssuedCertificate {
        let judged = Result { try CertificateRequest(body: request) }
        return try store.write { transaction -> Result<IssuedCertificate, RegistryError> in
            guard let shown = try transaction.certificate(hash: SHA256.hash(clientCertificate)), shown.issued.label == .link else {
                let refusal = RegistryError(
                    .unknownCertificate, "the client certificate is no link certificate of this registry",
                    nextStep: "enrol the device with a code")
                try refuse(refusal, .renew, on: nil, by: requester, nowSeconds: nowSeconds, in: transaction)
                return .failure(refusal)
            }
            let device = try transaction.device(id: shown.device)
            return try attempt(.renew, on: device.gatewayID, by: requester, nowSeconds: nowSeconds, in: transaction) {
                try check(shown.issued, of: device, nowSeconds: nowSeconds)
                try checkMember(device.gatewayID.firm, nowSeconds: nowSeconds)
                try checkRenewsHere(device, in: transaction)
                return try renew(label, device: device, request: judged.get(), nowSeconds: nowSeconds, in: transaction)
            }
        }.get()
    }

    /// - Throws: ``RegistryError`` for a link certificate that renews nothing any more.
    func check(_ shown: IssuedCertificate, of device: StoredDevice, nowSeconds: Int64) throws {
        try Self.checkNotRevoked(shown, of: device)
        let (name, last) = (device.gatewayID, shown.endsSeconds + Int64(settings.renewalGraceDays) * 86_400)
        guard nowSeconds <= last else {
            throw RegistryError(
                .certificateTooOld,
                "the link certificate of \(name) ended at \(UTCText.text(seconds: shown.endsSeconds)), and renewed itself until \(UTCText.text(seconds: last))",
                nextStep: "harborseal device code \(name) makes a code")
        }
    }

    /// - Throws: ``RegistryError`` with code `deviceRevoked`, `deviceReplaced` or `linkKeyReplaced` for one that is revoked, whenever it ends.
    static func checkNotRevoked(_ shown: IssuedCertificate, of device: StoredDevice) throws {
        let name = device.gatewayID
        guard device.revokedSinceSeconds == nil else { throw revoked(name) }
        if let ended = shown.revokedSinceSeconds.map({ UTCText.text(seconds: $0) }) {
            guard device.isReplaced else {
                throw RegistryError(
                    .linkKeyReplaced, "\(name) has enrolled with a new code and another link key at \(ended), and this one's certificate is revoked",
                    nextStep: "harborseal device code \(name) makes a code, if this is the gateway that is to have the name")
            }
            throw RegistryError(
                .deviceReplaced, "another device has taken the name \(name) over at \(ended)",
                nextStep: "take this one out of service, or register it under a name of its own")
        }
    }

    private func renew(
        _ label: CertificateLabel, device: StoredDevice, request: CertificateRequest, nowSeconds: Int64, in transaction: RegistryTransaction
    ) throws -> (IssuedCertificate, detail: String) {
        try request.check(for: gatewayName(device.gatewayID))
        let keyID = request.publicKey.keyID(using: SHA256.self)
        if label == .seal { try checkRenewal(ofSealKey: keyID, of: device, in: transaction) }
        return try certificate(label, of: device, request, nowSeconds: nowSeconds, in: transaction)
    }

    /// The certificate that the key has, while it is new enough, or a new one.
    func certificate(
        _ label: CertificateLabel, of device: StoredDevice, _ request: CertificateRequest, nowSeconds: Int64, in transaction: RegistryTransaction
    ) throws -> (IssuedCertificate, detail: String) {
        let keyID = request.publicKey.keyID(using: SHA256.self)
        let issuer = try issuers.issuer(of: label, firm: device.gatewayID.firm)
        if let known = try transaction.newestCertificate(of: device.id, label: label, keyID: keyID), known.issuer == issuer.keyID,
            known.issued.isFresh(nowSeconds: nowSeconds)
        {
            return (known.issued, "\(AuditedFacts.againWords)\(known.issued.words) again, which is new enough")
        }
        let count = try transaction.certificateCount(of: device.id, label: label, issuedIn: (nowSeconds - 86_399)...(nowSeconds + 86_400))
        guard count < Self.renewalsPerDayLimit else {
            throw RegistryError(
                .tooManyTries, "\(device.gatewayID) has had \(count) \(label.rawValue) certificates in a day", nextStep: "try again tomorrow")
        }
        return try issue(label, to: device, request, nowSeconds: nowSeconds, in: transaction)
    }

    private func checkRenewal(ofSealKey keyID: Digest, of device: StoredDevice, in transaction: RegistryTransaction) throws {
        guard !device.isReplaced else {
            throw RegistryError(
                .deviceReplaced, "another device has taken the name \(device.gatewayID) over, and this one's seal key is retired",
                nextStep: "take this one out of service")
        }
        guard try transaction.newestCertificate(of: device.id, label: .seal) != nil else {
            throw RegistryError(
                .otherSealKey, "\(device.gatewayID) has no seal key yet", nextStep: "enrol it with the device's code")
        }
        try checkSealKey(keyID, of: device, in: transaction)
    }
}

extension IssuedCertificate {
    /// Whether more than two thirds of its life lie ahead.
    func isFresh(nowSeconds: Int64) -> Bool {
        revokedSinceSeconds == nil && hasBegun(nowSeconds: nowSeconds) && nowSeconds < endsSeconds && (endsSeconds - nowSeconds) * 3 > (endsSeconds - issuedSeconds) * 2
    }

    /// False for what was issued while the clock ran ahead: nobody takes it yet.
    func hasBegun(nowSeconds: Int64) -> Bool { issuedSeconds <= nowSeconds + Registry.backdatingSeconds }

    /// What the audit table says of it: `link certificate 0a1b…, until 2026-11-22 15:47:23Z`.
    var words: String {
        "\(label.rawValue) certificate \(Hexadecimal.text(of: serialNumber)), until \(UTCText.text(seconds: endsSeconds))"
    }
}
