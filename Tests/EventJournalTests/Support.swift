import DeviceCrypto
import EventJournal
import HarborsealTesting
import MerkleTree

typealias TestJournal = EventJournal<FaultyFileSystem, SHA256>

/// The same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}

func options(segmentByteCount: Int = 4 << 10, capByteCount: Int64 = 1 << 20, epoch: UInt64 = 0xE0) -> JournalOptions {
    var options = JournalOptions(gatewayID: Array("acme.gw-1".utf8), freshEpoch: epoch)
    options.segmentByteCount = segmentByteCount
    options.capByteCount = capByteCount
    options.keepForMilliseconds = 0
    return options
}

/// Event bytes that tell which event it is, `byteCount` long.
func eventBytes(_ id: Int, byteCount: Int = 88) -> [UInt8] {
    var generator = SeededGenerator(seed: UInt64(id))
    var bytes: [UInt8] = [UInt8(id & 0xFF), UInt8(id >> 8 & 0xFF), UInt8(id >> 16 & 0xFF)]
    while bytes.count < byteCount { bytes.append(UInt8(truncatingIfNeeded: generator.next())) }
    return bytes
}

func statementBytes(_ first: UInt64, _ count: UInt64, epoch: UInt64) -> [UInt8] {
    Array("statement \(epoch) \(first) \(count) ".utf8) + eventBytes(Int(first), byteCount: 280)
}

extension EventJournal {
    func append(_ bytes: [UInt8]) throws(JournalError) -> UInt64 { try append(event: bytes.span) }

    func append(_ bytes: [UInt8], _ source: SourceIndex, _ number: UInt64) throws(JournalError) -> IntakeOutcome {
        try append(event: bytes.span, source: source, number: number)
    }

    func sourceIndex(_ name: String) throws(JournalError) -> SourceIndex { try sourceIndex(named: Array(name.utf8).span) }

    /// Signs everything, in batches of at most `batch` events.
    func sign(batch: UInt64) throws(JournalError) {
        while signedUpTo < nextSequence {
            let count = min(batch, nextSequence - signedUpTo)
            try appendStatement(
                first: signedUpTo, count: count, bytes: statementBytes(signedUpTo, count, epoch: epoch).span)
        }
    }

    /// Every event of the epoch that is held and can be read.
    func readAll() throws(JournalError) -> [(sequence: UInt64, bytes: [UInt8])] {
        var all: [(sequence: UInt64, bytes: [UInt8])] = []
        try forEachEvent(from: oldestHeld, count: nextSequence - oldestHeld) { sequence, bytes in
            all.append((sequence, bytes.withUnsafeBytes { Array($0) }))
        }
        return all
    }

    func allStatements(from sequence: UInt64 = 0) throws(JournalError) -> [StoredStatement] {
        var all: [StoredStatement] = []
        var next = sequence
        while let statement = try nextStatement(from: next) {
            all.append(statement)
            next = statement.first + statement.count
        }
        return all
    }
}
