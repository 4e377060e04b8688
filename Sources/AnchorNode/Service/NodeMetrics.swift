import Synchronization

/// Counters and gauges of a node, in Prometheus' text form; every drop and every refusal is counted here.
public final class NodeMetrics: Sendable {
    /// What is counted. The raw value is the metric's name, with its label where it has one.
    public enum Counter: String, CaseIterable, Sendable {
        case batches = "harborseal_batches_received_total"
        case hellos = "harborseal_hellos_received_total"
        case ignored = "harborseal_messages_ignored_total"
        case statements = "harborseal_statements_accepted_total"
        case known = "harborseal_statements_known_total"
        case eventsHeld = "harborseal_events_held_total"
        case eventsLate = "harborseal_events_late_total"
        case holes = "harborseal_holes_recorded_total"
        case holesFilled = "harborseal_holes_filled_total"
        case unknownEnds = "harborseal_unknown_epoch_ends_total"
        case conflicts = "harborseal_conflicts_total"
        case continuedEpochs = "harborseal_epochs_continued_after_successor_total"
        case positions = "harborseal_positions_sent_total"
        case receipts = "harborseal_receipts_made_total"
        case repliesSent = "harborseal_replies_sent_total"
        case repliesDropped = "harborseal_replies_dropped_total"
        case checkpoints = "harborseal_checkpoints_total"
        case storeErrors = "harborseal_store_errors_total"
        case registrations = "harborseal_registrations_taken_total"
        case revocations = "harborseal_revocations_taken_total"
        case revocationsForgotten = "harborseal_revocations_forgotten_total"
        case listsStale = "harborseal_revocation_lists_stale_total"
        case entriesRefused = "harborseal_entries_refused_total"
        case entriesLimited = "harborseal_entries_rate_limited_total"
        case certificatesRefused = "harborseal_certificates_refused_total"
        case unknownGateway = "harborseal_refusals_total{code=\"1\",reason=\"unknown_gateway\"}"
        case certificateNotValid = "harborseal_refusals_total{code=\"2\",reason=\"certificate_not_valid\"}"
        case revoked = "harborseal_refusals_total{code=\"3\",reason=\"revoked\"}"
        case badSignature = "harborseal_refusals_total{code=\"4\",reason=\"bad_signature\"}"
        case badChain = "harborseal_refusals_total{code=\"5\",reason=\"bad_chain\"}"
        case conflictRefused = "harborseal_refusals_total{code=\"6\",reason=\"conflict\"}"
        case malformed = "harborseal_refusals_total{code=\"7\",reason=\"malformed\"}"
        case tooLarge = "harborseal_refusals_total{code=\"8\",reason=\"too_large\"}"
        case rateLimited = "harborseal_refusals_total{code=\"9\",reason=\"rate_limited\"}"
    }

    /// What has a value of its own at every moment.
    public enum Gauge: String, CaseIterable, Sendable {
        case treeSize = "harborseal_ledger_size"
        case brokersConnected = "harborseal_brokers_connected"
        case trustVersion = "harborseal_trust_file_version"
        case trustOutOfDate = "harborseal_trust_file_out_of_date"
        case keyEnded = "harborseal_receipt_key_ended"
        case keysRevoked = "harborseal_seal_keys_revoked"
        case statementsLate = "harborseal_statements_after_revocation"
        case gatewaysMarked = "harborseal_gateways_marked"
        case ready = "harborseal_ready"
    }

    private struct Values {
        var counters = [Int](repeating: 0, count: Counter.allCases.count)
        var gauges = [Int](repeating: 0, count: Gauge.allCases.count)
    }

    private let values = Mutex(Values())

    public init() {}

    func add(_ counter: Counter, _ amount: Int = 1) {
        values.withLock { $0.counters[counter.place] += amount }
    }

    func set(_ gauge: Gauge, _ value: Int) {
        values.withLock { $0.gauges[gauge.place] = value }
    }

    func adjust(_ gauge: Gauge, by amount: Int) {
        values.withLock { $0.gauges[gauge.place] += amount }
    }

    /// The present value of a counter.
    public func value(_ counter: Counter) -> Int {
        values.withLock { $0.counters[counter.place] }
    }

    /// The present value of a gauge.
    public func value(_ gauge: Gauge) -> Int {
        values.withLock { $0.gauges[gauge.place] }
    }

    /// Prometheus' text exposition format, version 0.0.4.
    public var text: String {
        let now = values.withLock { $0 }
        var lines: [String] = []
        var typed: Set<Substring> = []
        for counter in Counter.allCases {
            let name = counter.rawValue.prefix { $0 != "{" }
            if typed.insert(name).inserted { lines.append("# TYPE \(name) counter") }
            lines.append("\(counter.rawValue) \(now.counters[counter.place])")
        }
        for gauge in Gauge.allCases {
            lines.append("# TYPE \(gauge.rawValue) gauge")
            lines.append("\(gauge.rawValue) \(now.gauges[gauge.place])")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension NodeMetrics.Counter {
    fileprivate var place: Int { Self.places[self] ?? 0 }
    private static let places = Dictionary(uniqueKeysWithValues: zip(allCases, 0...))
}

extension NodeMetrics.Gauge {
    fileprivate var place: Int { Self.places[self] ?? 0 }
    private static let places = Dictionary(uniqueKeysWithValues: zip(allCases, 0...))
}
