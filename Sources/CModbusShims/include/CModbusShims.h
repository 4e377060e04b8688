// The only door to libmodbus: one device on a bus or behind an address. Calls wait, at most for the response timeout.
// A result below zero is a negated errno, or one of libmodbus's own (`modbus_device_error_text` knows both).
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct modbus_device;

/// A device behind a TCP address; NULL: no memory, or a host that cannot be.
struct modbus_device *modbus_device_tcp(const char *host, uint16_t port, uint8_t unit, uint32_t timeout_milliseconds);
/// A device on a serial line (RTU). `parity`: 'N', 'E' or 'O'.
struct modbus_device *modbus_device_rtu(const char *path, uint32_t baud, char parity, uint8_t stop_bits, uint8_t unit,
                                        uint32_t timeout_milliseconds);
void modbus_device_free(struct modbus_device *device);

int modbus_device_connect(struct modbus_device *device);
void modbus_device_disconnect(struct modbus_device *device);

/// The function codes that read (Modbus Application Protocol 1.1b3, 6.1 to 6.4).
#define MODBUS_READ_COILS 1
#define MODBUS_READ_DISCRETE_INPUTS 2
#define MODBUS_READ_HOLDING_REGISTERS 3
#define MODBUS_READ_INPUT_REGISTERS 4
/// Reads `count` values (at most 4) from `address`, counted from 0: how many came, or an error. A bit is 0 or 1.
int modbus_device_read(struct modbus_device *device, int function, uint16_t address, uint16_t count, uint16_t *values);

/// Whether the device itself answered, with an exception: the connection is good.
bool modbus_device_is_exception(int error);
const char *modbus_device_error_text(int error);
