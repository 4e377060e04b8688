/// Who supplies random bytes for salts: the agent's `SecureRandom`, or a fixed sequence in tests.
public protocol SaltSource {
    /// Fresh random bytes; `byteCount` is at most 16.
    mutating func salt(byteCount: Int) -> [UInt8]
    /// Whether events may leave as leaf hashes: then kinds that need no salt otherwise have one too.
    var isForHashes: Bool { get }
}

extension SaltSource {
    public var isForHashes: Bool { false }
}

/// How long an event's salt is (wire-format.md section 3): a proof reveals its neighbours' leaf hashes, and a plain
/// reading could be guessed from its hash.
public enum SaltRule {
    /// Where a kind concerns a person.
    public static let personByteCount = 16
    /// Everything else that is not the agent's own.
    public static let ordinaryByteCount = 8

    /// Salt bytes of a numbered kind: none for control events and equipment, unless they are shared as hashes.
    public static func byteCount(for kind: KnownKind, sharedAsHashes: Bool = false) -> Int {
        if kind.description.concernsPerson { return personByteCount }
        return sharedAsHashes || kind.rawValue >= KnownKind.unitPacked.rawValue ? ordinaryByteCount : 0
    }

    /// Salt bytes of a firm's own kind: nobody but the firm knows what it tells.
    public static let ownKindByteCount = ordinaryByteCount
}
