public import AttestationFormat

/// What the agent remembers of one node: for `status` and for back-off, never as a reason to free anything.
public struct NodeRecord: Sendable {
    /// Its name in the trust file.
    public let name: UTF8Text
    /// When anything came from it last, monotonic milliseconds.
    public internal(set) var heardAtMilliseconds: UInt64?
    /// Receipts that were verified and counted.
    public internal(set) var receiptCount: UInt64 = 0
    /// Receipts in its name that nobody looked at, since the quorum was there before them: it answers, and is not needed.
    public internal(set) var surplusReceiptCount: UInt64 = 0
    /// Size of its ledger in the newest verified receipt.
    public internal(set) var treeSize: UInt64 = 0
    /// Receipts that did not verify, or were for other bytes.
    public internal(set) var rejectedReceiptCount: UInt64 = 0
    /// Receipts that were not looked at because the ones before them did not verify.
    public internal(set) var unreadReceiptCount: UInt64 = 0
    /// Valid receipts whose `held` was smaller than what was sent whole.
    public internal(set) var heldTooSmallCount: UInt64 = 0
    /// The code of its latest refusal, until a receipt comes.
    public internal(set) var refusalCode: UInt64?
    /// When the latest refusal came, monotonic milliseconds.
    public internal(set) var refusedAtMilliseconds: UInt64 = 0
    /// Whether it answered the hello of this connection.
    public internal(set) var answeredHello = false
    /// What it lacked is repeated on this schedule, so that one node's wishes never use up another's.
    var catchUpSchedule: ResendSchedule
    /// Where the run began that it was sent last.
    fileprivate(set) var caughtUpFrom: UInt64 = 0
    /// Receipts in a row that did not verify or said too little, under the trust file in force.
    public internal(set) var rejectedInARowCount = 0
    /// When it first answered the open epoch's opening with another end of a former epoch than the opening names.
    var refusedOpeningAtMilliseconds: UInt64?
    /// Signature checks for its unsigned hints are allowed again from here on.
    var nextCheckMilliseconds: UInt64 = 0

    /// After so many forged receipts in a row a name costs one verification a second, until one verifies: a broker that floods
    /// them would keep the one thread from the sources. A true one that is passed over comes again with the next repetition.
    static let patience = 8

    init(name: UTF8Text, receiptTimeoutMilliseconds: UInt64) {
        self.name = name
        catchUpSchedule = ResendSchedule(firstMilliseconds: receiptTimeoutMilliseconds)
    }

    /// One expensive check a second for what anybody on the broker may send.
    mutating func mayCheck(at now: Moment) -> Bool {
        guard now.monotonicMilliseconds >= nextCheckMilliseconds else { return false }
        nextCheckMilliseconds = now.monotonicMilliseconds &+ 1_000
        return true
    }

    /// Whether a receipt in its name may be verified.
    mutating func mayVerifyReceipt(at now: Moment) -> Bool {
        if rejectedInARowCount < Self.patience || mayCheck(at: now) { return true }
        unreadReceiptCount += 1
        return false
    }

    /// Whether the run that it lacks, from `sequence` on, is repeated now. A node that took something since the last time does not
    /// wait twice as long again: its receipts may be surplus, and then nothing else tells that it goes on.
    mutating func mayCatchUp(from sequence: UInt64, at now: Moment) -> Bool {
        if sequence > caughtUpFrom { catchUpSchedule.hurry() }
        if catchUpSchedule.saidAtMilliseconds == nil {
            catchUpSchedule.start(at: now.monotonicMilliseconds)
        } else {
            guard catchUpSchedule.isDue(at: now) else { return false }
            catchUpSchedule.repeated(at: now)
        }
        caughtUpFrom = sequence
        return true
    }
}

/// The nodes of the trust file. It only grows, so that a ``NodeIndex`` stays valid when the file is replaced.
public struct NodeTable: Sendable {
    private let receiptTimeoutMilliseconds: UInt64
    public private(set) var records: [NodeRecord] = []

    public init(receiptTimeoutMilliseconds: UInt64) {
        self.receiptTimeoutMilliseconds = receiptTimeoutMilliseconds
    }

    /// Makes room for the nodes of a trust file; those beyond 64 cannot be told apart and are left out. What did not verify under the file
    /// before tells nothing any more.
    public mutating func adopt(names: [UTF8Text]) {
        for index in records.indices { records[index].rejectedInARowCount = 0 }
        for name in names where index(of: name) == nil && records.count < NodeSet.capacity {
            records.append(NodeRecord(name: name, receiptTimeoutMilliseconds: receiptTimeoutMilliseconds))
        }
    }

    public func index(of name: UTF8Text) -> NodeIndex? {
        var index = 0
        while index < records.count {
            if records[index].name == name { return index }
            index += 1
        }
        return nil
    }

    public subscript(index: NodeIndex) -> NodeRecord {
        get { records[index] }
        set { records[index] = newValue }
    }

    /// Another opening goes out: nobody has refused it yet.
    mutating func epochBegan() {
        for index in records.indices {
            records[index].refusedOpeningAtMilliseconds = nil
            records[index].caughtUpFrom = 0
        }
    }

    /// A new connection: nobody has answered its hello yet.
    mutating func connectionBegan() {
        for index in records.indices { records[index].answeredHello = false }
    }
}
