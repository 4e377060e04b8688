internal import AllianceTrust
internal import AttestationFormat
internal import DeviceRegistry
internal import Foundation
internal import Logging
internal import NIOPosix
internal import RegistryHTTP
internal import ServiceLifecycle

/// Keeps revocation lists young, writes them for a broker on this machine and has it read them; and takes newer trust files.
struct ListKeeper: Service {
    /// From a revocation by a command to the broker's folder, at most.
    private static let pauseSeconds = 5
    /// Lists are looked through for age, and a reload that failed is tried again, after so many looks: every minute.
    private static let looksAMinute = 12
    private static let minutesAnHour = 60
    /// Certificates that a line of the log names.
    private static let namedCount = 20

    let registry: Registry
    let trust: RegistryTrust
    let lists: RegistryConfiguration.Lists?
    let metrics: RegistryMetrics
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var look = 0
            var needsReload = false
            while !Task.isCancelled {
                let isMinute = look.isMultiple(of: Self.looksAMinute)
                await followTrustFile()
                if look.isMultiple(of: Self.looksAMinute * Self.minutesAnHour) { await warnOfFullLists() }
                let hasWritten = await keepLists(refreshing: isMinute)
                if hasWritten || (needsReload && isMinute) { needsReload = await !reloads() }
                look += 1
                try? await Task.sleep(for: .seconds(Self.pauseSeconds))
            }
        }
    }

    private func followTrustFile() async {
        do {
            let isNew = try await NIOThreadPool.singleton.runIfActive { [registry, trust] in
                guard try trust.refresh() else { return false }
                registry.setRetiredFirms(RegistryTrust.firmEnds(of: trust.file))
                try registry.setNodes(RegistryTrust.nodes(of: trust.file).map(\.name), nowSeconds: WallClock.nowSeconds)
                return true
            }
            if isNew { logger.notice("newer trust file taken", metadata: ["version": "\(trust.file.content.version)"]) }
        } catch is CancellationError {
            // The registry ends, or never began: nothing is wrong with the file.
        } catch {
            logger.error("the trust file cannot be taken, and the one before stays in force", metadata: ["error": "\(error)"])
        }
    }

    /// - Returns: whether a file of the folder was changed.
    private func keepLists(refreshing: Bool) async -> Bool {
        do {
            return try await NIOThreadPool.singleton.runIfActive { [self] in
                let now = WallClock.nowSeconds
                if refreshing {
                    refresh(now)
                    // A small registry's log would hold all that it has for months.
                    try registry.checkpoint()
                    metrics.noteUsage(try registry.listUsage())
                }
                try judgePublished(isMinute: refreshing)
                let current = try Self.lists(of: registry)
                metrics.noteLists(writtenSeconds: now, endSeconds: try registry.firstListEndSeconds())
                guard let lists else { return false }
                return try current.reduce(false) { try Self.write($1.der, to: "\(lists.folder)/\($1.name).crl") || $0 }
            }
        } catch is CancellationError {
            return false
        } catch {
            logger.error("revocation lists cannot be kept", metadata: ["error": "\(error)"])
            return false
        }
    }

    /// Holds the lists that lie in the broker's folder against the store, before they are written over.
    ///
    /// - Parameter isMinute: looks at all, also at those that are published as they are, and says what is wrong.
    func judgePublished(isMinute: Bool) throws {
        guard let lists else { return }
        for list in try Self.lists(of: registry) {
            let path = "\(lists.folder)/\(list.name).crl"
            guard DurableFile.exists(path) else { continue }
            let bytes = try DurableFile.read(path)
            guard isMinute || bytes != Self.text(list.der), let der = try? UnverifiedRevocationList.der(pemOrDER: bytes),
                let lost = try registry.judge(published: der, nowSeconds: WallClock.nowSeconds), isMinute
            else { continue }
            logger.error(
                """
                the list that is published revokes what the store does not know: it stays published, and what is revoked from now on does not come on it. The \
                store is from before that list: put a newer backup back (harborseal registry restore), or revoke again what is named here with a gateway \
                (device revoke; where a firm's own registry enrols it, have that restarted, which tells again what it has revoked; what is not from there, device \
                replace --since, so that the honest one can come again); a list that is moved away is given up
                """,
                metadata: ["file": "\(path)", "count": "\(lost.certificates.count)", "certificates": "\(lost.certificates.prefix(Self.namedCount).joined(separator: ", "))"])
        }
    }

    /// A token that is away keeps no list that there is from being written for the broker.
    private func refresh(_ now: Int64) {
        do {
            _ = try registry.refreshRevocationLists(nowSeconds: now)
        } catch {
            logger.error("a revocation list is overdue, and is tried again in a minute", metadata: ["error": "\(error)"])
        }
    }

    /// Every hour: a list grows by years, and a line a minute would hide all others.
    private func warnOfFullLists() async {
        let usage = (try? await NIOThreadPool.singleton.runIfActive { [registry] in try registry.listUsage() }) ?? []
        for list in usage where list.needsAttention {
            logger.warning(
                "a firm's revocation list is nearly full, or full: harborseal device list says what to do",
                metadata: [
                    "firm": "\(list.firm)", "percent": "\(list.percent)", "revoked": "\(list.revokedCount)", "open": "\(list.openDeviceCount)",
                ])
        }
    }

    /// `link-ca`, and each firm's, further ones as `FIRM.2`.
    private static func lists(of registry: Registry) throws -> [(name: String, der: [UInt8])] {
        let link = try registry.linkRevocationList().map { [("link-ca", $0)] } ?? []
        return try registry.settings.firms.reduce(into: link) { lists, firm in
            let name = firm.firm.text.string
            for (index, der) in try registry.revocationLists(firm: name).enumerated() {
                lists.append((index == 0 ? name : "\(name).\(index + 1)", der))
            }
        }
    }

    private static func text(_ der: [UInt8]) -> [UInt8] { Array(CertificateAuthority.revocationListPEM(der: der).utf8) }

    private static func write(_ der: [UInt8], to path: String) throws -> Bool {
        let text = text(der)
        if DurableFile.exists(path), try DurableFile.read(path) == text { return false }
        try DurableFile.write(text, to: path)
        return true
    }

    /// - Returns: whether the broker has been told, or nothing was asked for.
    private func reloads() async -> Bool {
        guard let lists else { return true }
        guard !lists.reload.isEmpty else {
            logger.notice("new revocation lists: the broker reads them on SIGHUP", metadata: ["folder": "\(lists.folder)"])
            return true
        }
        let problem = await ReloadCommand(lists.reload).run()
        if let problem {
            logger.error("[lists] reload failed, and is tried again in a minute", metadata: ["command": "\(lists.reload.joined(separator: " "))", "why": "\(problem)"])
        } else {
            logger.notice("new revocation lists, and the broker was told", metadata: ["folder": "\(lists.folder)"])
        }
        return problem == nil
    }
}
