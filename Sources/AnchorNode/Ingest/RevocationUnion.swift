public import AllianceTrust
public import MerkleTree

/// A revocation list whose signature an issuing key made, as a node was shown it.
public struct ShownList: Sendable {
    public let issuingKeyID: Digest
    public let firm: String
    public let number: RevocationListNumber
    public let der: [UInt8]
    /// SHA-256 of what was signed.
    public let hash: Digest
    public private(set) var entries: [UnverifiedRevocationList.Entry]

    /// nil: the list has no number.
    init?(_ list: UnverifiedRevocationList, issuingKeyID: Digest, firm: String) {
        guard let number = list.number else { return nil }
        self.issuingKeyID = issuingKeyID
        self.firm = firm
        self.number = number
        der = list.der
        hash = list.contentHash
        entries = list.entries
    }

    /// The same list with some of its entries left out of account.
    func counting(where isCounted: (UnverifiedRevocationList.Entry) throws -> Bool) rethrows -> ShownList {
        var list = self
        list.entries = try entries.filter(isCounted)
        return list
    }
}

/// A serial number that an issuing key has revoked, by one of its lists.
public struct HeldRevocation: Equatable, Sendable {
    public let issuingKeyID: Digest
    public let serialNumber: [UInt8]
    /// The earliest second that any list gives, since 1970.
    public let sinceSeconds: Int64
    /// The newest list that says so (``ShownList/hash``).
    public let list: Digest
}

/// All that one issuing key ever revoked, by the lists that a node was shown: what was revoked once stays revoked.
///
/// A list is a whole one, so a newer one should name all that those before it named. One that does not, because its issuer forgets or somebody else has
/// the key, takes nothing back. What is revoked does not depend on the order in which lists come.
struct RevocationUnion {
    /// The list with the highest number.
    struct Newest {
        let number: RevocationListNumber
        let hash: Digest
    }

    /// What a list is to those that were shown before.
    enum Judgement: Equatable {
        /// The one that is held, again.
        case held
        /// It is the newest now; of what the one before it revoked, it leaves out so many or gives them a later time.
        case newest(forgottenCount: Int)
        /// It is older, and revokes so many that no list before it revoked.
        case older(addedCount: Int)
        /// It is no newer, is another list, and revokes nothing that is not known: who shows it is behind, or replays.
        case stale
        /// With it there would be more revocations than a node keeps of one key.
        case tooMany
    }

    /// Revocations kept of one issuing key: a list has 950 of ours, so that only lists that forget, again and again, come to as many. Beyond it
    /// those of certificates that the node has are kept all the same.
    static let limit = 65_536

    private struct Known {
        var sinceSeconds: Int64
        var list: Digest
    }

    private(set) var newest: Newest?
    private var known: [[UInt8]: Known] = [:]

    init(newest: Newest?, _ held: [HeldRevocation]) {
        self.newest = newest
        for revocation in held { known[revocation.serialNumber] = Known(sinceSeconds: revocation.sinceSeconds, list: revocation.list) }
    }

    /// Takes a list.
    ///
    /// - Parameter isBounded: false: whatever it revokes is of certificates that the node has, which bound it already.
    /// - Returns: what it is, and the revocations that it is the newest to say, or the first.
    mutating func take(_ list: ShownList, isBounded: Bool = true) -> (Judgement, [HeldRevocation]) {
        guard newest?.hash != list.hash else { return (.held, []) }
        let isNewest = newest.map { $0.number < list.number } ?? true
        let changed = list.earliest.filter { serial, since in
            guard let known = known[serial] else { return true }
            return since < known.sinceSeconds || (isNewest && since == known.sinceSeconds)
        }
        let addedCount = changed.count { serial, since in known[serial].map { since < $0.sinceSeconds } ?? true }
        guard !isBounded || known.count + changed.count(where: { known[$0.key] == nil }) <= Self.limit else { return (.tooMany, []) }
        guard isNewest || addedCount > 0 else { return (.stale, []) }
        let before = newest?.hash
        for (serial, since) in changed { known[serial] = Known(sinceSeconds: since, list: list.hash) }
        let revocations = changed.map {
            HeldRevocation(issuingKeyID: list.issuingKeyID, serialNumber: $0.key, sinceSeconds: $0.value, list: list.hash)
        }
        guard isNewest else { return (.older(addedCount: addedCount), revocations) }
        newest = Newest(number: list.number, hash: list.hash)
        return (.newest(forgottenCount: known.values.count { $0.list == before }), revocations)
    }
}

extension ShownList {
    /// The earliest time of each serial number: a list may name one twice.
    fileprivate var earliest: [[UInt8]: Int64] {
        Dictionary(entries.map { ($0.serialNumber, $0.sinceSeconds) }, uniquingKeysWith: min)
    }
}
