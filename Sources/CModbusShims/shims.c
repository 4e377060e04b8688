#include "CModbusShims.h"

#include <errno.h>
#include <modbus/modbus.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST_VALUES 4

struct modbus_device {
    modbus_t *library;
};

static struct modbus_device *owning(modbus_t *library, uint8_t unit, uint32_t timeout_milliseconds) {
    struct modbus_device *device = library == NULL ? NULL : malloc(sizeof *device);
    if (device == NULL || modbus_set_slave(library, unit) != 0 ||
        modbus_set_response_timeout(library, timeout_milliseconds / 1000, timeout_milliseconds % 1000 * 1000) != 0) {
        if (library != NULL) { modbus_free(library); }
        free(device);
        return NULL;
    }
    device->library = library;
    return device;
}

struct modbus_device *modbus_device_tcp(const char *host, uint16_t port, uint8_t unit, uint32_t timeout_milliseconds) {
    char service[8];
    snprintf(service, sizeof service, "%u", (unsigned)port);
    return owning(modbus_new_tcp_pi(host, service), unit, timeout_milliseconds);
}

struct modbus_device *modbus_device_rtu(const char *path, uint32_t baud, char parity, uint8_t stop_bits, uint8_t unit,
                                        uint32_t timeout_milliseconds) {
    return owning(modbus_new_rtu(path, (int)baud, parity, 8, stop_bits), unit, timeout_milliseconds);
}

void modbus_device_free(struct modbus_device *device) {
    if (device == NULL) { return; }
    modbus_close(device->library);
    modbus_free(device->library);
    free(device);
}

int modbus_device_connect(struct modbus_device *device) { return modbus_connect(device->library) == 0 ? 0 : -errno; }

void modbus_device_disconnect(struct modbus_device *device) { modbus_close(device->library); }

int modbus_device_read(struct modbus_device *device, int function, uint16_t address, uint16_t count, uint16_t *values) {
    uint8_t bits[MOST_VALUES] = {0};
    int result = -1;
    errno = EINVAL;
    if (count == 0 || count > MOST_VALUES) { return -EINVAL; }
    // What a slow device sent after its time would be taken for the next answer.
    modbus_flush(device->library);
    switch (function) {
    case MODBUS_READ_COILS: result = modbus_read_bits(device->library, address, count, bits); break;
    case MODBUS_READ_DISCRETE_INPUTS: result = modbus_read_input_bits(device->library, address, count, bits); break;
    case MODBUS_READ_HOLDING_REGISTERS: result = modbus_read_registers(device->library, address, count, values); break;
    case MODBUS_READ_INPUT_REGISTERS: result = modbus_read_input_registers(device->library, address, count, values); break;
    default: break;
    }
    if (result < 0) { return errno > 0 ? -errno : -EIO; }
    if (function == MODBUS_READ_COILS || function == MODBUS_READ_DISCRETE_INPUTS) {
        for (int index = 0; index < count; index++) { values[index] = bits[index]; }
    }
    return result;
}

bool modbus_device_is_exception(int error) {
    int number = error < 0 ? -error : error;
    return number >= EMBXILFUN && number <= EMBXGTAR;
}

const char *modbus_device_error_text(int error) { return modbus_strerror(error < 0 ? -error : error); }
