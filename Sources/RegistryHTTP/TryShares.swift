import DeviceRegistry
import Synchronization

/// Which wrong codes use up the tries of a device: of one address the first few, so that no single stranger locks a code that he does not know.
///
/// What he tries beyond is answered as before and counted against his address alone (``FailureLimiter``). Names that are not registered have
/// their shares too: nothing tells them from others.
final class TryShares: Sendable {
    /// Wrong codes of one address that count: less than half of the tries that a code usually has.
    static let share = 2
    /// Pairs of an address and a name that are remembered: 2 MiB.
    private static let pairLimit = 16_384
    /// Bytes of a gateway id; what is longer names no device.
    private static let nameByteLimit = 64

    private let taken = Mutex<[String: Int]>([:])

    /// Runs `enrol` with whether a wrong code counts; only one that was wrong keeps its part of the share, and it is taken before, so that tries
    /// that come at once do not share one.
    func counting<Answer>(_ address: String, _ gatewayID: String, _ enrol: (_ countsTry: Bool) async throws -> Answer) async throws -> Answer {
        guard gatewayID.utf8.count <= Self.nameByteLimit else { return try await enrol(false) }
        let pair = "\(address) \(gatewayID)"
        guard take(pair) else { return try await enrol(false) }
        do {
            let answer = try await enrol(true)
            giveBack(pair)
            return answer
        } catch {
            if (error as? RegistryError)?.code != .wrongCode { giveBack(pair) }
            throw error
        }
    }

    private func take(_ pair: String) -> Bool {
        taken.withLock { taken in
            let count = taken[pair, default: 0]
            guard count < Self.share else { return false }
            // Thousands of addresses did this: then a few tries more count.
            if taken.count >= Self.pairLimit { taken.removeAll() }
            taken[pair] = count + 1
            return true
        }
    }

    private func giveBack(_ pair: String) {
        taken.withLock { taken in
            guard let count = taken[pair], count > 1 else { return taken[pair] = nil }
            taken[pair] = count - 1
        }
    }

    /// Pairs that are remembered now.
    var pairCount: Int { taken.withLock { $0.count } }
}
