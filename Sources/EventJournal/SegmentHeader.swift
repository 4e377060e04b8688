internal import MerkleTree

/// What stands at the start of a segment, twice: all that is needed once older segments are gone.
struct SegmentHeader {
    /// Holes and segments that a new epoch can carry over in place; beyond, the rest is lost and declared. A hole needs
    /// damage, and a journal has at most a few dozen segments without a quorum.
    static let runLimit = 256
    static let gatewayIDLimit = 64

    var gatewayID: [UInt8]
    var number: UInt64
    /// The state when the segment began: what was durable then.
    var state: JournalState
    /// The segment before this one on the chain; number 0: none.
    var previous = PreviousSegment()
    /// The events of former epochs that begin this one, in order, from sequence 0 on; those with a quorum are left out from the front.
    var runs: [CarriedRun] = []
    /// The new sequence of the first event of `runs`.
    var firstCarried: UInt64 = 0

    /// The facts of the segment before: they also stand in for its own header if that is lost.
    struct PreviousSegment: Equatable {
        var number: UInt64 = 0
        var epoch: UInt64 = 0
        var firstSequence: UInt64 = 0
        var endSequence: UInt64 = 0
        /// What follows in the file after this many bytes is void.
        var byteCount: UInt64 = 0
    }
}

extension SegmentHeader {
    /// Where the events are that the epoch took over, in its own sequences.
    var carriedExtents: [Extent] {
        var extents: [Extent] = []
        var newFirst = firstCarried
        for run in runs {
            extents.append(Extent(newFirst: newFirst, first: run.first, count: run.count, segment: run.segment))
            newFirst = newFirst &+ run.count
        }
        return extents
    }
}

/// Consecutive events of a former epoch that belong to the current one, where they are.
struct CarriedRun: Equatable {
    /// The segment that holds them.
    var segment: UInt64
    /// The first one's sequence when it was stored.
    var first: UInt64
    var count: UInt64
}

extension SegmentHeader {
    /// The magic and the record twice.
    func encoded() -> [UInt8] {
        var payload: [UInt8] = []
        payload.reserveCapacity(1_024)
        put(into: &payload)
        var bytes = RecordFormat.magic
        for _ in 0..<2 { Self.appendRecord(payload, salt: CRC32C.salt(ofSegment: number), to: &bytes) }
        return bytes
    }

    private static func appendRecord(_ payload: [UInt8], salt: UInt32, to bytes: inout [UInt8]) {
        var head: [UInt8] = []
        if payload.count < 0x80 {
            head.append(UInt8(payload.count))
        } else {
            head.append(UInt8(truncatingIfNeeded: payload.count) | 0x80)
            head.append(UInt8(truncatingIfNeeded: payload.count >> 7))
        }
        head.append(RecordKind.header.rawValue)
        let checksum = payload.withUnsafeBytes { payload in
            head.withUnsafeBytes { CRC32C.extending(CRC32C.extending(salt, with: $0), with: payload) }
        }
        bytes += head
        for shift: UInt32 in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: checksum >> shift)) }
        bytes += payload
    }

    private func put(into bytes: inout [UInt8]) {
        Self.put(varint: UInt64(gatewayID.count), into: &bytes)
        bytes += gatewayID
        Self.put(varint: number, into: &bytes)
        Self.put(word: state.epoch, into: &bytes)
        bytes.append(state.reason.rawValue)
        for value in [state.nextSequence, state.signedUpTo, state.quorumUpTo, state.runningMilliseconds] {
            Self.put(varint: value, into: &bytes)
        }
        Self.put(word: state.archivedEpoch, into: &bytes)
        Self.put(varint: state.archivedUpTo, into: &bytes)
        state.statementHash.append(to: &bytes)
        Self.put(varint: previous.number, into: &bytes)
        Self.put(word: previous.epoch, into: &bytes)
        for value in [previous.firstSequence, previous.endSequence, previous.byteCount] { Self.put(varint: value, into: &bytes) }
        Self.put(varint: UInt64(state.formerEpochs.count), into: &bytes)
        for epoch in state.formerEpochs { Self.put(word: epoch, into: &bytes) }
        Self.put(varint: UInt64(state.sources.count), into: &bytes)
        for source in state.sources {
            Self.put(varint: UInt64(source.name.count), into: &bytes)
            bytes += source.name
            Self.put(varint: source.numberLimit, into: &bytes)
        }
        Self.put(varint: UInt64(state.declared.count), into: &bytes)
        for place in state.declared {
            Self.put(varint: place.segment, into: &bytes)
            Self.put(varint: place.offset, into: &bytes)
        }
        Self.put(varint: firstCarried, into: &bytes)
        Self.put(varint: UInt64(runs.count), into: &bytes)
        for run in runs { for value in [run.segment, run.first, run.count] { Self.put(varint: value, into: &bytes) } }
    }

    private static func put(varint value: UInt64, into bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    private static func put(word value: UInt64, into bytes: inout [UInt8]) {
        for shift: UInt64 in [56, 48, 40, 32, 24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
}
