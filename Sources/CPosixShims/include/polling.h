// poll(2) over a plain array, and a wake-up descriptor for loops that another thread must be able to wake.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// One watched descriptor; the same layout as the C library's (checked at compile time). A negative `descriptor` is skipped.
struct posix_poll_entry {
    int32_t descriptor;
    int16_t events;     ///< what to wait for: POSIX_POLL_IN, POSIX_POLL_OUT
    int16_t revents;    ///< what happened, also ERROR, HANGUP, INVALID
};

#define POSIX_POLL_IN 0x001
#define POSIX_POLL_OUT 0x004
#define POSIX_POLL_ERROR 0x008
#define POSIX_POLL_HANGUP 0x010
#define POSIX_POLL_INVALID 0x020

/// Waits until something happens or `timeout_milliseconds` have passed (-1: for ever). Returns how many entries have
/// `revents`; a signal counts as a wake-up with none (0, all `revents` cleared).
int posix_poll(struct posix_poll_entry *entries, size_t count, int32_t timeout_milliseconds);

/// A descriptor that becomes readable when `posix_wake_signal` is called, from any thread; closed with `posix_socket_close`.
int posix_wake_open(void);
int posix_wake_signal(int descriptor);
/// Makes it unreadable again.
int posix_wake_clear(int descriptor);
