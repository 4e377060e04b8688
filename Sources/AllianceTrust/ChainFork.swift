public import AttestationFormat
public import MerkleTree

/// Two statements by one seal key that contradict each other: the key is in two hands, or an old image of its gateway was started.
///
/// A gateway signs one chain: each statement names the one before, and each sequence stands in one statement (wire-format.md, section 4).
public struct ChainFork: Equatable, Sendable {
    public enum Kind: Sendable {
        /// Both name the same statement before them: two openings, or an opening and a next one. Two that name none are no fork: a
        /// gateway that lost its journal knows of none.
        case twoSuccessors
        /// Both cover a sequence of one epoch.
        case oneSequence
    }

    public let kind: Kind
    public let first: BatchHeader
    public let second: BatchHeader

    /// `acme.gw-1 epoch 0000000000000001, 3 to 5, and epoch 0000000000000002, 0 to 2: both follow …`.
    public var words: String {
        func place(_ header: BatchHeader) -> String { "epoch \(header.epoch), \(JudgedBatch.range(header.first, header.next))" }
        let contradiction =
            switch kind {
            case .twoSuccessors: "both follow one and the same statement"
            case .oneSequence: "both cover one and the same sequence"
            }
        return "fork: \(first.gateway.gatewayID) \(place(first)), and \(place(second)): \(contradiction); "
            + "the key is in two hands, or an old image of the gateway was started"
    }

    /// The forks among statements, each of which the key is known to have signed; one for each statement that contradicts an
    /// earlier one.
    ///
    /// - Parameter statements: in any order; the same one twice is no fork.
    public static func find(in statements: [(hash: Digest, header: BatchHeader)]) -> [ChainFork] {
        var forks: [ChainFork] = []
        var seen: Set<Digest> = []
        var successors: [Place: BatchHeader] = [:]
        var runs: [Run: [BatchHeader]] = [:]
        for (hash, header) in statements where seen.insert(hash).inserted {
            let signer = Signer(keyID: header.keyID, gateway: header.gateway)
            let place = Place(signer: signer, previous: header.previous)
            if !header.previous.isZero, let rival = successors[place] {
                forks.append(ChainFork(kind: .twoSuccessors, first: rival, second: header))
            } else {
                successors[place] = header
                runs[Run(signer: signer, epoch: header.epoch), default: []].append(header)
            }
        }
        for run in runs.values {
            let ordered = run.sorted { $0.first < $1.first }
            for (one, other) in zip(ordered, ordered.dropFirst()) where other.first < one.next {
                forks.append(ChainFork(kind: .oneSequence, first: one, second: other))
            }
        }
        return forks.sorted { ($0.first.gateway, $0.first.epoch.text, $0.first.first) < ($1.first.gateway, $1.first.epoch.text, $1.first.first) }
    }

    private struct Signer: Hashable {
        let keyID: Digest
        let gateway: GatewayName
    }

    private struct Place: Hashable {
        let signer: Signer
        let previous: Digest
    }

    private struct Run: Hashable {
        let signer: Signer
        let epoch: Epoch
    }
}
