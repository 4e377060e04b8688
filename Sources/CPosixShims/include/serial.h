// Serial devices: eight bits, no parity, one stop bit, no flow control, nothing translated. A result below zero is a negated errno.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// What opening may answer (checked at compile time).
#define POSIX_ENOTTY 25     ///< the path is no serial device
#define POSIX_EBUSY 16      ///< another program has taken it
#define POSIX_EINVAL 22     ///< the device does not take this rate

/// Opens a device for reading, without waiting for a modem's signals, as no process's terminal, and for this program alone.
/// `baud`: 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800 or 921600.
int posix_serial_open(const char *path, uint32_t baud);
/// Bytes read; -EAGAIN: nothing there; 0 or another errno: the device is gone. Never -EINTR.
ptrdiff_t posix_serial_read(int descriptor, uint8_t *bytes, size_t count);
int posix_serial_close(int descriptor);
