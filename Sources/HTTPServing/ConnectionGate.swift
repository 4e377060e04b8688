internal import Synchronization

/// Counts the connections of each address, and what was cut off.
public final class ConnectionGate: Sendable {
    /// Why a connection was cut.
    enum Cut: String, CaseIterable {
        /// Its address has as many connections as one may have.
        case address
        /// The TLS handshake was not done in time.
        case handshake
        /// The request did not come to its end in time.
        case request
        /// The request's body is longer than any is read.
        case body
        /// Nothing of an answer was taken.
        case stalled
    }

    private struct State {
        /// As many keys as there are connections, at most.
        var connections: [String: Int] = [:]
        var cuts: [Cut: Int] = [:]
    }

    let limits: ConnectionLimits
    private let state = Mutex(State())

    public init(_ limits: ConnectionLimits = ConnectionLimits()) { self.limits = limits }

    /// Takes a place of this address; false, and counted as a cut: there is none.
    func enter(_ address: String) -> Bool {
        state.withLock { state in
            let count = state.connections[address, default: 0]
            guard count < limits.connectionsOfAddress else {
                state.cuts[.address, default: 0] += 1
                return false
            }
            state.connections[address] = count + 1
            return true
        }
    }

    /// Gives a place back.
    func leave(_ address: String) {
        state.withLock { state in
            guard let count = state.connections[address], count > 1 else { return state.connections[address] = nil }
            state.connections[address] = count - 1
        }
    }

    func count(_ cut: Cut) { state.withLock { $0.cuts[cut, default: 0] += 1 } }

    /// Addresses that have a connection now.
    var addressCount: Int { state.withLock { $0.connections.count } }

    /// In Prometheus' text form, behind whatever else `/metrics` answers.
    public var metricsText: String {
        let (cuts, count) = state.withLock { ($0.cuts, $0.connections.values.reduce(0, +)) }
        let lines = Cut.allCases.map { "harborseal_http_connections_cut_total{why=\"\($0.rawValue)\"} \(cuts[$0] ?? 0)\n" }.joined()
        return """
            # TYPE harborseal_http_connections gauge
            harborseal_http_connections \(count)
            # TYPE harborseal_http_connections_cut_total counter

            """ + lines
    }
}
