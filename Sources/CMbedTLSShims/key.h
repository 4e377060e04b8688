// What a key's handle holds; for this target's own files.
#pragma once
#include <mbedtls/pk.h>

struct hs_p256_key {
    mbedtls_pk_context pk;
};
