import AttestationFormat
import MerkleTree

/// When a new epoch begins, and what its first statement names as `previous` (wire-format.md, sections 2, 4 and 6).
///
/// Only statements that verify under the own seal key, damage of the own journal, and refusals that the own check confirms get
/// here. The first change is made at once; each further one waits a minute, doubling to an hour, so that two clones that answer
/// each other with epochs cannot wear out the medium.
public struct EpochPolicy: Sendable {
    static let firstSpacingMilliseconds: UInt64 = 60_000

    /// A change that waits for its time.
    struct Request: Sendable {
        var reason: EpochReason
        /// Hash of the newest statement known; `nil`: the journal's own.
        var previous: Digest?
        /// The shown statement's `iat`: of several answers the newest counts.
        var issuedAtSeconds: UInt64
        /// Its first sequence: of several issued in one second the furthest counts.
        var first: UInt64

        func isNewer(than other: Request) -> Bool {
            issuedAtSeconds != other.issuedAtSeconds ? issuedAtSeconds > other.issuedAtSeconds : first > other.first
        }
    }

    /// The journal holds no statement at all: what a node shows is linked to, without another epoch.
    private var isFresh: Bool
    private(set) var request: Request?
    /// What the first statement of a fresh journal names, when a node showed something.
    private(set) var previous: Digest?
    private var previousIssuedAtSeconds: UInt64 = 0
    private var allowedFromMilliseconds: UInt64 = 0
    private var spacingMilliseconds = Self.firstSpacingMilliseconds

    init(isFresh: Bool) { self.isFresh = isFresh }

    /// Whether signing waits for a change.
    var isPending: Bool { request != nil }

    /// Something asks for a new epoch.
    mutating func ask(_ new: Request) {
        if let old = request, old.previous != nil, new.previous == nil || !new.isNewer(than: old) { return }
        request = new
    }

    /// A node showed a statement of an unknown epoch to a journal that has none: only `previous` changes.
    /// Returns false if a new epoch is needed instead.
    mutating func adopt(previous hash: Digest, issuedAtSeconds: UInt64) -> Bool {
        guard isFresh else { return false }
        if previous == nil || issuedAtSeconds > previousIssuedAtSeconds {
            previous = hash
            previousIssuedAtSeconds = issuedAtSeconds
        }
        return true
    }

    /// Whether the change may be made now.
    func isDue(at now: Moment) -> Bool { request != nil && now.monotonicMilliseconds >= allowedFromMilliseconds }

    /// When it may; `nil` if none is asked for.
    var wakeMilliseconds: UInt64? { request == nil ? nil : allowedFromMilliseconds }

    /// The change was made.
    mutating func began(at now: Moment) {
        request = nil
        previous = nil
        isFresh = false
        allowedFromMilliseconds = now.monotonicMilliseconds &+ spacingMilliseconds
        spacingMilliseconds = min(spacingMilliseconds * 2, GatewayPolicy.longestResendMilliseconds)
    }

    /// A statement of the open epoch is durable: the chain goes on from it.
    mutating func sealed() {
        isFresh = false
        previous = nil
    }
}
