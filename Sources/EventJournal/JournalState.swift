internal import MerkleTree

/// What the journal knows beyond its segments' places. It exists twice: as of the last append, and as of the last sync.
struct JournalState {
    /// Sources have one byte in each record; a gateway has a handful.
    static let sourceLimit = 64
    /// A source's name, as the intake takes it.
    static let sourceNameLimit = 64
    /// Former epochs that are remembered; one begins at a rollback, a conflict or unsigned loss, not in ordinary life.
    static let formerEpochLimit = 64
    /// Stands for the epoch of a segment whose header was lost before another one told it; never drawn, never remembered.
    static let unknownEpoch: UInt64 = 0
    /// Damaged places that are remembered as declared.
    static let declaredLimit = 64

    struct Source {
        var name: [UInt8]
        /// One more than the highest number stored; 0: none.
        var numberLimit: UInt64 = 0
    }

    /// A damaged place, named by where it begins.
    struct Place: Equatable {
        var segment: UInt64
        var offset: UInt64
    }

    var epoch: UInt64 = 0
    var reason = EpochEnd.journalNew
    var nextSequence: UInt64 = 0
    var signedUpTo: UInt64 = 0
    var quorumUpTo: UInt64 = 0
    /// Up to where the owner has a copy, with events whole: all former epochs, and of this one the events below the sequence.
    var archivedEpoch = Self.unknownEpoch
    var archivedUpTo: UInt64 = 0
    var statementHash = Digest()
    /// How long the agent has been running in all; a lower bound of the time that has passed.
    var runningMilliseconds: UInt64 = 0
    /// Oldest first.
    var formerEpochs: [UInt64] = []
    var sources: [Source] = []
    var declared: [Place] = []

    /// Events of the epoch below this sequence have an archived copy.
    var ownArchivedUpTo: UInt64 { archivedEpoch == epoch ? archivedUpTo : 0 }

    /// Makes sure that the table has this place; its name may be unknown when damage took the record.
    mutating func ensureSource(_ index: Int) {
        while sources.count <= index { sources.append(Source(name: [])) }
    }

    @inline(__always)
    mutating func noteNumber(_ number: UInt64, source index: Int) {
        if number >= sources[index].numberLimit {
            sources[index].numberLimit = number == .max ? .max : number + 1
        }
    }

    /// What damage takes of this is archived once more.
    mutating func noteArchived(upTo sequence: UInt64) {
        archivedUpTo = max(ownArchivedUpTo, sequence)
        archivedEpoch = epoch
    }

    mutating func noteDeclared(_ place: Place) {
        guard !declared.contains(place) else { return }
        if declared.count == Self.declaredLimit { declared.removeFirst() }
        declared.append(place)
    }

    mutating func noteFormerEpoch(_ epoch: UInt64) {
        guard epoch != Self.unknownEpoch, !formerEpochs.contains(epoch) else { return }
        if formerEpochs.count == Self.formerEpochLimit { formerEpochs.removeFirst() }
        formerEpochs.append(epoch)
    }
}
