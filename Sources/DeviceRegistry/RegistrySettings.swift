public import AllianceTrust
public import AttestationFormat

/// What a firm asks of its devices' enrolment.
public struct FirmPolicy: Equatable, Sendable {
    /// How long an enrolment code holds, in seconds.
    public var codeLifetimeSeconds: Int64
    /// Wrong codes after which a device's code is locked.
    public var tryLimit: Int
    /// Whether a person other than the one who added a device must approve it before its code works.
    public var needsSecondPerson: Bool

    /// Seven days: a gateway is unpacked and mounted within a week. Five tries: 128 random bits are not guessed, so that more than
    /// a few wrong ones are a mistake that a person should look at.
    public init(codeLifetimeSeconds: Int64 = 7 * 86_400, tryLimit: Int = 5, needsSecondPerson: Bool = false) {
        self.codeLifetimeSeconds = codeLifetimeSeconds
        self.tryLimit = tryLimit
        self.needsSecondPerson = needsSecondPerson
    }
}

/// A firm with the key that issues its seal certificates.
public struct FirmIssuing: Sendable {
    /// The firm's name, O of its certificates.
    public let firm: Name
    /// Issues new seal certificates.
    public let authority: CertificateAuthority
    /// Earlier issuing keys, which still sign revocation lists of what they issued.
    public let former: [CertificateAuthority]
    public let policy: FirmPolicy

    public init(
        firm: Name, authority: CertificateAuthority, former: [CertificateAuthority] = [], policy: FirmPolicy = FirmPolicy()
    ) {
        self.firm = firm
        self.authority = authority
        self.former = former
        self.policy = policy
    }
}

/// What a registry is opened with.
public struct RegistrySettings: Sendable {
    public var alliance: Name
    /// The alliance's root certificate, which `cacerts` of `seal` answers beside the firms'.
    public var root: CertificateBytes
    public var firms: [FirmIssuing]
    /// Issues link certificates; has no key where ``linkSource`` gets them from the alliance's registry.
    public var link: CertificateAuthority
    /// The alliance's registry, where a firm runs its own; nil: link certificates are issued here.
    public var linkSource: (any LinkSource)?
    /// Life of a seal certificate; years, since its key may live in hardware. No certificate outlives its issuer's.
    public var sealDays = 10 * 365
    /// Life of a link certificate.
    public var linkDays = 90
    /// How long after its end a link certificate still authenticates its own renewal.
    public var renewalGraceDays = 30
    /// From thisUpdate to nextUpdate of a revocation list. OpenSSL, and so mosquitto, refuses every client after it, so a list is made anew
    /// at half of its life.
    public var listDays = 30

    public init(alliance: Name, root: CertificateBytes, firms: [FirmIssuing], link: CertificateAuthority) {
        self.alliance = alliance
        self.root = root
        self.firms = firms
        self.link = link
    }
}
