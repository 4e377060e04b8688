internal import AllianceTrust
internal import AttestationFormat
internal import DeviceRegistry
internal import Foundation

/// `harborseal device revoke --certificate`: lets a certificate that `device issue` made, and no registry knows, count no more.
public struct CertificateRevoke: Sendable {
    /// A certificate has a few hundred bytes; a file with its key and chain some thousand.
    private static let byteLimit = 1 << 20

    public var configurationFile: String
    /// `<firm>.<device>`, whose the certificate must be.
    public var gateway: String
    /// PEM or DER.
    public var certificate: String
    /// Seconds since 1970, or 2026-11-22T14:03:07Z.
    public var since: String
    public var reason: String
    public var by: String?
    public var asJSON: Bool
    /// A revocation that reaches far back is meant.
    public var isConfirmed: Bool
    /// Shows a person what becomes void, and asks whether it is meant; nil: there is none to ask.
    public var confirm: (@Sendable (String) -> Bool)?
    public var nowSeconds: Int64

    public init(
        configurationFile: String, gateway: String, certificate: String, since: String, reason: String = "", by: String? = nil, asJSON: Bool = false,
        isConfirmed: Bool = false, confirm: (@Sendable (String) -> Bool)? = nil, nowSeconds: Int64 = WallClock.nowSeconds
    ) {
        self.configurationFile = configurationFile
        self.gateway = gateway
        self.certificate = certificate
        self.since = since
        self.reason = reason
        self.by = by
        self.asJSON = asJSON
        self.isConfirmed = isConfirmed
        self.confirm = confirm
        self.nowSeconds = nowSeconds
    }

    public func run() throws -> CommandResult {
        let sinceSeconds = try EvidenceCommand.seconds(since, of: "--since")
        let der = try readCertificate()
        return try RegistryDesk.result(configurationFile, by: by, about: gateway) { desk in
            // What is refused below is written down there; here nobody is asked about it first.
            if let found = try? desk.registry.checkCertificate(der, of: gateway, nowSeconds: nowSeconds), let id = GatewayID(UTF8Text(gateway)) {
                try reach(found, id, sinceSeconds).check(isConfirmed: isConfirmed, confirm)
            }
            let revoked = try revoke(der, at: desk, sinceSeconds)
            let notes = try stillOpen(desk, revoked) + ServingMark.notes(folder: desk.configuration.dataPath)
            let exitCode: Int32 = notes.isEmpty ? 0 : 2
            guard !asJSON else { return CommandResult(output: DeviceView.handCertificate(revoked).json, notes: notes, exitCode: exitCode) }
            let isRunning = ServingMark.isSet(folder: desk.configuration.dataPath)
            let next = try next(desk, revoked)
            return CommandResult(
                output: """
                    the \(revoked.label.rawValue) certificate \(Hexadecimal.text(of: revoked.serialNumber)) of \(gateway) is revoked since \(UTCText.text(seconds: sinceSeconds))
                      the registry\(isRunning ? "" : ", once it is started,") writes its list\(revoked.label == .seal ? " and tells the nodes" : "") within seconds
                    \(revoked.label == .link ? "  \(BrokerWords.afterRevocation)\n" : "")  next: \(next)

                    """,
                notes: notes, exitCode: exitCode)
        }
    }

    private func revoke(_ der: [UInt8], at desk: RegistryDesk, _ sinceSeconds: Int64) throws -> HandCertificate {
        do {
            return try desk.registry.revokeCertificate(
                der, of: gateway, sinceSeconds: sinceSeconds, reason: reason, by: desk.requester, nowSeconds: nowSeconds)
        } catch let error as RegistryError where error.code == .unknownDevice {
            // The list and the ledgers' statements are about registered names alone.
            guard let id = GatewayID(UTF8Text(gateway)) else { throw error }
            throw CommandError(
                .failed, error.message,
                nextStep: "harborseal device add --firm \(id.firm) --device \(id.device), then this again; its code is good for nothing after harborseal device revoke \(id)")
        }
    }

    /// The certificate's own name says the gateway: the certificate of the wrong one is refused.
    private func readCertificate() throws -> [UInt8] {
        let bytes = try DurableFile.read(certificate, byteLimit: Self.byteLimit)
        do {
            return try CertificateBytes(pemOrDER: bytes, path: certificate).der
        } catch let error as TrustError {
            throw CommandError(
                .malformed, "\(certificate): expected a certificate in PEM or DER, found \(FoundBytes.words(of: bytes)): \(error.message)",
                nextStep: "name the seal.crt or link.crt that harborseal device issue wrote")
        }
    }

    private func reach(_ found: (label: CertificateLabel, facts: CertificateFacts), _ gatewayID: GatewayID, _ sinceSeconds: Int64) -> RevocationReach {
        RevocationReach(
            sinceSeconds: sinceSeconds, gatewayID, endSeconds: nowSeconds, firstSealSeconds: found.label == .seal ? found.facts.validFromSeconds : nil)
    }

    private func next(_ desk: RegistryDesk, _ revoked: HandCertificate) throws -> String {
        guard revoked.label == .link else { return "harborseal device show \(gateway) says which ledgers have it" }
        guard try !desk.registry.enrolsElsewhere(gateway) else { return "have its firm revoke its seal.crt at the firm's own registry, unless that is done" }
        return "harborseal device revoke \(gateway) --certificate with its seal.crt, unless that is done"
    }

    /// A gateway has two: one that is left goes on. Of a firm with a registry of its own that is known there alone.
    private func stillOpen(_ desk: RegistryDesk, _ revoked: HandCertificate) throws -> String {
        let labels = Set(try desk.registry.device(gateway).handCertificates.map(\.label))
        guard revoked.label == .link, !labels.contains(.seal), try !desk.registry.enrolsElsewhere(gateway) else { return "" }
        return """
            its seal certificate is not revoked by this: what it signs goes on counting
              next: harborseal device revoke \(gateway) --certificate seal.crt --since TIME

            """
    }
}
