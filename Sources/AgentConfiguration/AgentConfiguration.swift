public import AttestationFormat
public import ConfigurationFile
public import LogisticsEvents
public import SealToken

/// What `agent.conf`, its drop-ins, the environment and the flags say together, checked and typed.
///
/// Every key stands in one table, ``AgentSettings``, from which parsing, `check-config` and the documentation are made.
/// Times are milliseconds, sizes bytes.
public struct AgentConfiguration: Sendable {
    public var identity: Identity
    public var journal: Journal
    public var batches: Batches
    public var link: Link
    public var registry: Registry
    public var seal: Seal
    public var trust: Trust
    public var control: Control
    public var log: Log
    /// In the order of their sections.
    public var sources: [Source]
    /// In the order of their sections; each belongs to a source of type mqtt.
    public var mappings: [Mapping]
    /// In the order of their sections.
    public var sensors: [Sensor]
    /// What the sensors' values must not do: the rules of the sensors' profiles, then those of `[rule.NAME]` sections.
    public var rules: [ConditionRule]
    /// Every value with where it came from: what `check-config` prints.
    public var resolved: ResolvedConfiguration
    /// What works and is most likely a slip, for people.
    public var warnings: [UTF8Text]

    /// `[identity]`: who this gateway is (wire-format.md, section 2).
    public struct Identity: Equatable, Sendable {
        public var alliance: UTF8Text
        public var firm: UTF8Text
        public var device: UTF8Text
    }

    /// `[journal]`: where events are kept, how long, and what gives way when space runs out.
    public struct Journal: Equatable, Sendable {
        public var directory: UTF8Text
        public var capByteCount: Int64
        public var segmentByteCount: Int64
        public var keepForMilliseconds: Int64
        /// True when `share` or its exceptions let a kind leave as hashes: segments then also wait for `journal archive`.
        public var keepsUntilArchived: Bool
        /// 0: every event is synced by itself.
        public var syncIntervalMilliseconds: Int64
        public var fullPolicy: FullPolicy
    }

    /// What is dropped when the cap is reached.
    public enum FullPolicy: UInt8, Equatable, Sendable { case newest, lowestPriority }

    /// `[batches]`: when a batch closes, and how it is shared.
    public struct Batches: Equatable, Sendable {
        public var eventCount: Int
        public var byteCount: Int64
        public var intervalMilliseconds: Int64
        public var share: Share
        /// Numbers of the kinds for which the opposite of `share` holds.
        public var shareExceptions: [UInt64]
        /// Batches a second that catch-up may publish.
        public var catchUpBatchesPerSecond: Int
    }

    /// Whether nodes get events whole or as hashes.
    public enum Share: UInt8, Equatable, Sendable { case events, hashes }

    /// `[link]`: the brokers and how the connection is protected.
    public struct Link: Equatable, Sendable {
        /// Tried in turn. Empty: nothing is published, and nothing waits for nodes.
        public var brokers: [Broker]
        public var authorityFile: UTF8Text?
        public var certificateFile: UTF8Text?
        public var keyFile: UTF8Text?
        public var isInsecure: Bool
        public var keepAliveMilliseconds: Int64
        public var receiptTimeoutMilliseconds: Int64
        public var unreceiptedBatchCount: Int
        public var unreceiptedByteCount: Int64
        public var mqttVersion: MQTTVersion
    }

    /// Where a broker listens.
    public struct Broker: Equatable, Sendable {
        public var host: UTF8Text
        public var port: UInt16
    }

    /// Which version of MQTT is spoken; `automatic` tries 5 first.
    public enum MQTTVersion: UInt8, Equatable, Sendable { case automatic, version5, version311 }

    /// `[registry]`: where certificates are renewed.
    public struct Registry: Equatable, Sendable {
        /// Nil: nothing is renewed.
        public var address: Broker?
        /// Whether the running agent renews the link certificate by itself.
        public var renewsByItself: Bool
    }

    /// `[seal]`: the key that signs evidence.
    public struct Seal: Equatable, Sendable {
        public var key: KeyLocation
        public var certificateFile: UTF8Text
    }

    /// `[trust]`: whom this gateway believes.
    public struct Trust: Equatable, Sendable {
        public var file: UTF8Text
    }

    /// `[control]`: the socket of `status`.
    public struct Control: Equatable, Sendable {
        public var socketPath: UTF8Text
        /// Mode bits, for example 0o660.
        public var mode: UInt32
    }

    /// `[log]`: what is said on standard error.
    public struct Log: Equatable, Sendable {
        public var level: LogLevel
    }

    /// The least important messages that are still printed.
    public enum LogLevel: UInt8, Equatable, Sendable, Comparable {
        case error, warning, info, debug

        public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
    }
}
