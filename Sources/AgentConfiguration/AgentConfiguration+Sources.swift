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
        /// Positions from a receiver on a serial device: at most one event a period.
        case nmea(device: UTF8Text, baud: UInt32, periodMilliseconds: Int64)
        /// Sensors behind a local MQTT broker.
        case mqtt(LocalBroker)
        /// The intake socket.
        case intake(socketPath: UTF8Text, mode: UInt32, allowedUserIDs: [UInt32], allowedGroupIDs: [UInt32])
        /// A recorded journey.
        case replay(file: UTF8Text, pace: ReplayPace)
        /// A sensor behind a kernel driver.
        case device(Device, periodMilliseconds: Int64)
        /// A contact at a GPIO line.
        case gpio(Contact)
    }

    /// Where a sensor is found in sysfs.
    public struct Device: Equatable, Sendable {
        public var bus: Bus
        /// The driver's name; the sensor's id in w1.
        public var name: UTF8Text
        public var path: UTF8Text?
        public var channel: UTF8Text
        /// Powers of ten by which the driver's unit is larger than documented; nil: as the agent knows the driver.
        public var factorExponent: Int?
        public var sysfs: UTF8Text

        public enum Bus: UInt8, Equatable, Sendable {
            case iio, hwmon, w1
        }
    }

    /// A GPIO line, and what its edges mean.
    public struct Contact: Equatable, Sendable {
        /// The chip's label or path.
        public var chip: UTF8Text
        public var line: UInt32
        public var event: Event
        public var isActiveLow: Bool
        public var bias: Bias
        public var debounceMilliseconds: UInt32
        /// The seal's number.
        public var seal: UTF8Text?
        /// The GLN of the place, as a GS1 link.
        public var readPoint: UTF8Text?

        /// What its becoming active means.
        public enum Event: UInt8, Equatable, Sendable {
            case door, tamperCase, tamperLight, seal
        }

        public enum Bias: UInt8, Equatable, Sendable {
            case asIs, pullUp, pullDown, disabled
        }
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
