internal import DeviceRegistry
internal import Logging
internal import NIOPosix
internal import RegistryHTTP
internal import ServiceLifecycle
internal import Synchronization

/// Tells the alliance's registry which link certificates this firm's has revoked, for as long as it takes.
struct LinkReporter: Service {
    /// From a revocation by a command to the alliance's registry, at most, while that answers.
    private static let pauseSeconds: Int64 = 2

    /// That the service ends, for a thread that blocks.
    private final class Stop: Sendable {
        private let isAsked = Mutex(false)

        var isSet: Bool { isAsked.withLock { $0 } }
        func set() { isAsked.withLock { $0 = true } }
    }

    let registry: Registry
    let logger: Logger
    /// Gives the serial numbers that the alliance's registry has not issued.
    let send: @Sendable (LinkReport) throws -> Set<[UInt8]>
    let shutDown: @Sendable () async throws -> Void

    func run() async throws {
        let stop = Stop()
        await cancelWhenGracefulShutdown {
            // A round of many reports ends with the one that is under way, which has its time.
            await withTaskCancellationHandler { await tell(until: stop) } onCancel: { stop.set() }
        }
        try await shutDown()
    }

    private func tell(until stop: Stop) async {
        var sender = LinkReportSender(registry: registry, logger: logger, send: send)
        var (told, toldAgain): (Set<String>, Set<String>) = ([], [])
        while !Task.isCancelled {
            let before = sender
            sender = (try? await NIOThreadPool.singleton.runIfActive {
                var sender = before
                sender.sendDue(nowSeconds: WallClock.nowSeconds) { stop.isSet }
                return sender
            }) ?? before
            let (troubles, troublesAgain) = (sender.troubles, sender.troublesAgain)
            for trouble in troubles.subtracting(told).sorted() {
                logger.error(
                    "the alliance's registry does not know of revoked link certificates yet, which still connect; it is told again and again",
                    metadata: ["why": "\(trouble)"])
            }
            for trouble in troublesAgain.subtracting(toldAgain).subtracting(troubles).sorted() {
                logger.warning(
                    "the alliance's registry has taken revoked link certificates before, and is told again once after each start here, which waits",
                    metadata: ["why": "\(trouble)"])
            }
            if troubles.isEmpty, !told.isEmpty { logger.notice("the alliance's registry knows of every revoked link certificate") }
            (told, toldAgain) = (troubles, troublesAgain)
            try? await Task.sleep(for: .seconds(Self.pauseSeconds))
        }
    }
}
