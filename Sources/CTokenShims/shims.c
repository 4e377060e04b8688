#define _GNU_SOURCE
#include "state.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void hs_token_wipe(void *bytes, size_t count) { explicit_bzero(bytes, count); }

uint64_t hs_token_code(const hs_token *token) { return token->code; }

hs_token_result hs_token_outcome(hs_token *token, ck_rv code) {
    token->code = code;
    switch (code) {
    case CKR_OK: return HS_TOKEN_OK;
    case CKR_HOST_MEMORY: return HS_TOKEN_NO_MEMORY;
    case CKR_SLOT_ID_INVALID: case CKR_DEVICE_REMOVED: case CKR_TOKEN_NOT_PRESENT: case CKR_TOKEN_NOT_RECOGNIZED: return HS_TOKEN_ABSENT;
    case CKR_PIN_INCORRECT: case CKR_PIN_INVALID: case CKR_PIN_LEN_RANGE: return HS_TOKEN_PIN_WRONG;
    case CKR_PIN_LOCKED: return HS_TOKEN_PIN_LOCKED;
    case CKR_PIN_EXPIRED: case CKR_USER_PIN_NOT_INITIALIZED: return HS_TOKEN_PIN_UNUSABLE;
    case CKR_SESSION_CLOSED: case CKR_SESSION_HANDLE_INVALID: case CKR_USER_NOT_LOGGED_IN: case CKR_KEY_HANDLE_INVALID:
    case CKR_OBJECT_HANDLE_INVALID: case CKR_CRYPTOKI_NOT_INITIALIZED: return HS_TOKEN_SESSION_LOST;
    case CKR_TOKEN_WRITE_PROTECTED: case CKR_SESSION_READ_ONLY: return HS_TOKEN_READ_ONLY;
    case CKR_DEVICE_MEMORY: case CKR_SESSION_COUNT: return HS_TOKEN_FULL;
    case CKR_FUNCTION_NOT_SUPPORTED: case CKR_KEY_TYPE_INCONSISTENT: case CKR_KEY_FUNCTION_NOT_PERMITTED: case CKR_MECHANISM_INVALID:
    case CKR_MECHANISM_PARAM_INVALID: case CKR_CURVE_NOT_SUPPORTED: case CKR_ATTRIBUTE_TYPE_INVALID: case CKR_ATTRIBUTE_VALUE_INVALID:
    case CKR_ATTRIBUTE_SENSITIVE: case CKR_TEMPLATE_INCOMPLETE: case CKR_TEMPLATE_INCONSISTENT: case CKR_ACTION_PROHIBITED:
        return HS_TOKEN_UNABLE;
    default: return HS_TOKEN_FAILED;
    }
}

// MARK: Module

static struct ck_functions *functions_of(void *library) {
    ck_get_function_list get = (ck_get_function_list)dlsym(library, "C_GetFunctionList");
    struct ck_functions *functions = NULL;
    // The list of version 3 begins with that of version 2, and C_GetFunctionList gives version 2 there as well.
    return get != NULL && get(&functions) == CKR_OK && functions != NULL && functions->version.major == 2 ? functions : NULL;
}

hs_token_result hs_token_load(const char *path, hs_token **token, char *reason, size_t capacity) {
    *token = NULL;
    snprintf(reason, capacity, "%s", "");
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        const char *words = dlerror();
        snprintf(reason, capacity, "%s", words == NULL ? "" : words);
        return HS_TOKEN_NO_LIBRARY;
    }
    struct ck_functions *functions = functions_of(library);
    if (functions == NULL) { return HS_TOKEN_NO_MODULE; }
    hs_token *made = calloc(1, sizeof *made);
    if (made == NULL) { return HS_TOKEN_NO_MEMORY; }
    made->functions = functions;
    struct ck_initialize_arguments arguments = {.flags = CKF_OS_LOCKING_OK};
    ck_rv code = functions->initialize(&arguments);
    if (code != CKR_OK && code != CKR_CRYPTOKI_ALREADY_INITIALIZED) {
        snprintf(reason, capacity, "C_Initialize: 0x%lx", code);
        free(made);
        return HS_TOKEN_MODULE_FAILED;
    }
    *token = made;
    return HS_TOKEN_OK;
}

static void close_session(hs_token *token) {
    if (token->has_session) { token->functions->close_session(token->session); }
    token->has_session = false;
    token->key_count = 0;
}

void hs_token_unload(hs_token *token) {
    if (token == NULL) { return; }
    close_session(token);
    token->functions->finalize(NULL);
    free(token);
}

const char *hs_token_machine(void) {
#if defined(__x86_64__)
    return "x86_64-linux-gnu";
#elif defined(__aarch64__)
    return "aarch64-linux-gnu";
#elif defined(__arm__)
    return "arm-linux-gnueabihf";
#else
    return "riscv64-linux-gnu";
#endif
}

// MARK: Slots

/// Cuts the blanks that fill a text up. Some tokens end it with a zero instead.
static void copy_text(char *text, const ck_byte *padded, size_t count) {
    size_t end = 0;
    for (size_t index = 0; index < count && padded[index] != 0; index++) {
        if (padded[index] != ' ') { end = index + 1; }
    }
    memcpy(text, padded, end);
    text[end] = 0;
}

