/// What a node says to a gateway (section 6). Unsigned but for what is inside.
public enum Reply: Sendable {
    /// 0: a receipt for the batch that starts at `first`; the receipt's subject names the epoch.
    case receipt(first: UInt64, UnverifiedReceipt)
    /// 1: the newest statement of this gateway that the node has; nil: it has none.
    case position(Statement?)
    /// 2: a batch was not accepted.
    case refusal(Refusal)
    /// 3: a newer trust file.
    case trustFile(UnverifiedTrustFile)
}

/// Why a node did not accept a batch. Never trusted: it changes back-off and `status`, nothing more.
public struct Refusal: Sendable {
    /// The codes of section 6. Numbers that are not known yet are kept.
    public struct Code: RawRepresentable, Hashable, Sendable {
        public let rawValue: UInt64
        public init(rawValue: UInt64) { self.rawValue = rawValue }

        public static let unknownGateway = Code(rawValue: 1)
        public static let certificateNotValid = Code(rawValue: 2)
        public static let revoked = Code(rawValue: 3)
        public static let badSignature = Code(rawValue: 4)
        public static let badChain = Code(rawValue: 5)
        /// This sequence, other bytes; ``Refusal/conflicting`` has them.
        public static let conflict = Code(rawValue: 6)
        public static let malformed = Code(rawValue: 7)
        public static let tooLarge = Code(rawValue: 8)
        public static let rateLimited = Code(rawValue: 9)
    }

    /// First sequence of the batch.
    public let first: UInt64
    public let code: Code
    /// For people.
    public let text: UTF8Text
    /// The statement that the node already has for this sequence, with code 6.
    public let conflicting: Statement?

    public init(first: UInt64, code: Code, text: UTF8Text, conflicting: Statement? = nil) {
        self.first = first
        self.code = code
        self.text = text
        self.conflicting = conflicting
    }
}
