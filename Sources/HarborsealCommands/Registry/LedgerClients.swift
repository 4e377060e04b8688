internal import AttestationFormat
internal import Logging

/// The client that statements are sent by, for the link CA of the trust file in force.
actor LedgerClients {
    private let trust: RegistryTrust
    private let requestSeconds: Int64
    private let logger: Logger
    private let clock: ClockWatch
    /// The link CA that `current` believes, DER.
    private(set) var pinned: [UInt8]
    private(set) var current: LedgerClient
    /// Something may still be under way by these.
    private var former: [LedgerClient] = []

    var formerCount: Int { former.count }

    init(trust: RegistryTrust, requestSeconds: Int64, logger: Logger) throws {
        self.trust = trust
        self.requestSeconds = requestSeconds
        self.logger = logger
        clock = ClockWatch(logger: logger)
        pinned = trust.file.content.linkCertificate
        current = try LedgerClient(linkCertificate: pinned, requestSeconds: requestSeconds, clock: clock)
    }

    /// Takes the link CA of the trust file, where it is another one than before.
    ///
    /// - Parameter isIdle: nothing is under way by any client.
    func follow(isIdle: Bool) async {
        if isIdle { await stopFormer() }
        let certificate = trust.file.content.linkCertificate
        guard certificate != pinned else { return }
        pinned = certificate
        do {
            let client = try LedgerClient(linkCertificate: certificate, requestSeconds: requestSeconds, clock: clock)
            former.append(current)
            current = client
            logger.notice("nodes are believed by another link CA from now on, as the trust file says")
        } catch {
            logger.error("the trust file's link CA cannot be used, and the one before goes on", metadata: ["error": "\(error)"])
        }
    }

    func shutdown() async throws {
        await stopFormer()
        try await current.shutdown()
    }

    private func stopFormer() async {
        let clients = former
        former = []
        for client in clients { try? await client.shutdown() }
    }
}
