public import AttestationFormat
public import LogisticsEvents

extension AgentConfiguration {
    /// `[source.NAME]`: where events come from.
    public struct Source: Equatable, Sendable {
        /// The part of the section's name after `source.`
        public var name: UTF8Text
        public var kind: SourceKind
    }

    /// A source's type with its options.
    public enum SourceKind: Equatable, Sendable {
        /// The machine's own health.
        case health(periodMilliseconds: Int64, diskPath: UTF8Text)
        /// Positions from gpsd: at most one event a period.
        case gpsd(host: UTF8Text, port: UInt16, periodMilliseconds: Int64)
        /// The intake socket.
        case intake(socketPath: UTF8Text, mode: UInt32, allowedUserIDs: [UInt32], allowedGroupIDs: [UInt32])
        /// A recorded journey.
        case replay(file: UTF8Text, pace: ReplayPace)
    }

    /// How fast a recording is replayed.
    public enum ReplayPace: Equatable, Sendable {
        /// As the lines' own times say.
        case original
        /// As fast as the journal takes them.
        case fast
        /// So many times faster than their own times say.
        case times(UInt32)
    }

    /// `[sensor.NAME]`: what a sensor measures, where it sits, what is plausible, and when its readings become events.
    public typealias Sensor = SensorSettings
}
