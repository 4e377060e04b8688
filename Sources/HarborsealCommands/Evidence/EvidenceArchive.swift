internal import AllianceTrust
internal import AttestationFormat
internal import Foundation
internal import MerkleTree

/// Events that a gateway's owner kept while nodes hold their hashes alone (`share = hashes`): the carried files that
/// `harborseal-agent journal archive` writes, read for what a question asks for.
///
/// A file is believed no more than a node. Events count only if the leaf hashes of their whole batch lead to the root of its
/// statement, and only under a statement that a node shows too.
struct EvidenceArchive {
    /// A batch with the events that are asked for, and their paths.
    struct Batch {
        let statement: Statement
        let events: [Evidence.DisclosedEvent]
        let file: String
    }

    /// One epoch of one seal key.
    private struct Journal: Hashable {
        let gateway: GatewayName
        let keyID: Digest
        let epoch: Epoch

        init(_ header: BatchHeader) {
            gateway = header.gateway
            keyID = header.keyID
            epoch = header.epoch
        }
    }

    private static let pieceByteCount = 1 << 20
    private let longestRun: Int
    private let question: EvidenceQuestion

    /// Batches that hold what is asked for, by the statement's hash.
    private(set) var batches: [Digest: Batch] = [:]
    /// What was left out and why.
    private(set) var refusals: [String] = []
    /// Where the batches of each journal begin: how many lie between two of them.
    private var firsts: [Journal: Set<UInt64>] = [:]
    private var byteCount = 0

    /// - Parameter longestRun: statements between two batches that disclose events; a longer run is left out on purpose.
    init(_ files: [String], _ question: EvidenceQuestion, longestRun: Int) throws {
        self.question = question
        self.longestRun = longestRun
        for file in files { try read(file) }
    }

    // MARK: - Reading

    private mutating func read(_ path: String) throws {
        let file = try CarriedFile.open(path, writtenBy: "harborseal-agent journal archive")
        defer { try? file.close() }
        var reader = CarriedReader()
        var isAtEnd = false
        var beginning: [UInt8] = []
        while true {
            do throws(FormatError) {
                while let message = try reader.next(isAtEnd: isAtEnd) { take(message, of: path) }
            } catch {
                guard reader.offset > 0 else {
                    throw CommandError(
                        .malformed, "\(path): expected an archive (.hsarchive), found \(FoundBytes.words(of: beginning)): \(error.words)",
                        nextStep: "name a file that harborseal-agent journal archive wrote")
                }
                refusals.append("\(path): what follows byte \(error.offset), which is no carried message (\(error.words))")
                return
            }
            if byteCount > Limits.evidenceByteCount { throw Self.tooMuch }
            if isAtEnd { return }
            let piece = [UInt8](try file.read(upToCount: Self.pieceByteCount) ?? Data())
            if beginning.isEmpty { beginning = piece }
            isAtEnd = piece.isEmpty
            reader.append(piece)
        }
    }

    private static var tooMuch: CommandError {
        CommandError(
            .failed, "the archive holds more of this than one evidence file, of \(Limits.evidenceByteCount) bytes, can",
            nextStep: "ask for less with --from and --to")
    }

    /// Hellos and replies stand in carried files too, and disclose nothing.
    private mutating func take(_ message: CarriedMessage, of path: String) {
        guard let topic = try? Topic(parsing: message.topic), topic.channel == .batch else { return }
        let batch: BatchMessage
        do throws(FormatError) {
            batch = try BatchMessage(parsing: message.payload)
        } catch {
            refusals.append("\(path): a batch of \(topic.gatewayID) that is malformed (\(error.words))")
            return
        }
        take(batch, of: path)
    }

    private mutating func take(_ message: BatchMessage, of path: String) {
        let header = message.statement.header
        let hash = message.statement.hash(using: SHA256.self)
        guard question.isAbout(header), let items = message.items else { return }
        firsts[Journal(header), default: []].insert(header.first)
        let asked = items.enumerated().compactMap { index, item in
            if case .event(let event) = item, question.isAbout(event) { (index: index, event: event) } else { nil }
        }
        guard !asked.isEmpty, batches[hash] == nil else { return }
        let tree = MerkleNodes<SHA256>(leafHashes: items.map { $0.leafHash(using: SHA256.self) })
        guard items.count == header.count, tree.root == message.statement.root else {
            refusals.append(
                "\(path): \(Self.name(header)): its events are not those that were signed: they do not lead to the statement's root")
            return
        }
        let events = asked.compactMap { index, event in
            tree.inclusionPath(index: UInt64(index)).map { Evidence.DisclosedEvent(event: event, index: UInt64(index), path: $0) }
        }
        byteCount += events.reduce(0) { $0 + $1.event.bytes.count + Digest.byteCount * $1.path.count }
        batches[hash] = Batch(statement: message.statement, events: events, file: path)
    }

