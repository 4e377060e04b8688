// The process itself: signals, environment, service manager, limits, random numbers, standard error.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POSIX_SIGNAL_HANGUP 1
#define POSIX_SIGNAL_INTERRUPT 2
#define POSIX_SIGNAL_TERMINATE 15

/// Blocks SIGTERM, SIGINT and SIGHUP, ignores SIGPIPE, and returns a descriptor that is readable when one has come.
/// Call it once, first, before any thread exists.
int posix_signals_open(void);
/// The next signal's number, 0 when there is none, or a negated errno.
int posix_signals_next(int descriptor);
/// Ignores SIGPIPE only: for programs that handle the other signals themselves.
void posix_ignore_broken_pipes(void);

int32_t posix_process_id(void);
uint32_t posix_user_id(void);
uint32_t posix_group_id(void);

/// Tells the service manager, for example "READY=1" (sd_notify). 1: sent; 0: there is none (NOTIFY_SOCKET unset).
int posix_notify(const char *state);

/// The variable's value, or NULL. Valid until the environment changes.
const char *posix_environment(const char *name);
/// Sets it; an existing value stays unless `overwrite`.
int posix_environment_set(const char *name, const char *value, bool overwrite);

/// Sets the file mode mask and returns the old one.
uint32_t posix_umask(uint32_t mask);
/// Caps the writable memory of this process (RLIMIT_DATA): what a hostile broker's announced length may cost at most.
int posix_memory_limit(uint64_t byte_count);
/// Caps the size of core dumps at zero and forbids other processes of this user to read the memory, which holds keys.
int posix_deny_memory_dumps(void);

/// Random numbers of the kernel (getrandom). Returns 0 or a negated errno; never partly filled on success.
int posix_random(uint8_t *bytes, size_t count);

/// Writes everything to standard error or output, or gives up at the first error.
void posix_write_standard_error(const uint8_t *bytes, size_t count);
int posix_write_standard_output(const uint8_t *bytes, size_t count);

/// Copies the system's words for an errno (positive or negated) into `text`, always ended with a zero.
void posix_error_text(int error, char *text, size_t capacity);

void posix_exit(int code) __attribute__((noreturn));