static uint32_t flags_of(ck_ulong theirs) {
    static const struct { ck_ulong theirs; uint32_t ours; } pairs[] = {
        {CKF_TOKEN_INITIALIZED, HS_TOKEN_IS_INITIALISED}, {CKF_LOGIN_REQUIRED, HS_TOKEN_WANTS_PIN},
        {CKF_USER_PIN_INITIALIZED, HS_TOKEN_HAS_PIN}, {CKF_WRITE_PROTECTED, HS_TOKEN_IS_READ_ONLY},
        {CKF_USER_PIN_COUNT_LOW, HS_TOKEN_WRONG_PIN_BEFORE}, {CKF_USER_PIN_FINAL_TRY, HS_TOKEN_LAST_TRY},
        {CKF_USER_PIN_LOCKED, HS_TOKEN_IS_LOCKED}, {CKF_PROTECTED_AUTHENTICATION_PATH, HS_TOKEN_OWN_KEYPAD},
    };
    uint32_t flags = HS_TOKEN_IS_PRESENT;
    for (size_t index = 0; index < sizeof pairs / sizeof *pairs; index++) {
        if (theirs & pairs[index].theirs) { flags |= pairs[index].ours; }
    }
    return flags;
}

static hs_token_result read_slot(hs_token *token, ck_ulong id, struct slot *slot) {
    struct ck_slot_info place;
    struct ck_token_info info;
    memset(slot, 0, sizeof *slot);
    slot->id = id;
    hs_token_result result = hs_token_outcome(token, token->functions->get_slot_info(id, &place));
    if (result != HS_TOKEN_OK) { return result; }
    copy_text(slot->texts[HS_TOKEN_SLOT_DESCRIPTION], place.description, sizeof place.description);
    if (!(place.flags & CKF_TOKEN_PRESENT)) { return HS_TOKEN_OK; }
    result = hs_token_outcome(token, token->functions->get_token_info(id, &info));
    // Taken out between the two calls, or nothing that the module knows.
    if (result != HS_TOKEN_OK) { return result == HS_TOKEN_ABSENT ? HS_TOKEN_OK : result; }
    copy_text(slot->texts[HS_TOKEN_LABEL], info.label, sizeof info.label);
    copy_text(slot->texts[HS_TOKEN_MANUFACTURER], info.manufacturer, sizeof info.manufacturer);
    copy_text(slot->texts[HS_TOKEN_MODEL], info.model, sizeof info.model);
    copy_text(slot->texts[HS_TOKEN_SERIAL], info.serial, sizeof info.serial);
    slot->flags = flags_of(info.flags);
    return HS_TOKEN_OK;
}

hs_token_result hs_token_scan(hs_token *token) {
    token->slot_count = 0;
    ck_ulong count = 0;
    hs_token_result result = hs_token_outcome(token, token->functions->get_slot_list(0, NULL, &count));
    if (result != HS_TOKEN_OK || count == 0) { return result; }
    // A reader that is plugged in between the two calls makes the table longer than what was asked for; it is seen the next time.
    ck_ulong *ids = calloc(count, sizeof *ids);
    if (ids == NULL) { return HS_TOKEN_NO_MEMORY; }
    ck_ulong room = count;
    result = hs_token_outcome(token, token->functions->get_slot_list(0, ids, &count));
    if (count > room) { count = room; }
    for (ck_ulong index = 0; result == HS_TOKEN_OK && index < count && token->slot_count < HS_TOKEN_SLOT_CAPACITY; index++) {
        result = read_slot(token, ids[index], &token->slots[token->slot_count]);
        if (result == HS_TOKEN_OK) { token->slot_count++; }
    }
    free(ids);
    return result;
}

size_t hs_token_slot_count(const hs_token *token) { return token->slot_count; }

uint64_t hs_token_slot_id(const hs_token *token, size_t slot) { return slot < token->slot_count ? token->slots[slot].id : 0; }

const char *hs_token_slot_text(const hs_token *token, size_t slot, hs_token_text text) {
    return slot < token->slot_count ? token->slots[slot].texts[text] : "";
}

uint32_t hs_token_slot_flags(const hs_token *token, size_t slot) { return slot < token->slot_count ? token->slots[slot].flags : 0; }

// MARK: Session

hs_token_result hs_token_open(hs_token *token, size_t slot, bool writable) {
    close_session(token);
    if (slot >= token->slot_count) { return HS_TOKEN_ABSENT; }
    ck_ulong flags = CKF_SERIAL_SESSION | (writable ? CKF_RW_SESSION : 0);
    hs_token_result result =
        hs_token_outcome(token, token->functions->open_session(token->slots[slot].id, flags, NULL, NULL, &token->session));
    token->has_session = result == HS_TOKEN_OK;
    return result;
}

hs_token_result hs_token_login(hs_token *token, const uint8_t *pin, size_t count) {
    ck_rv code = token->functions->login(token->session, CKU_USER, (ck_byte *)pin, count);
    return code == CKR_USER_ALREADY_LOGGED_IN ? HS_TOKEN_OK : hs_token_outcome(token, code);
}
