/// The lines that make a mosquitto 2 serve an alliance and no one else (wire-format.md, section 7).
///
/// Two texts, for two files: the configuration and the access control list. Paths are the caller's, since the files often
/// move to another machine.
public struct BrokerConfiguration: Equatable, Sendable {
    /// Where the broker finds its files.
    public struct Paths: Equatable, Sendable {
        public var linkAuthority: String
        public var revocationList: String
        public var certificate: String
        public var key: String
        public var accessList: String
        /// Folder for retained messages and queues; nil: persistence off.
        public var persistence: String?

        public init(
            linkAuthority: String, revocationList: String, certificate: String, key: String, accessList: String,
            persistence: String?
        ) {
            self.linkAuthority = linkAuthority
            self.revocationList = revocationList
            self.certificate = certificate
            self.key = key
            self.accessList = accessList
            self.persistence = persistence
        }
    }

    /// One node: its name, and its workers' names.
    public struct Node: Equatable, Sendable {
        public var name: String
        public var workers: [String]

        public init(name: String, workers: [String]) {
            self.name = name
            self.workers = workers
        }
    }

    public var port: Int
    /// nil: all addresses.
    public var bindAddress: String?
    /// Whom the broker becomes when it is started as root; nil: mosquitto's own choice, the user `mosquitto`.
    public var user: String?
    public var paths: Paths
    public var nodes: [Node]

    public init(port: Int, bindAddress: String?, user: String? = nil, paths: Paths, nodes: [Node]) {
        self.port = port
        self.user = user
        self.bindAddress = bindAddress
        self.paths = paths
        self.nodes = nodes
    }

    /// Largest message: a batch-message of 262,144 bytes (wire-format.md, section 1) with topic and properties around it.
    static let messageByteCount = 262_144 + 8_192

    /// By these its own configurations are known again.
    static let firstWords = "# Written by harborseal alliance broker-config"

    /// The configuration's lines.
    public var configuration: String {
        """
        \(Self.firstWords) for mosquitto 2; write it again rather than edit it.
        # The wire format, section 7: one issuer is trusted, the alliance's link CA; names come from certificates.
        \(user.map { "user \($0)\n" } ?? "")listener \(port)\(bindAddress.map { " " + $0 } ?? "")
        protocol mqtt
        cafile \(paths.linkAuthority)
        certfile \(paths.certificate)
        keyfile \(paths.key)
        # Empty from the first day. SIGHUP reads a new one, for those who connect from then on: a restart also ends what stands.
        crlfile \(paths.revocationList)
        tls_version tlsv1.2
        require_certificate true
        # CN is the user name, and the user name the client id: nobody can take another's session.
        use_identity_as_username true
        use_username_as_clientid true
        max_qos 1

        allow_anonymous false
        acl_file \(paths.accessList)
        # What somebody retained goes with the right to say it. The manual calls this the default; mosquitto 2.0.11 does otherwise.
        check_retain_source true

        # A batch-message and what is around it; more is not read into memory.
        max_packet_size \(Self.messageByteCount)
        # A gateway has 10 batches on their way to the broker and 64 without a quorum of receipts; nodes take them in order.
        max_inflight_messages 20
        # What waits for a node that is away. Gateways send again whatever no receipt answers, so this may be small.
        max_queued_messages 10000
        max_queued_bytes 67108864
        max_keepalive 600
        persistent_client_expiration 7d

        \(persistenceLines)
        log_dest stderr
        log_type error
        log_type warning
        log_type notice
        connection_messages true

        """
    }

    private var persistenceLines: String {
        guard let folder = paths.persistence else { return "persistence false" }
        let slashed = folder.hasSuffix("/") ? folder : folder + "/"
        return """
            persistence true
            persistence_location \(slashed)
            autosave_interval 60
            """
    }

    /// The access control list's lines. `%u` is the certificate's CN, which only the link CA gives.
    public var accessList: String {
        var lines = """
            # Written by harborseal alliance broker-config. The shard is a level of its own, hence the +.
            # Every gateway: its own batches, hellos and status, and the replies to it.
            pattern write hs/1/+/%u/batch
            pattern write hs/1/+/%u/hello
            pattern write hs/1/+/%u/status
            pattern read hs/1/+/%u/reply/+

            """
        for node in nodes {
            for user in [node.name] + node.workers.map({ "\(node.name).\($0)" }) {
                lines += """

                    user node.\(user)
                    topic read hs/1/+/+/batch
                    topic read hs/1/+/+/hello
                    topic read hs/1/+/+/status
                    topic write hs/1/+/+/reply/\(node.name)

                    """
            }
        }
        return lines
    }
}
