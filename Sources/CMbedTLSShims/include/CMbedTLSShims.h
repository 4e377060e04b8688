// The door to mbedTLS: the only target that includes mbedtls/*.h.
// Handles are opaque (mbedTLS contexts point into themselves and Swift moves values), sizes are fixed and named,
// and nothing is decided here: what a result means is said in DeviceCrypto.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    HS_SHA256_BYTE_COUNT = 32,
    /// One P-256 coordinate or scalar, big-endian.
    HS_P256_BYTE_COUNT = 32,
    /// Room for a P-256 key in PEM with its terminating zero (an SEC 1 key takes 228).
    HS_P256_PEM_CAPACITY = 512,
};

/// The library's version as its own macro states it, for example 0x021C0300 for 2.28.3.
uint32_t hs_crypto_version(void);

// MARK: Hash

/// SHA-256 of `count` bytes, with the context on the stack. `bytes` may be NULL when `count` is 0.
bool hs_sha256(const uint8_t *bytes, size_t count, uint8_t *digest);

/// SHA-256 of one byte followed by `count` bytes.
bool hs_sha256_prefixed(uint8_t prefix, const uint8_t *bytes, size_t count, uint8_t *digest);

// MARK: Random

/// Fills `bytes` from the kernel's generator; waits only until that has been seeded once since boot.
/// It holds no state in this process, so nothing is shared after a fork.
bool hs_random(uint8_t *bytes, size_t count);

/// Overwrites secret bytes in a way the compiler may not remove.
void hs_wipe(void *bytes, size_t count);

// MARK: P-256 verification

typedef struct hs_p256_verifier hs_p256_verifier;

/// A verifier for the point (x, y). NULL if the point is not on the curve, or if memory is short.
hs_p256_verifier *hs_p256_verifier_new(const uint8_t *x, const uint8_t *y);
void hs_p256_verifier_free(hs_p256_verifier *verifier);

/// Whether (r, s) signs the hash (32 bytes). Refuses r or s outside 1...n-1; accepts both s and n - s.
bool hs_p256_verify(hs_p256_verifier *verifier, const uint8_t *digest, const uint8_t *r, const uint8_t *s);

// MARK: P-256 keys

typedef struct hs_p256_key hs_p256_key;

typedef enum hs_p256_key_result {
    HS_P256_KEY_OK = 0,
    /// Not a private key in PEM that this library can read, damaged, cut short, or locked by a password.
    HS_P256_KEY_MALFORMED = 1,
    /// A private key of another kind or curve.
    HS_P256_KEY_NOT_P256 = 2,
    /// The public part does not belong to the private part.
    HS_P256_KEY_MISMATCH = 3,
    HS_P256_KEY_NO_MEMORY = 4,
    HS_P256_KEY_NO_RANDOM = 5,
} hs_p256_key_result;

/// A fresh key. On success `*key` is owned by the caller.
hs_p256_key_result hs_p256_key_generate(hs_p256_key **key);

/// Reads SEC 1 or PKCS #8 PEM. `pem` ends with a zero that `count` includes. On success `*key` is owned by the caller.
hs_p256_key_result hs_p256_key_parse(const uint8_t *pem, size_t count, hs_p256_key **key);
void hs_p256_key_free(hs_p256_key *key);

/// Writes SEC 1 PEM with a terminating zero into `pem`, at most `capacity` bytes.
bool hs_p256_key_write(hs_p256_key *key, uint8_t *pem, size_t capacity);

/// The public point, two coordinates of 32 bytes.
bool hs_p256_key_public(hs_p256_key *key, uint8_t *x, uint8_t *y);

/// RFC 6979 deterministic ECDSA over a SHA-256 digest, blinded with the kernel's random bytes. `s` may be high.
bool hs_p256_sign(hs_p256_key *key, const uint8_t *digest, uint8_t *r, uint8_t *s);

#ifdef __cplusplus
}
#endif

#include "tls.h"
