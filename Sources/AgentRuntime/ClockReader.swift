internal import CPosixShims
internal import GatewayAgent
internal import LogisticsEvents

/// Reads the clocks once a turn, and asks the kernel now and then how far the wall clock can be trusted.
struct ClockReader {
    /// The kernel is asked for its error estimate this often; it changes slowly.
    private static let statusMilliseconds: UInt64 = 10_000

    private var status = posix_clock_status()
    private var nextStatusMilliseconds: UInt64 = 0

    mutating func read() -> Moment {
        let monotonic = UInt64(max(0, posix_boottime_milliseconds()))
        if monotonic >= nextStatusMilliseconds {
            if posix_clock_status_read(&status) < 0 { status.synchronised = false }
            nextStatusMilliseconds = monotonic &+ Self.statusMilliseconds
        }
        return Moment(
            monotonicMilliseconds: monotonic, wallMilliseconds: UInt64(max(0, posix_realtime_milliseconds())),
            clockSource: status.synchronised ? .ntp : .rtc,
            errorMilliseconds: status.synchronised ? UInt64(max(0, status.estimated_error_milliseconds)) : nil,
            isSynchronised: status.synchronised)
    }
}
