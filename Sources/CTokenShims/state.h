// What the two halves of the door share.
#pragma once
#include "include/CTokenShims.h"

#include "cryptoki.h"

struct slot {
    ck_ulong id;
    uint32_t flags;
    char texts[5][65];
};

struct hs_token {
    struct ck_functions *functions;
    ck_rv code;
    size_t slot_count;
    struct slot slots[HS_TOKEN_SLOT_CAPACITY];
    bool has_session;
    ck_ulong session;
    bool are_private;
    size_t key_count;
    ck_ulong keys[HS_TOKEN_KEY_CAPACITY];
};

/// Remembers the code and gives its outcome.
hs_token_result hs_token_outcome(hs_token *token, ck_rv code);
