// Clocks. Timers and timeouts use boot time (it goes on counting in suspend), never the wall clock.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Milliseconds since an arbitrary start; stops in suspend (CLOCK_MONOTONIC).
int64_t posix_monotonic_milliseconds(void);
/// Nanoseconds since an arbitrary start; stops in suspend. For measuring.
int64_t posix_monotonic_nanoseconds(void);
/// Milliseconds since boot, suspend included (CLOCK_BOOTTIME).
int64_t posix_boottime_milliseconds(void);
/// Milliseconds since 1970-01-01Z by the wall clock, which may be wrong; below zero before 1970.
int64_t posix_realtime_milliseconds(void);
/// Writes milliseconds since 1970-01-01Z as 2026-11-22T14:03:07.250Z, within `capacity`; "?" for what is beyond the calendar.
void posix_utc_text(uint64_t milliseconds, char *text, size_t capacity);
/// What is said of a certificate that fails by its time alone, in seconds since 1970: ` has expired: it is good from 2026-11-22T14:03Z to 2026-12-22T14:03Z,
/// and this machine's clock says 2027-11-22T14:03Z`. Until the next call. Joined here, since these words joined in Swift are five times the code.
const char *posix_validity_words(int64_t from, int64_t to);
/// Nanoseconds of processor time that this process has used.
int64_t posix_process_time_nanoseconds(void);

/// What the kernel knows of its wall clock (adjtimex).
struct posix_clock_status {
    bool synchronised;                       ///< a time service disciplines the clock
    int64_t estimated_error_milliseconds;    ///< rounded up; meaningful only when synchronised
    int64_t maximum_error_milliseconds;      ///< rounded up
};
/// Fills `status`; 0, or a negated errno (then `status` says unsynchronised).
int posix_clock_status_read(struct posix_clock_status *status);

/// Sleeps; returns early on a signal.
void posix_sleep_milliseconds(uint32_t milliseconds);
