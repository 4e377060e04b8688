/// Reads a journal's files without changing or locking them: `journal verify`, `export` and `tail`, also beside a running agent.
public struct JournalInspector<FileSystem: JournalFileSystem> {
    private let fileSystem: FileSystem

    /// Looks at a folder.
    public init(_ fileSystem: FileSystem) { self.fileSystem = fileSystem }

    /// Calls `body` with everything that the segments hold, in order, until it returns false. Returns what was found.
    ///
    /// Throws `.tooManySegments` and `.system`; damage is an item and a number in the summary, never an error.
    public func forEachItem(_ body: (InspectedItem) -> Bool) throws(JournalError) -> InspectionSummary {
        var summary = InspectionSummary()
        do throws(SystemError) {
            var headers: [SegmentHeader?] = []
            let numbers = try segmentNumbers(&summary)
            guard numbers.count <= Segment.countLimit else { throw SystemError(.list, 0) }
            let window = ScanWindow()
            var readable: [UInt64] = []
            for number in numbers {
                guard let found = try headerIfReadable(number, window) else {
                    guard tellUnreadable(number, &summary, body) else { return summary }
                    continue
                }
                readable.append(number)
                headers.append(found.header)
            }
            for (index, number) in readable.enumerated() {
                let next = index + 1 < readable.count ? headers[index + 1] : nil
                guard try walk(number, headers[index], next, window, &summary, body) else { break }
            }
        } catch {
            throw error.code == 0 ? .tooManySegments : .system(error)
        }
        return summary
    }

    private func segmentNumbers(_ summary: inout InspectionSummary) throws(SystemError) -> [UInt64] {
        var numbers: [UInt64] = []
        var foreignCount = 0
        try fileSystem.list { name in
            if let number = Segment.number(in: name) { numbers.append(number) } else { foreignCount += 1 }
        }
        summary.foreignFileCount = foreignCount
        return Segment.ascending(numbers)
    }

    /// Nil when the file cannot be read, or is none.
    private func headerIfReadable(_ number: UInt64, _ window: ScanWindow) throws(SystemError) -> (header: SegmentHeader?, Void)? {
        do {
            return (try header(of: number, window), ())
        } catch {
            guard error.isLasting else { throw error }
            return nil
        }
    }

    private func tellUnreadable(_ number: UInt64, _ summary: inout InspectionSummary, _ body: (InspectedItem) -> Bool) -> Bool {
        summary.segmentCount += 1
        summary.lostHeaderCount += 1
        summary.damageCount += 1
        return body(.damage(Damage(
            segment: number, offset: 0, byteCount: 0, firstSequence: 0, lostEventCount: nil, epoch: JournalState.unknownEpoch)))
    }

    private func header(of number: UInt64, _ window: ScanWindow) throws(SystemError) -> SegmentHeader? {
        let file = try fileSystem.open(Segment.name(of: number), .read)
        defer { try? fileSystem.close(file) }
        return try SegmentHeader.find(fileSystem, file: file, number: number, size: fileSystem.size(file), window: window)
    }

    private func walk(
        _ number: UInt64, _ header: SegmentHeader?, _ next: SegmentHeader?, _ window: ScanWindow,
        _ summary: inout InspectionSummary, _ body: (InspectedItem) -> Bool
    ) throws(SystemError) -> Bool {
        let link = next.flatMap { $0.previous.number == number ? $0.previous : nil }
        let file = try fileSystem.open(Segment.name(of: number), .read)
        defer { try? fileSystem.close(file) }
        let size = try fileSystem.size(file)
        let epoch = header?.state.epoch ?? link?.epoch ?? 0
        let scanner = SegmentScanner(
            fileSystem, file: file, segment: number, limit: link.flatMap { Int(exactly: $0.byteCount) } ?? size, window: window)
        var walker = SegmentWalker(
            scanner, epoch: epoch, firstSequence: header?.state.nextSequence ?? link?.firstSequence ?? 0,
            endSequence: link?.endSequence)
        summary.segmentCount += 1
        summary.byteCount += size
        if header == nil { summary.lostHeaderCount += 1 }
        guard body(.segment(
            number: number, epoch: epoch, reason: header?.state.reason, gatewayID: header?.gatewayID ?? [],
            carriedEventCount: header?.runs.reduce(0) { $0 &+ $1.count } ?? 0, byteCount: size))
        else { return false }
        while true {
            let step = try walker.next()
            guard let item = summary.take(step, epoch: epoch) else {
                if case .end = step { return true }
                continue
            }
            guard body(item) else { return false }
        }
    }
}

/// One thing that a journal holds, copied out of its segment.
public enum InspectedItem: Equatable, Sendable {
    /// A segment begins; `reason` and `gatewayID` are missing when its header is lost.
    case segment(
        number: UInt64, epoch: UInt64, reason: EpochEnd?, gatewayID: [UInt8], carriedEventCount: UInt64, byteCount: Int)
    /// An event, under the sequence with which it was stored.
    case event(EventPlace, source: UInt8?, number: UInt64, bytes: [UInt8])
    case statement(epoch: UInt64, StoredStatement)
    case receipt(epoch: UInt64, first: UInt64, bytes: [UInt8])
    /// A quorum up to a sequence.
    case mark(epoch: UInt64, upTo: UInt64)
    /// Archived up to a sequence.
    case archived(epoch: UInt64, upTo: UInt64)
    /// The name behind a source index.
    case source(index: Int, name: [UInt8])
    /// A damaged place that an event has declared.
    case declared(segment: UInt64, offset: UInt64)
    case damage(Damage)
}

/// What `journal verify` counts.
public struct InspectionSummary: Equatable, Sendable {
    public internal(set) var segmentCount = 0
    public internal(set) var byteCount = 0
    public internal(set) var eventCount = 0
    public internal(set) var statementCount = 0
    public internal(set) var receiptCount = 0
    public internal(set) var damageCount = 0
    /// Events that damage took, as far as what follows tells.
    public internal(set) var lostEventCount: UInt64 = 0
    public internal(set) var lostHeaderCount = 0
    public internal(set) var tailByteCount = 0
    public internal(set) var foreignFileCount = 0

    mutating func take(_ item: JournalItem, epoch: UInt64) -> InspectedItem? {
        switch item {
        case .event(let event):
            eventCount += 1
            return .event(
                EventPlace(epoch: epoch, sequence: event.sequence), source: event.source, number: event.number,
                bytes: Array(event.bytes))
        case .statement(let item):
            statementCount += 1
            return .statement(
                epoch: epoch, StoredStatement(first: item.first, count: item.count, bytes: Array(item.bytes)))
        case .receipt(let first, let bytes):
            receiptCount += 1
            return .receipt(epoch: epoch, first: first, bytes: Array(bytes))
        case .mark(let sequence, _): return .mark(epoch: epoch, upTo: sequence)
        case .archived(let sequence): return .archived(epoch: epoch, upTo: sequence)
        case .source(let index, let name): return .source(index: index, name: Array(name))
        case .declared(let segment, let offset): return .declared(segment: segment, offset: offset)
        case .damage(let damage):
            damageCount += 1
            lostEventCount = lostEventCount &+ (damage.lostEventCount ?? 0)
            return .damage(damage)
        case .end(_, let tail):
            tailByteCount += tail
            return nil
        }
    }
}
