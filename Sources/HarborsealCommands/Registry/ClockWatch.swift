internal import Foundation
internal import Logging
internal import Synchronization

/// Compares the registry's clock with those that answer it: certificates, lists and revocations take their times from it.
///
/// It only says so: which of two clocks is wrong cannot be told from here, and one node must not be able to stop a registry.
final class ClockWatch: Sendable {
    /// Seconds that may lie between two clocks, and an answer's way.
    static let toleranceSeconds: Int64 = 300

    private let logger: Logger
    private let nowSeconds: @Sendable () -> Int64
    /// Those whose clock differs.
    private let apart = Mutex<Set<String>>([])

    init(logger: Logger, nowSeconds: @escaping @Sendable () -> Int64 = { WallClock.nowSeconds }) {
        self.logger = logger
        self.nowSeconds = nowSeconds
    }

    /// Notes what an answer says of its time (RFC 9110, section 6.6.1), and logs when two clocks begin to differ, and when they agree again.
    ///
    /// - Parameters:
    ///   - date: such as `Sun, 06 Nov 1994 08:49:37 GMT`; nothing is concluded from anything else.
    ///   - peer: whose answer it is.
    func note(_ date: String?, of peer: String) {
        guard let date, let seconds = Self.seconds(date) else { return }
        let ahead = nowSeconds() - seconds
        let isApart = abs(ahead) > Self.toleranceSeconds
        let hasChanged = apart.withLock { isApart ? $0.insert(peer).inserted : $0.remove(peer) != nil }
        guard hasChanged else { return }
        guard isApart else { return logger.notice("this machine's clock and a node's agree again", metadata: ["node": "\(peer)"]) }
        logger.error(
            """
            this machine's clock and a node's differ: certificates, lists and revocations made by a wrong clock have wrong times; timedatectl shows \
            whether this one is set, and the node's operator can say the same of his
            """, metadata: ["node": "\(peer)", "seconds-ahead-here": "\(ahead)"])
    }

    private static func seconds(_ text: String) -> Int64? {
        let format = DateFormatter()
        (format.locale, format.timeZone) = (Locale(identifier: "en_US_POSIX"), TimeZone(identifier: "UTC"))
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return format.date(from: text).flatMap { Int64(exactly: $0.timeIntervalSince1970.rounded()) }
    }

    /// What is wrong with a clock that stands before the newest row of the registry's own audit table; nil: nothing.
    static func backwards(newestRowSeconds: Int64?, nowSeconds: Int64) -> Int64? {
        newestRowSeconds.flatMap { $0 > nowSeconds + toleranceSeconds ? $0 - nowSeconds : nil }
    }
}
