internal import Synchronization

/// Knows every connection: how many each address has, and which of them wait for their peer.
///
/// When there are more than ``ConnectionLimits/connections``, one is closed for the new one: of the address that has most, the one that has waited for its
/// peer longest, or where none of them does one that has had an answer already. A peer that asks and asks without waiting for answers keeps no place by that;
/// only a connection's first request is always answered, unless its answer is held back (``mayEnd(_:)``). So a stranger with a few addresses closes his own connections; one with as many addresses as there are places does not.
public final class ConnectionGate: Sendable {
    /// Why a connection was cut.
    enum Cut: String, CaseIterable {
        /// Its address has as many connections as one may have.
        case address
        /// It waited for its peer, and a new one needed the place.
        case full
        /// The TLS handshake was not done in time.
        case handshake
        /// After the handshake not a byte came in time.
        case silent
        /// The request did not come to its end in time.
        case request
        /// The request's body is longer than any is read.
        case body
        /// Nothing of an answer was taken.
        case stalled
        /// It asked on and on without waiting for answers.
        case ahead
    }

    private struct Place {
        let address: String
        /// The turn since which it waits for its peer; nil: it is being answered.
        var waitsSince: UInt64?
        /// The turn since which it may be closed although it is being answered; nil: it may not.
        var mayEndSince: UInt64?
        /// Ends the connection without a word to its peer.
        let end: @Sendable () -> Void
    }

    private struct State {
        var places: [ObjectIdentifier: Place] = [:]
        /// As many keys as there are connections, at most.
        var counts: [String: Int] = [:]
        var cuts: [Cut: Int] = [:]
        var turn: UInt64 = 0

        mutating func nextTurn() -> UInt64 {
            turn += 1
            return turn
        }

        /// The lowest goes first.
        private func rank(_ place: Place) -> (Int, Int, UInt64) {
            (-(counts[place.address] ?? 0), place.waitsSince == nil ? 1 : 0, place.waitsSince ?? place.mayEndSince ?? 0)
        }

        @discardableResult
        mutating func remove(_ connection: ObjectIdentifier) -> Place? {
            guard let place = places.removeValue(forKey: connection) else { return nil }
            let count = counts[place.address, default: 1]
            counts[place.address] = count > 1 ? count - 1 : nil
            return place
        }

        /// Gives up the place of one that waits, where there are too many; what ends it.
        mutating func makeRoom(_ limit: Int, butNot newest: ObjectIdentifier? = nil) -> (@Sendable () -> Void)? {
            guard places.count > limit else { return nil }
            let spared = places.filter { ($0.value.waitsSince ?? $0.value.mayEndSince) != nil && $0.key != newest }
            let goes = spared.min { one, other in rank(one.value) < rank(other.value) }
            guard let goes else { return nil }
            cuts[.full, default: 0] += 1
            return remove(goes.key)?.end
        }
    }

    let limits: ConnectionLimits
    private let state = Mutex(State())

    public init(_ limits: ConnectionLimits = ConnectionLimits()) { self.limits = limits }

    /// Takes a place of this address; false, and counted as a cut: there is none.
    ///
    /// - Parameter end: ends the connection at once; called at most once, from any thread.
    func enter(_ connection: ObjectIdentifier, from address: String, end: @escaping @Sendable () -> Void) -> Bool {
        let (hasPlace, other) = state.withLock { state -> (Bool, (@Sendable () -> Void)?) in
            guard state.counts[address, default: 0] < limits.connectionsOfAddress else {
                state.cuts[.address, default: 0] += 1
                return (false, nil)
            }
            state.counts[address, default: 0] += 1
            state.places[connection] = Place(address: address, waitsSince: state.nextTurn(), end: end)
            return (true, state.makeRoom(limits.connections, butNot: connection))
        }
        other?()
        return hasPlace
    }

    /// Gives a place back.
    func leave(_ connection: ObjectIdentifier) { state.withLock { _ = $0.remove(connection) } }

    /// Notes whether a connection is being answered, or waits for its peer from now on.
    func note(_ connection: ObjectIdentifier, isAnswering: Bool) {
        let other = state.withLock { state in
            guard state.places[connection] != nil else { return nil as (@Sendable () -> Void)? }
            let turn = state.nextTurn()
            state.places[connection]?.waitsSince = isAnswering ? nil : turn
            // Those that came while all were being answered have waited for this one.
            return state.makeRoom(limits.connections)
        }
        other?()
    }

    /// Notes that a connection may be closed for a new one from now on, also while it is being answered: it has had an answer, or the one that it is to get is a
    /// refusal that waits for its time.
    public func mayEnd(_ connection: ObjectIdentifier) {
        let other = state.withLock { state in
            guard let place = state.places[connection], place.mayEndSince == nil else { return nil as (@Sendable () -> Void)? }
            let turn = state.nextTurn()
            state.places[connection]?.mayEndSince = turn
            return state.makeRoom(limits.connections)
        }
        other?()
    }

    /// Ends a connection at once, without a word to its peer.
    func end(_ connection: ObjectIdentifier, _ cut: Cut) {
        let end = state.withLock { state in
            state.cuts[cut, default: 0] += 1
            return state.remove(connection)?.end
        }
        end?()
    }

    func count(_ cut: Cut) { state.withLock { $0.cuts[cut, default: 0] += 1 } }

    /// Addresses that have a connection now.
    var addressCount: Int { state.withLock { $0.counts.count } }

    /// In Prometheus' text form, behind whatever else `/metrics` answers.
    public var metricsText: String {
        let (cuts, count) = state.withLock { ($0.cuts, $0.places.count) }
        let lines = Cut.allCases.map { "harborseal_http_connections_cut_total{why=\"\($0.rawValue)\"} \(cuts[$0] ?? 0)\n" }.joined()
        return """
            # TYPE harborseal_http_connections gauge
            harborseal_http_connections \(count)
            # TYPE harborseal_http_connections_cut_total counter

            """ + lines
    }
}
