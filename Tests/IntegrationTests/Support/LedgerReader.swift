import Foundation

/// What a node's SQLite file holds, read by `ledger.py` with Debian's sqlite3 and cbor2: nothing of ours judges itself.
struct LedgerReader {
    struct Event: Decodable {
        let leaf: String
        let kind: String?
        let documents: [String: String]?
        /// Those of its extension fields that are text.
        let fields: [String: String]?
        /// Those that are whole numbers.
        let numbers: [String: Int64]?
    }

    struct Statement: Decodable {
        let gateway: String
        let epoch: String
        let first: UInt64
        let hash: String
        let previous: String
        let held: Int
        let events: [Event]
    }

    /// A place in a gateway's journal.
    struct Place: Hashable {
        var epoch: String
        var sequence: UInt64
    }

    /// In the order of the ledger.
    let statements: [Statement]

    init(_ path: String) throws {
        let output = try ChildProcess.run([
            try Programs.python, Programs.packageRoot + "/Tests/IntegrationTests/Support/ledger.py", path,
        ])
        statements = try output.split(separator: "\n").map { try JSONDecoder().decode(Statement.self, from: Data($0.utf8)) }
    }

    /// The statements of one gateway, `<firm>.<device>`.
    func statements(of gateway: String) -> [Statement] { statements.filter { $0.gateway == gateway } }

    /// Every event of one gateway with its place. An event that a new epoch carried over has a place in each.
    func events(of gateway: String) -> [(place: Place, event: Event)] {
        statements(of: gateway).flatMap { statement in
            zip(statement.first..., statement.events).map { (Place(epoch: statement.epoch, sequence: $0), $1) }
        }
    }

    /// Epochs in the order in which they appear.
    func epochs(of gateway: String) -> [String] {
        statements(of: gateway).reduce(into: []) { if $0.last != $1.epoch { $0.append($1.epoch) } }
    }

    /// Leaf hashes that stand twice in one epoch: must be none.
    func doubled(of gateway: String) -> [String] {
        var seen: Set<String> = []
        return events(of: gateway).filter { !seen.insert($0.place.epoch + $0.event.leaf).inserted }.map(\.event.leaf)
    }

    /// Sequences that no statement covers, by epoch: must be none.
    func holes(of gateway: String) -> [Place] {
        Dictionary(grouping: events(of: gateway), by: \.place.epoch).flatMap { epoch, events in
            let covered = Set(events.map(\.place.sequence))
            return (0...(covered.max() ?? 0)).filter { !covered.contains($0) }.map { Place(epoch: epoch, sequence: $0) }
        }
    }

    /// The leaf hashes of the event of each line, by the line's name `<source>/<number>`: must be one each.
    func leaves(of gateway: String) -> [String: Set<String>] {
        events(of: gateway).reduce(into: [:]) { lines, found in
            if let line = found.event.documents?["line"] { lines[line, default: []].insert(found.event.leaf) }
        }
    }

    /// Statements that do not name the one before them in their epoch, and openings that name nothing that the ledger holds before
    /// them, but for the first: must be none.
    func brokenLinks(of gateway: String) -> [Statement] {
        let zeros = String(repeating: "0", count: 64)
        var seen: Set<String> = [zeros]
        var ends: [String: String] = [:]
        return statements(of: gateway).filter { statement in
            defer {
                seen.insert(statement.hash)
                ends[statement.epoch] = statement.hash
            }
            if let end = ends[statement.epoch] { return statement.previous != end }
            return !seen.contains(statement.previous) || (statement.previous == zeros && seen.count > 1)
        }
    }
}
