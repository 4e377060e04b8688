import AttestationFormat

/// The time of an event: wall clock, monotonic clock, and how far the wall clock can be trusted.
public struct EventMoment: Sendable, Equatable {
    /// Where the wall-clock time comes from, as in key 3 of an event.
    public enum ClockSource: UInt8, Sendable, CaseIterable {
        case none = 0
        case rtc = 1
        case ntp = 2
        case gnss = 3
        case ptp = 4
    }

    /// Wall-clock time, in ms since 1970-01-01T00:00Z.
    public var wallMilliseconds: UInt64
    /// Monotonic time, in ms since boot.
    public var monotonicMilliseconds: UInt64
    public var clockSource: ClockSource
    /// The clock's estimated error, in ms; nil when nobody knows.
    public var errorMilliseconds: UInt64?
    /// The wall clock has not been set by anything better than a guess: flag 2.
    public var isUnsynchronised: Bool
    /// The wall clock has been stepped since the last event: flag 3.
    public var isStepped: Bool

    public init(
        wallMilliseconds: UInt64, monotonicMilliseconds: UInt64, clockSource: ClockSource = .none,
        errorMilliseconds: UInt64? = nil, isUnsynchronised: Bool = false, isStepped: Bool = false
    ) {
        self.wallMilliseconds = wallMilliseconds
        self.monotonicMilliseconds = monotonicMilliseconds
        self.clockSource = clockSource
        self.errorMilliseconds = errorMilliseconds
        self.isUnsynchronised = isUnsynchronised
        self.isStepped = isStepped
    }
}

extension EventMoment {
    /// Key 3 of an event; nil when nothing is known about the clock.
    var clock: EventClock? {
        guard clockSource != .none || errorMilliseconds != nil else { return nil }
        return EventClock(source: .init(rawValue: UInt64(clockSource.rawValue)), errorMilliseconds: errorMilliseconds)
    }

    /// What key 11 says about the clock.
    var flags: EventFlags {
        var flags: EventFlags = []
        if isUnsynchronised { flags.insert(.clockUnsynchronised) }
        if isStepped { flags.insert(.clockStepped) }
        return flags
    }
}

extension EventMoment.ClockSource {
    /// The word in the field `clock-source`.
    var word: UTF8Text {
        switch self {
        case .none: "none"
        case .rtc: "rtc"
        case .ntp: "ntp"
        case .gnss: "gnss"
        case .ptp: "ptp"
        }
    }
}
