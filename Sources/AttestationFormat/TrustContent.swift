/// What a trust file says (section 9): the members of an alliance, their keys, and how many receipts make a quorum.
///
/// A plain value; that the alliance's root signed it is ``TrustFile``'s to say. Times are seconds since 1970-01-01Z.
public struct TrustContent: Hashable, Sendable {
    /// 2.
    public var alliance: Name
    /// 3, rises with every change.
    public var version: UInt64
    /// 4, DER.
    public var rootCertificate: [UInt8]
    /// 5.
    public var firms: [Firm] = []
    /// 6.
    public var nodes: [Node] = []
    /// 7.
    public var quorum: Quorum
    /// 8, self-signed, DER.
    public var linkCertificate: [UInt8]
    /// 9.
    public var contracts: [Contract] = []
    /// 10, empty when the alliance publishes none.
    public var revocationListURLs: [UTF8Text] = []
    /// 11.
    public var notAfterSeconds: UInt64?

    public init(
        alliance: Name, version: UInt64, rootCertificate: [UInt8], linkCertificate: [UInt8], quorum: Quorum
    ) {
        self.alliance = alliance
        self.version = version
        self.rootCertificate = rootCertificate
        self.linkCertificate = linkCertificate
        self.quorum = quorum
    }

    /// A firm and the certificates that issue its seal certificates.
    public struct Firm: Hashable, Sendable {
        public var name: Name
        /// DER, at least one.
        public var issuingCertificates: [[UInt8]]
        /// When the firm left; nil while it is a member.
        public var untilSeconds: UInt64?

        public init(name: Name, issuingCertificates: [[UInt8]], untilSeconds: UInt64? = nil) {
            self.name = name
            self.issuingCertificates = issuingCertificates
            self.untilSeconds = untilSeconds
        }
    }

    /// A node, its ledger and its keys.
    public struct Node: Hashable, Sendable {
        public var name: Name
        /// `<alliance>/<node>`.
        public var origin: UTF8Text
        /// At least one.
        public var keys: [NodeKey]
        /// Ed25519 key of its checkpoints, 32 bytes.
        public var logKey: [UInt8]?
        /// Ed25519 key of its cosignatures, 32 bytes.
        public var witnessKey: [UInt8]?
        public var url: UTF8Text?

        public init(
            name: Name, origin: UTF8Text, keys: [NodeKey], logKey: [UInt8]? = nil, witnessKey: [UInt8]? = nil,
            url: UTF8Text? = nil
        ) {
            self.name = name
            self.origin = origin
            self.keys = keys
            self.logKey = logKey
            self.witnessKey = witnessKey
            self.url = url
        }
    }

    /// A key that signs receipts from `fromSeconds` on, and until just before `untilSeconds`.
    public struct NodeKey: Hashable, Sendable {
        public var publicKey: PublicKey
        public var fromSeconds: UInt64
        public var untilSeconds: UInt64?

        public init(publicKey: PublicKey, fromSeconds: UInt64, untilSeconds: UInt64? = nil) {
            self.publicKey = publicKey
            self.fromSeconds = fromSeconds
            self.untilSeconds = untilSeconds
        }

        /// Whether the key is in force at a time.
        public func isInForce(atSeconds seconds: UInt64) -> Bool {
            guard fromSeconds <= seconds else { return false }
            guard let untilSeconds else { return true }
            return seconds < untilSeconds
        }
    }

    /// How many nodes must vouch for a batch.
    public struct Quorum: Hashable, Sendable {
        /// When nodes give receipts.
        public enum Policy: Hashable, Sendable {
            /// At once.
            case receipts
            /// At cosigned sizes only.
            case cosigned
        }

        public var receiptsNeeded: UInt64
        public var cosignaturesNeeded: UInt64?
        public var policy: Policy

        public init(receiptsNeeded: UInt64, cosignaturesNeeded: UInt64? = nil, policy: Policy = .receipts) {
            self.receiptsNeeded = receiptsNeeded
            self.cosignaturesNeeded = cosignaturesNeeded
            self.policy = policy
        }
    }

    /// A contract on a chain outside the alliance that keeps the roots of one ledger.
    public struct Contract: Hashable, Sendable {
        public var chainID: UInt64
        /// 20 bytes.
        public var address: [UInt8]
        public var origin: UTF8Text

        public init(chainID: UInt64, address: [UInt8], origin: UTF8Text) {
            self.chainID = chainID
            self.address = address
            self.origin = origin
        }
    }
}
