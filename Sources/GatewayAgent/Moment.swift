public import LogisticsEvents

/// One reading of all clocks, taken once per turn of the loop and handed down: the state machine has no clock of its own.
public struct Moment: Sendable, Equatable {
    /// Milliseconds since boot. Every timer and timeout uses this clock alone.
    public var monotonicMilliseconds: UInt64
    /// Milliseconds since 1970-01-01Z. For people and events; never for order, timeouts or expiry.
    public var wallMilliseconds: UInt64
    /// Where the wall clock's time comes from.
    public var clockSource: EventMoment.ClockSource
    /// The wall clock's estimated error in milliseconds; `nil` when nobody knows.
    public var errorMilliseconds: UInt64?
    /// Whether something disciplines the wall clock.
    public var isSynchronised: Bool

    public init(
        monotonicMilliseconds: UInt64, wallMilliseconds: UInt64, clockSource: EventMoment.ClockSource = .none,
        errorMilliseconds: UInt64? = nil, isSynchronised: Bool = false
    ) {
        self.monotonicMilliseconds = monotonicMilliseconds
        self.wallMilliseconds = wallMilliseconds
        self.clockSource = clockSource
        self.errorMilliseconds = errorMilliseconds
        self.isSynchronised = isSynchronised
    }

    /// Whole seconds since 1970, as `iat` is written.
    public var wallSeconds: UInt64 { wallMilliseconds / 1000 }

    /// Milliseconds since an earlier monotonic reading; 0 if the reading lies ahead.
    public func milliseconds(since earlier: UInt64) -> UInt64 {
        monotonicMilliseconds > earlier ? monotonicMilliseconds - earlier : 0
    }
}
