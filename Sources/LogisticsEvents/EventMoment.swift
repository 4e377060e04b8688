/// The time of an event: wall clock, monotonic clock, and how far the wall clock can be trusted (gateway.md "Time").
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
