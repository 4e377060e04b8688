// A PKCS#11 module in front of a real one (SoftHSM2), for tests: slow, broken, locked or unplugged when it is told so.
//
// TOKEN_PROXY_MODULE is the real module. TOKEN_PROXY_CONTROL is a file of words, read anew at each call, so that a running helper can be
// disturbed: `delay=500` (ms a signature), `init=0x5`, `login=0xa4`, `sign=0x30` (what these calls return), `flags=0x40000` (more flags of
// the token), `absent` (no token in any slot), `hang` (a signature never ends), `crash` (it ends the process), `crash-login`, `flip` (a wrong
// signature), `high` (signatures with the higher s), and at the module's start `init-exit=0` (it ends the process with that code), `init-crash`,
// `init-hang`. `control` puts control characters into the token's label. TOKEN_PROXY_LOG gets a line for each login and signature with its result.
#define _GNU_SOURCE
#include "../../Sources/CTokenShims/cryptoki.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct ck_functions *real, mine;

/// The value of a word in the control file; -1 when it is not there. A word without a value has the value 1.
static long told(const char *word) {
    const char *path = getenv("TOKEN_PROXY_CONTROL");
    FILE *file = path == NULL ? NULL : fopen(path, "re");
    char text[64];
    long value = -1;
    size_t length = strlen(word);
    while (file != NULL && value < 0 && fscanf(file, "%63s", text) == 1) {
        if (strncmp(text, word, length) != 0 || (text[length] != '=' && text[length] != 0)) { continue; }
        value = text[length] == '=' ? strtol(text + length + 1, NULL, 0) : 1;
    }
    if (file != NULL) { fclose(file); }
    return value;
}

static void note(const char *call, ck_rv code) {
    const char *path = getenv("TOKEN_PROXY_LOG");
    int file = path == NULL ? -1 : open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    char line[64];
    int count = snprintf(line, sizeof line, "%s 0x%lx %d\n", call, code, (int)getpid());
    if (file >= 0) {
        if (write(file, line, (size_t)count) < 0) { abort(); }
        close(file);
    }
}

static ck_rv initialize(void *arguments) {
    if (told("init-exit") >= 0) { _exit((int)told("init-exit")); }
    if (told("init-crash") > 0) { abort(); }
    while (told("init-hang") > 0) { sleep(1); }
    long code = told("init");
    return code > 0 ? (ck_rv)code : real->initialize(arguments);
}

static ck_rv get_slot_info(ck_ulong slot, struct ck_slot_info *info) {
    ck_rv code = real->get_slot_info(slot, info);
    if (told("absent") > 0) { info->flags &= ~(ck_ulong)CKF_TOKEN_PRESENT; }
    return code;
}

static ck_rv get_token_info(ck_ulong slot, struct ck_token_info *info) {
    if (told("absent") > 0) { return CKR_TOKEN_NOT_PRESENT; }
    ck_rv code = real->get_token_info(slot, info);
    if (told("control") > 0) { memcpy(info->label, "gw\x1b[2J\n-1", 10); }
    long flags = told("flags");
    if (flags > 0) { info->flags |= (ck_ulong)flags; }
    return code;
}

static ck_rv login(ck_ulong session, ck_ulong user, ck_byte *pin, ck_ulong count) {
    if (told("crash-login") > 0) {
        note("login", CKR_GENERAL_ERROR);
        _exit(139);
    }
    long injected = told("login");
    ck_rv code = injected > 0 ? (ck_rv)injected : real->login(session, user, pin, count);
    note("login", code);
    return code;
}

/// s → n - s over 32 bytes each, big-endian.
static void turn_over(ck_byte *s) {
    static const ck_byte order[32] = {
        0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
    };
    int borrow = 0;
    for (int index = 31; index >= 0; index--) {
        int difference = order[index] - s[index] - borrow;
        borrow = difference < 0;
        s[index] = (ck_byte)difference;
    }
}

static ck_rv sign(ck_ulong session, ck_byte *data, ck_ulong count, ck_byte *signature, ck_ulong *signature_count) {
    long delay = told("delay");
    if (delay > 0) { nanosleep(&(struct timespec){.tv_sec = delay / 1000, .tv_nsec = delay % 1000 * 1000000}, NULL); }
    while (told("hang") > 0) { sleep(1); }
    if (told("crash") > 0) { _exit(139); }
    long injected = told("sign");
    ck_rv code = injected > 0 ? (ck_rv)injected : told("absent") > 0 ? CKR_DEVICE_REMOVED : real->sign(session, data, count, signature, signature_count);
    if (code == CKR_OK && told("flip") > 0) { signature[7] ^= 1; }
    // Below half the order means that the first bit is 0 (but for one case in 2^32).
    if (code == CKR_OK && told("high") > 0 && !(signature[32] & 0x80)) { turn_over(signature + 32); }
    note("sign", code);
    return code;
}

__attribute__((visibility("default"))) ck_rv C_GetFunctionList(struct ck_functions **functions) {
    if (real == NULL) {
        const char *path = getenv("TOKEN_PROXY_MODULE");
        void *library = dlopen(path == NULL ? "/usr/lib/softhsm/libsofthsm2.so" : path, RTLD_NOW | RTLD_LOCAL);
        ck_get_function_list get = library == NULL ? NULL : (ck_get_function_list)dlsym(library, "C_GetFunctionList");
        if (get == NULL || get(&real) != CKR_OK) { return CKR_GENERAL_ERROR; }
        mine = *real;
        mine.initialize = initialize;
        mine.get_slot_info = get_slot_info;
        mine.get_token_info = get_token_info;
        mine.login = login;
        mine.sign = sign;
    }
    *functions = &mine;
    return CKR_OK;
}
