import AttestationFormat
import MerkleTree

extension ChainFacts {
    /// Asks the store what the rules need to know of one statement.
    ///
    /// - Parameter oldestHeld: of the gateway's latest hello, when that named this epoch.
    init(
        of link: ChainLink, in epoch: Epoch, of signer: SignerID, oldestHeld: UInt64?, from transaction: some NodeTransaction
    ) throws {
        self.init()
        self.oldestHeld = oldestHeld
        self.epoch = try transaction.epochState(epoch, of: signer)
        let newest = try transaction.newest(of: signer)
        hasStatements = newest != nil
        isNewestEpoch = newest?.epoch == epoch
        rivalOpening = try transaction.opening(after: link.previous, of: signer)
        if let state = self.epoch, link.range.start == state.next {
            // The way of nearly every statement: nothing else can matter.
            predecessor = try transaction.tail(of: epoch, of: signer)
        } else {
            occupant = try transaction.statement(epoch, first: link.range.start, of: signer)?.hash
            isAwaitedEnd = try transaction.opening(after: link.hash, of: signer) != nil
            try readNeighbours(of: link, in: epoch, of: signer, from: transaction)
        }
        if !isNewestEpoch, let newest {
            newestLacksOpening = try transaction.epochState(newest.epoch, of: signer)?.hasOpening == false
        }
        if self.epoch == nil { previousStanding = try Self.standing(of: link.previous, of: signer, newest, transaction) }
    }

    private mutating func readNeighbours(
        of link: ChainLink, in epoch: Epoch, of signer: SignerID, from transaction: some NodeTransaction
    ) throws {
        guard let hole = self.epoch?.hole(containing: link.range.start) else { return }
        predecessor = try transaction.statement(epoch, endingAt: link.range.start, of: signer)?.hash
        successor = try transaction.statement(epoch, first: hole.end, of: signer)
    }

    private static func standing(
        of previous: Digest, of signer: SignerID, _ newest: NewestStatement?, _ transaction: some NodeTransaction
    ) throws -> PreviousStanding {
        if previous == newest?.hash { return .newest }
        return try transaction.entry(hash: previous)?.signer == signer ? .older : .unknown
    }
}
