import CPosixShims
import Foundation

/// What a ``HostileBroker`` does to what passes through it.
public enum Mischief: String, CaseIterable, Sendable {
    /// Acknowledge a batch with PUBACK and throw it away.
    case dropBatches
    case repeatBatches
    /// Deliver a batch after the next one.
    case reorderBatches
    /// Replace the events of a batch by their hashes.
    case eventsForHashes
    /// Replace a statement's signature (r, s) by (r, n - s).
    case flipSignatures
    /// Publish a gateway's batch under another gateway's topic as well.
    case otherNames
    case dropReplies
    case repeatReplies
    case reorderReplies
    /// Add answers that no node gave.
    case forgeReplies
    /// Add hellos that the gateway did not send.
    case forgeHellos
    /// Close the connection after a random number of bytes, in the middle of a packet.
    case cut
    /// Hold everything back for 20 to 200 ms.
    case delay
    /// Keep the connection open and pass nothing more.
    case halfOpen
}

/// A proxy between one or more MQTT clients and a real broker that understands PUBLISH and misbehaves at random.
///
/// Plain TCP on loopback. Clients connect to ``port``. What it did is counted; with the same seed and the same traffic it
/// does the same.
public final class HostileBroker: @unchecked Sendable {
    private let lock = NSLock()
    private var chances: [Mischief: Double]
    private var counts: [Mischief: Int] = [:]
    private var random: SplitMix64
    private var listener: ScriptedPeer?
    private let upstreamPort: UInt16

    /// - Parameters:
    ///   - upstreamPort: the real broker's port on loopback.
    ///   - chances: how probable each is, 0 to 1: for each publication it concerns; for `cut` and `halfOpen`, each packet.
    public init(upstreamPort: UInt16, seed: UInt64, chances: [Mischief: Double] = [:]) throws {
        self.upstreamPort = upstreamPort
        self.chances = chances
        random = SplitMix64(seed: seed)
        listener = try ScriptedPeer { [weak self] client in self?.serve(client) }
    }

    public var port: UInt16 { listener?.port ?? 0 }

    /// Changes what it does from now on.
    public func set(_ chances: [Mischief: Double]) { lock.withLock { self.chances = chances } }
    /// From now on an honest proxy.
    public func behave() { set([:]) }
    /// How often it did what.
    public func count(of mischief: Mischief) -> Int { lock.withLock { counts[mischief] ?? 0 } }
    public var totalCount: Int { lock.withLock { counts.values.reduce(0, +) } }
    /// Ends all connections and takes no more.
    public func end() { listener?.end() }

    deinit { end() }

    /// Decides by chance whether to do it now, and counts.
    func decides(_ mischief: Mischief) -> Bool {
        lock.withLock {
            guard let chance = chances[mischief], chance > 0 else { return false }
            guard Double(random.next() >> 11) < chance * 9_007_199_254_740_992 else { return false }   // 2^53
            counts[mischief, default: 0] += 1
            return true
        }
    }

    func nextRandom() -> UInt64 { lock.withLock { random.next() } }

    private func serve(_ client: ScriptedConnection) {
        let descriptor = posix_tcp_connect("127.0.0.1", upstreamPort)
        guard descriptor >= 0 else { return }
        defer { posix_socket_close(descriptor) }
        let passage = HostilePassage(broker: self, client: client, upstreamDescriptor: descriptor)
        passage.run()
    }
}

/// A small generator with a seed, so that a run can be repeated (Steele, Lea, Flood 2014).
public struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64
    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