    static func name(_ header: BatchHeader) -> String {
        "\(header.gateway.gatewayID) epoch \(header.epoch), \(header.first) to \(header.next - 1)"
    }

    // MARK: - Windows

    /// Times of a gateway's statements to ask nodes for, and runs between them that are left out on purpose.
    struct Windows {
        var issuedSeconds: [ClosedRange<Int64>] = []
        var leftOut: [(signer: EvidenceMerger.Signer, run: EvidenceMerger.Run)] = []
    }

    /// From the first batch that discloses something to the last, those included that nodes showed already.
    ///
    /// - Parameter known: statements that nodes disclose events of.
    func windows(of gateway: GatewayID, known: [Statement]) -> Windows {
        let all = Set(batches.values.map(\.statement)).union(known).map(\.header).filter { $0.gateway.gatewayID == gateway }
        let headers = all.sorted(by: Self.isInOrder)
        var windows = Windows()
        var last: BatchHeader?
        for header in headers {
            let issued = Int64(clamping: header.issuedAtSeconds)
            defer { last = header }
            guard let before = last, let window = windows.issuedSeconds.last else {
                windows.issuedSeconds.append(issued...issued)
                continue
            }
            if isLongRun(from: before, to: header) {
                windows.issuedSeconds.append(issued...issued)
                let signer = EvidenceMerger.Signer(issuer: header.gateway.issuer, keyID: header.keyID)
                windows.leftOut.append((signer, .init(epoch: header.epoch, first: before.next, next: header.first)))
            } else {
                windows.issuedSeconds[windows.issuedSeconds.count - 1] = window.lowerBound...issued
            }
        }
        return windows
    }

    /// Only within one epoch may a run be left out (wire-format.md, section 10).
    private func isLongRun(from before: BatchHeader, to after: BatchHeader) -> Bool {
        guard Journal(before) == Journal(after), before.next < after.first, let firsts = firsts[Journal(after)] else { return false }
        return firsts.count(where: { $0 >= before.next && $0 < after.first }) > longestRun
    }

    static func isInOrder(_ left: BatchHeader, _ right: BatchHeader) -> Bool {
        (left.issuedAtSeconds, left.first) < (right.issuedAtSeconds, right.first)
    }

    /// Gateways of which something is disclosed.
    var gateways: [GatewayID] {
        Set(batches.values.map(\.statement.header.gateway.gatewayID)).sorted { $0.text < $1.text }
    }
}

extension EvidenceMerger {
    /// Statements of batches that disclose events.
    var disclosingStatements: [Statement] {
        batches.values.flatMap(\.values).filter { !$0.events.isEmpty }.map(\.statement)
    }

    /// Discloses what an archive holds under the statements that nodes gave.
    ///
    /// - Returns: events of statements that no node gave, unless another batch shows them too: carried into a new epoch.
    mutating func disclose(_ archive: EvidenceArchive) -> [String] {
        var unknown: [EvidenceArchive.Batch] = []
        for (hash, archived) in archive.batches {
            let header = archived.statement.header
            let signer = Signer(issuer: header.gateway.issuer, keyID: header.keyID)
            guard var batch = batches[signer]?[hash] else {
                unknown.append(archived)
                continue
            }
            batch.isContext = false
            disclose(archived.events, in: &batch)
            batches[signer]?[hash] = batch
        }
        let shown = shown()
        let ordered = unknown.sorted { EvidenceArchive.isInOrder($0.statement.header, $1.statement.header) }
        return ordered.compactMap { archived in
            let header = archived.statement.header
            let lost = archived.events.count { !shown.contains(Shown(gateway: header.gateway, leafHash: Self.leafHash($0))) }
            guard lost > 0 else { return nil }
            return "\(archived.file): \(EvidenceArchive.name(header)): \(CountedText.of(lost, "event")) of a batch that no node asked has"
        }
    }
}
