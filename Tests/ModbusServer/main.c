// A real Modbus server for the tests, by libmodbus's own server API: `ModbusServer tcp PORT VALUES...` on 127.0.0.1, or
// `ModbusServer rtu DEVICE UNIT VALUES...`. VALUES are registers such as `h0=215`, `i3=65535`, `c2=1`, `d0=1` in tables of ten each.
// Prints "ready" when it can be asked, and ends with its parent or by SIGTERM.
#include <errno.h>
#include <modbus/modbus.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define TABLE_SIZE 10

static void set(modbus_mapping_t *tables, const char *text) {
    char table;
    unsigned address, value;
    if (sscanf(text, "%c%u=%u", &table, &address, &value) != 3 || address >= TABLE_SIZE) { exit(64); }
    switch (table) {
    case 'c': tables->tab_bits[address] = (uint8_t)value; break;
    case 'd': tables->tab_input_bits[address] = (uint8_t)value; break;
    case 'h': tables->tab_registers[address] = (uint16_t)value; break;
    case 'i': tables->tab_input_registers[address] = (uint16_t)value; break;
    default: exit(64);
    }
}

static void serve(modbus_t *server, modbus_mapping_t *tables, int ends) {
    uint8_t query[MODBUS_MAX_ADU_LENGTH];
    while (1) {
        int count = modbus_receive(server, query);
        if (count > 0) { modbus_reply(server, query, count, tables); }
        if (count < 0 && ends) { return; }
    }
}

int main(int count, char **words) {
    // A test that is killed leaves nobody behind; the test runner's threads block all signals.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (count < 3) { return 64; }
    int is_tcp = strcmp(words[1], "tcp") == 0;
    modbus_mapping_t *tables = modbus_mapping_new(TABLE_SIZE, TABLE_SIZE, TABLE_SIZE, TABLE_SIZE);
    for (int index = is_tcp ? 3 : 4; index < count; index++) { set(tables, words[index]); }
    modbus_t *server = is_tcp ? modbus_new_tcp("127.0.0.1", atoi(words[2])) : modbus_new_rtu(words[2], 19200, 'E', 8, 1);
    if (server == NULL || tables == NULL) { return 69; }
    if (!is_tcp) {
        modbus_set_slave(server, atoi(words[3]));
        if (modbus_connect(server) != 0) { return 69; }
        puts("ready");
        fflush(stdout);
        serve(server, tables, 0);
    }
    int listener = modbus_tcp_listen(server, 1);
    if (listener < 0) { return 69; }
    puts("ready");
    fflush(stdout);
    while (modbus_tcp_accept(server, &listener) >= 0) { serve(server, tables, 1); }
    return 0;
}
