// The door to PKCS#11 (Cryptoki 2.40) modules: a shared library of the token's maker, loaded at run time, so that the agent needs none.
// One handle is one loaded module with at most one session; every call may take as long as the token likes, and none is made by
// the agent's loop. What a result means, and what to do about it, is said in SealToken.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    /// Slots and keys that are looked at; a module with more hides the rest, and nobody has seen one.
    HS_TOKEN_SLOT_CAPACITY = 32,
    HS_TOKEN_KEY_CAPACITY = 32,
    /// One P-256 coordinate or scalar, big-endian; also a SHA-256 digest.
    HS_TOKEN_BYTE_COUNT = 32,
    /// Longest CKA_ID and CKA_LABEL that are read; of longer ones the beginning is.
    HS_TOKEN_NAME_CAPACITY = 64,
};

/// What a call came to: CK_RV has a hundred values, and these are what somebody can act on. `hs_token_code` has the very value.
typedef enum hs_token_result {
    HS_TOKEN_OK = 0,
    /// The library cannot be loaded: it is not there, is not for this processor, or lacks a library itself.
    HS_TOKEN_NO_LIBRARY = 1,
    /// It is no PKCS#11 module of version 2.
    HS_TOKEN_NO_MODULE = 2,
    /// The module does not start (C_Initialize).
    HS_TOKEN_MODULE_FAILED = 3,
    /// The token is not in its slot any more, or is no token.
    HS_TOKEN_ABSENT = 4,
    HS_TOKEN_PIN_WRONG = 5,
    /// Too many wrong ones: only the security officer can unlock it.
    HS_TOKEN_PIN_LOCKED = 6,
    /// It has expired, or was never set.
    HS_TOKEN_PIN_UNUSABLE = 7,
    /// The session or what was found in it is not valid any more: log in again.
    HS_TOKEN_SESSION_LOST = 8,
    HS_TOKEN_READ_ONLY = 9,
    /// The token's memory, or its table of sessions.
    HS_TOKEN_FULL = 10,
    /// The token has no P-256, no ECDSA, or does not do it with this key.
    HS_TOKEN_UNABLE = 11,
    HS_TOKEN_NO_MEMORY = 12,
    /// The device failed, or anything else.
    HS_TOKEN_FAILED = 13,
} hs_token_result;

typedef struct hs_token hs_token;

/// Loads and starts a module. On success `*token` is owned by the caller; otherwise it is NULL and `reason` (always ended with a zero)
/// has the loader's words, which may be none.
hs_token_result hs_token_load(const char *path, hs_token **token, char *reason, size_t capacity);
/// Ends the session, logs out and stops the module. The library stays mapped: not each survives being unmapped before its exit handlers.
void hs_token_unload(hs_token *token);
/// The name of this machine's folder below /usr/lib on Debian, such as arm-linux-gnueabihf.
const char *hs_token_machine(void);
/// The CK_RV of the latest call.
uint64_t hs_token_code(const hs_token *token);

// MARK: Slots

/// Reads the table of slots, those without a token among them.
hs_token_result hs_token_scan(hs_token *token);
size_t hs_token_slot_count(const hs_token *token);
uint64_t hs_token_slot_id(const hs_token *token, size_t slot);

typedef enum hs_token_text {
    HS_TOKEN_LABEL = 0,
    HS_TOKEN_MANUFACTURER = 1,
    HS_TOKEN_MODEL = 2,
    HS_TOKEN_SERIAL = 3,
    HS_TOKEN_SLOT_DESCRIPTION = 4,
} hs_token_text;

/// A text of the token in that slot, without the blanks that fill it up, ended with a zero; empty where there is no token.
const char *hs_token_slot_text(const hs_token *token, size_t slot, hs_token_text text);

enum {
    HS_TOKEN_IS_PRESENT = 1,
    HS_TOKEN_IS_INITIALISED = 2,
    HS_TOKEN_WANTS_PIN = 4,
    HS_TOKEN_HAS_PIN = 8,
    HS_TOKEN_IS_READ_ONLY = 16,
    /// A wrong PIN was given since the last right one.
    HS_TOKEN_WRONG_PIN_BEFORE = 32,
    /// The next wrong one locks it.
    HS_TOKEN_LAST_TRY = 64,
    HS_TOKEN_IS_LOCKED = 128,
    /// The PIN is typed on the token's own keys.
    HS_TOKEN_OWN_KEYPAD = 256,
};

uint32_t hs_token_slot_flags(const hs_token *token, size_t slot);

// MARK: Session

/// Opens the one session, closing an earlier one.
hs_token_result hs_token_open(hs_token *token, size_t slot, bool writable);
/// Logs the user in. The caller wipes `pin`.
hs_token_result hs_token_login(hs_token *token, const uint8_t *pin, size_t count);
/// Overwrites secret bytes in a way the compiler may not remove.
void hs_token_wipe(void *bytes, size_t count);

// MARK: Keys

/// Finds the private (or public) keys in the token that have this label and this id, where they are not NULL, and remembers them.
hs_token_result hs_token_find(
    hs_token *token, bool is_private, const uint8_t *label, size_t label_count, const uint8_t *id, size_t id_count, size_t *count);

/// Whether the key found at this place is an EC key on P-256.
bool hs_token_key_is_p256(hs_token *token, size_t key);
/// Copies a found key's label or id: the count of bytes, at most HS_TOKEN_NAME_CAPACITY.
size_t hs_token_key_label(hs_token *token, size_t key, uint8_t *bytes);
size_t hs_token_key_id(hs_token *token, size_t key, uint8_t *bytes);
/// Whether its bytes can leave the token: not where CKA_SENSITIVE is true and CKA_EXTRACTABLE false.
bool hs_token_key_can_leave(hs_token *token, size_t key);
/// What the token answers when it is asked for the private key's bytes (CKA_VALUE): HS_TOKEN_OK if it gives them.
hs_token_result hs_token_key_read(hs_token *token, size_t key);

/// The public point of a found key: its own, or that of the public key with the same id, or with the same label where there is no id.
/// HS_TOKEN_UNABLE when the token shows none.
hs_token_result hs_token_key_public(hs_token *token, size_t key, uint8_t *x, uint8_t *y);

/// ECDSA over 32 bytes with a found private key; r and s are 32 bytes each, and s may be high.
hs_token_result hs_token_sign(hs_token *token, size_t key, const uint8_t *digest, uint8_t *r, uint8_t *s);

/// Makes a P-256 key pair in the token, of which the private key signs and cannot leave; nothing else, where the module can be told so.
hs_token_result hs_token_generate(hs_token *token, const uint8_t *label, size_t label_count, const uint8_t *id, size_t id_count);

#ifdef __cplusplus
}
#endif
