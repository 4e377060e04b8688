internal import AttestationFormat
internal import DeviceRegistry
internal import Logging

/// Whom the alliance's registry is told of next, and what came of it: what is due, and once after the start what it has taken before, since it may have been
/// restored from a backup meanwhile.
///
/// What is refused of one gateway keeps no other's from being sent. Where the alliance's registry is away, one report a round finds that out, of a gateway that
/// was not tried yet before all others.
struct LinkReportSender: Sendable {
    private static let firstPauseSeconds: Int64 = 2
    /// Between two tries of a gateway's reports that were not taken: 2, 4, 8… s.
    private static let longestPauseSeconds: Int64 = 60

    /// What was tried in vain.
    private struct Waiting {
        var pauseSeconds: Int64
        var nextTry: ContinuousClock.Instant
        let why: String
    }

    let registry: Registry
    /// Gives the serial numbers that the alliance's registry has not issued.
    let send: @Sendable (LinkReport) throws -> Set<[UInt8]>
    let logger: Logger
    var now: @Sendable () -> ContinuousClock.Instant = { .now }

    private var waiting: [GatewayID: Waiting] = [:]
    private var due: [GatewayID] = []
    /// To be told again; nil: this was not asked yet.
    private var again: Set<GatewayID>?

    init(registry: Registry, logger: Logger, send: @escaping @Sendable (LinkReport) throws -> Set<[UInt8]>) {
        (self.registry, self.logger, self.send) = (registry, logger, send)
    }

    /// Why revoked link certificates are not known to the alliance's registry.
    var troubles: Set<String> { Set(due.compactMap { waiting[$0]?.why }) }

    /// Why it could not be told again of what it has taken before.
    var troublesAgain: Set<String> { Set((again ?? []).subtracting(due).compactMap { waiting[$0]?.why }) }

    /// One round. It blocks for as long as the alliance's registry takes to answer.
    ///
    /// - Parameter isStopping: asked before each report.
    mutating func sendDue(nowSeconds: Int64, isStopping: () -> Bool) {
        do {
            if again == nil {
                try registry.noteLinkReports(nowSeconds: nowSeconds)
                again = Set(try registry.takenLinkGateways(nowSeconds: nowSeconds))
            }
            due = try registry.dueLinkGateways()
        } catch {
            logger.error("what the alliance's registry is to be told cannot be read", metadata: ["error": "\(error)"])
            return
        }
        for gatewayID in turns() {
            do {
                try tell(gatewayID, nowSeconds: nowSeconds, isStopping)
                waiting[gatewayID] = nil
            } catch is CancellationError {
                return
            } catch {
                note(error, of: gatewayID)
                if Self.isAlliances(error) { break }
            }
        }
    }

    /// Whose turn it is: first those that were not tried yet, the oldest before others; then those that have waited longest for their next try.
    private mutating func turns() -> [GatewayID] {
        let all = due + (again ?? []).subtracting(due).sorted { $0.text.string < $1.text.string }
        let names = Set(all)
        waiting = waiting.filter { names.contains($0.key) }
        let now = now()
        let tried = all.compactMap { name in waiting[name].map { (name, $0.nextTry) } }.filter { $0.1 <= now }
        return all.filter { waiting[$0] == nil } + tried.sorted { $0.1 < $1.1 }.map(\.0)
    }

    private mutating func tell(_ gatewayID: GatewayID, nowSeconds: Int64, _ isStopping: () -> Bool) throws {
        let isAgain = again?.contains(gatewayID) == true
        var (count, unknown): (Int, Set<[UInt8]>) = (0, [])
        for report in try registry.linkReports(of: gatewayID, againSeconds: isAgain ? nowSeconds : nil) {
            guard !isStopping() else { throw CancellationError() }
            let foreign = try send(report)
            try registry.recordTaken(report.without(foreign), nowSeconds: nowSeconds)
            count += report.revocations.count
            unknown.formUnion(foreign)
        }
        guard unknown.isEmpty else {
            let serials = unknown.map { Hexadecimal.text(of: $0).string }.sorted().joined(separator: " ")
            throw RegistryError(
                .foreignName, "the alliance's registry has not issued to it, and its link CA has not signed for it: \(serials)",
                nextStep: "see that [link] registry and certificate are of the one alliance, and ask its operator; what else is revoked of it is told")
        }
        again?.remove(gatewayID)
        // At each start, of every gateway that has such.
        logger.log(
            level: isAgain ? .info : .notice,
            isAgain ? "the alliance's registry was told again of revoked link certificates" : "the alliance's registry has taken revoked link certificates",
            metadata: ["gateway": "\(gatewayID)", "count": "\(count)"])
    }

    private mutating func note(_ error: any Error, of gatewayID: GatewayID) {
        let pause = min((waiting[gatewayID]?.pauseSeconds ?? Self.firstPauseSeconds / 2) * 2, Self.longestPauseSeconds)
        waiting[gatewayID] = Waiting(pauseSeconds: pause, nextTry: now().advanced(by: .seconds(pause)), why: Self.words(error, gatewayID))
    }

    /// Whether it is between the two registries, so that the next gateway's report would fare no better now.
    private static func isAlliances(_ error: any Error) -> Bool {
        (error as? RegistryError).map { [.allianceAway, .allianceRefused].contains($0.code) } ?? false
    }

    /// What is wrong with the alliance's registry is one trouble, however many gateways wait for it.
    private static func words(_ error: any Error, _ gatewayID: GatewayID) -> String {
        guard let error = error as? RegistryError else { return "\(error)" }
        let words = error.message + (error.nextStep.map { ": \($0)" } ?? "")
        return isAlliances(error) ? words : "\(gatewayID): \(words)"
    }
}
