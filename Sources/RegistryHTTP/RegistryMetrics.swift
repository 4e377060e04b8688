internal import AttestationFormat
public import DeviceRegistry
internal import MerkleTree
internal import Synchronization

/// Counters of a registry in Prometheus' text form.
public final class RegistryMetrics: Sendable {
    private struct Request: Hashable, Comparable {
        var operation: String
        var label: String
        var outcome: String

        static func < (one: Request, other: Request) -> Bool {
            (one.operation, one.label, one.outcome) < (other.operation, other.label, other.outcome)
        }
    }

    private struct State {
        var requests: [Request: Int] = [:]
        var deliveries: [String: Int] = [:]
        /// nextUpdate of the list that ends first, in seconds since 1970.
        var listsEndSeconds: Int64?
        var listsWrittenSeconds: Int64?
        var usage: [ListUsage] = []
    }

    private let state = Mutex(State())

    public init() {}

    /// An enrolment or renewal that ended with `ok` or the code of its refusal. Both come from tables: there are a few dozens.
    func count(_ operation: String, _ label: CertificateLabel, _ outcome: String) {
        state.withLock { $0.requests[Request(operation: operation, label: label.rawValue, outcome: outcome), default: 0] += 1 }
    }

    /// A ledger statement that a node accepted, refused, or did not answer.
    public func countDelivery(_ outcome: String) {
        state.withLock { $0.deliveries[outcome, default: 0] += 1 }
    }

    /// When the lists were last looked after, and which of them ends first.
    public func noteLists(writtenSeconds: Int64, endSeconds: Int64?) {
        state.withLock {
            $0.listsWrittenSeconds = writtenSeconds
            $0.listsEndSeconds = endSeconds
        }
    }

    /// How full the firms' lists are.
    public func noteUsage(_ usage: [ListUsage]) {
        state.withLock { $0.usage = usage }
    }

    /// What `/metrics` answers.
    public var text: String {
        let state = state.withLock { $0 }
        var text = "# TYPE harborseal_registry_requests_total counter\n"
        for (request, count) in state.requests.sorted(by: { $0.key < $1.key }) {
            text += "harborseal_registry_requests_total{operation=\"\(request.operation)\",label=\"\(request.label)\",outcome=\"\(request.outcome)\"} \(count)\n"
        }
        text += "# TYPE harborseal_registry_statements_total counter\n"
        for (outcome, count) in state.deliveries.sorted(by: { $0.key < $1.key }) {
            text += "harborseal_registry_statements_total{outcome=\"\(outcome)\"} \(count)\n"
        }
        if let seconds = state.listsWrittenSeconds {
            text += "# TYPE harborseal_registry_lists_checked_seconds gauge\nharborseal_registry_lists_checked_seconds \(seconds)\n"
        }
        if let seconds = state.listsEndSeconds {
            text += "# TYPE harborseal_registry_lists_end_seconds gauge\nharborseal_registry_lists_end_seconds \(seconds)\n"
        }
        return text + Self.text(of: state.usage)
    }

    private static func text(of usage: [ListUsage]) -> String {
        let gauges: [(name: String, value: (ListUsage) -> Int)] = [
            ("list_bytes", { $0.byteCount }), ("list_bytes_limit", { $0.byteLimit }), ("list_revocations", { $0.revokedCount }),
            ("revocations_open", { $0.openDeviceCount }),
        ]
        guard !usage.isEmpty else { return "" }
        return gauges.map { gauge in
            let name = "harborseal_registry_\(gauge.name)"
            return "# TYPE \(name) gauge\n" + usage.map { list in
                "\(name){firm=\"\(list.firm)\",key=\"\(Hexadecimal.text(of: list.issuingKeyID.bytes))\"} \(gauge.value(list))\n"
            }.joined()
        }.joined()
    }
}
