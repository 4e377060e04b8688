#define _GNU_SOURCE
#include "state.h"

#include <string.h>

// The DER of P-256's object identifier, 1.2.840.10045.3.1.7 (RFC 5480, 2.1.1.1): what CKA_EC_PARAMS names a curve by.
static const ck_byte p256[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
/// An uncompressed point (SEC 1, 2.3.3), and the same as an OCTET STRING, which the standard asks for and not each module gives.
enum { POINT = 1 + 2 * HS_TOKEN_BYTE_COUNT, WRAPPED_POINT = 2 + POINT };

// MARK: Finding

static hs_token_result find(
    hs_token *token, struct ck_attribute *template, size_t attributes, ck_ulong *keys, ck_ulong capacity, ck_ulong *count) {
    *count = 0;
    hs_token_result result = hs_token_outcome(token, token->functions->find_objects_init(token->session, template, attributes));
    if (result != HS_TOKEN_OK) { return result; }
    ck_ulong found = 0;
    do {
        result = hs_token_outcome(token, token->functions->find_objects(token->session, keys + *count, capacity - *count, &found));
        if (result == HS_TOKEN_OK && found > capacity - *count) { result = HS_TOKEN_FAILED; }
        if (result != HS_TOKEN_OK) { break; }
        *count += found;
    } while (found > 0 && *count < capacity);
    token->functions->find_objects_final(token->session);
    return result;
}

/// Fills a template for keys of that class with that label and id: the count of attributes, at most four.
static size_t describe(
    struct ck_attribute *template, ck_ulong *class, ck_byte *yes, const uint8_t *label, size_t label_count, const uint8_t *id, size_t id_count) {
    size_t count = 0;
    template[count++] = (struct ck_attribute){CKA_CLASS, class, sizeof *class};
    template[count++] = (struct ck_attribute){CKA_TOKEN, yes, sizeof *yes};
    if (label != NULL) { template[count++] = (struct ck_attribute){CKA_LABEL, (void *)label, label_count}; }
    if (id != NULL) { template[count++] = (struct ck_attribute){CKA_ID, (void *)id, id_count}; }
    return count;
}

hs_token_result hs_token_find(
    hs_token *token, bool is_private, const uint8_t *label, size_t label_count, const uint8_t *id, size_t id_count, size_t *count) {
    struct ck_attribute template[4];
    ck_ulong class = is_private ? CKO_PRIVATE_KEY : CKO_PUBLIC_KEY, found = 0;
    ck_byte yes = 1;
    size_t attributes = describe(template, &class, &yes, label, label_count, id, id_count);
    hs_token_result result = find(token, template, attributes, token->keys, HS_TOKEN_KEY_CAPACITY, &found);
    token->are_private = is_private;
    token->key_count = *count = result == HS_TOKEN_OK ? found : 0;
    return result;
}

// MARK: Attributes

/// Reads one attribute: its bytes, or -1 when the object has none, does not show it, or has more.
static ptrdiff_t read_attribute(hs_token *token, ck_ulong object, ck_ulong type, void *bytes, size_t capacity) {
    struct ck_attribute attribute = {type, bytes, capacity};
    ck_rv code = token->functions->get_attribute_value(token->session, object, &attribute, 1);
    token->code = code;
    return code == CKR_OK && attribute.byte_count <= capacity ? (ptrdiff_t)attribute.byte_count : -1;
}

static size_t read_name(hs_token *token, size_t key, ck_ulong type, uint8_t *bytes) {
    // A name may be longer than what is shown of it.
    uint8_t whole[256];
    ptrdiff_t count = key < token->key_count ? read_attribute(token, token->keys[key], type, whole, sizeof whole) : -1;
    if (count < 0) { return 0; }
    size_t shown = (size_t)count < HS_TOKEN_NAME_CAPACITY ? (size_t)count : HS_TOKEN_NAME_CAPACITY;
    memcpy(bytes, whole, shown);
    return shown;
}

size_t hs_token_key_label(hs_token *token, size_t key, uint8_t *bytes) { return read_name(token, key, CKA_LABEL, bytes); }
size_t hs_token_key_id(hs_token *token, size_t key, uint8_t *bytes) { return read_name(token, key, CKA_ID, bytes); }

static bool is_p256(hs_token *token, ck_ulong object) {
    ck_ulong type = 0;
    ck_byte curve[sizeof p256 + 1];
    return read_attribute(token, object, CKA_KEY_TYPE, &type, sizeof type) == sizeof type && type == CKK_EC &&
        read_attribute(token, object, CKA_EC_PARAMS, curve, sizeof curve) == sizeof p256 && memcmp(curve, p256, sizeof p256) == 0;
}

bool hs_token_key_is_p256(hs_token *token, size_t key) { return key < token->key_count && is_p256(token, token->keys[key]); }

bool hs_token_key_can_leave(hs_token *token, size_t key) {
    ck_byte sensitive = 0, extractable = 1;
    if (key >= token->key_count) { return false; }
    read_attribute(token, token->keys[key], CKA_SENSITIVE, &sensitive, sizeof sensitive);
    read_attribute(token, token->keys[key], CKA_EXTRACTABLE, &extractable, sizeof extractable);
    return !sensitive || extractable;
}

hs_token_result hs_token_key_read(hs_token *token, size_t key) {
    ck_byte value[64];
    if (key >= token->key_count) { return HS_TOKEN_SESSION_LOST; }
    bool is_given = read_attribute(token, token->keys[key], CKA_VALUE, value, sizeof value) > 0;
    explicit_bzero(value, sizeof value);
    return is_given ? HS_TOKEN_OK : token->code == CKR_OK ? HS_TOKEN_UNABLE : hs_token_outcome(token, token->code);
}

static bool read_point(hs_token *token, ck_ulong object, uint8_t *x, uint8_t *y) {
    ck_byte bytes[WRAPPED_POINT];
    ptrdiff_t count = read_attribute(token, object, CKA_EC_POINT, bytes, sizeof bytes);
    const ck_byte *point = bytes;
    if (count == WRAPPED_POINT && bytes[0] == 0x04 && bytes[1] == POINT) {
        point += 2;
    } else if (count != POINT) {
        return false;
    }
    if (point[0] != 0x04) { return false; }
    memcpy(x, point + 1, HS_TOKEN_BYTE_COUNT);
    memcpy(y, point + 1 + HS_TOKEN_BYTE_COUNT, HS_TOKEN_BYTE_COUNT);
    return true;
}

hs_token_result hs_token_key_public(hs_token *token, size_t key, uint8_t *x, uint8_t *y) {
    if (key >= token->key_count) { return HS_TOKEN_SESSION_LOST; }
    if (read_point(token, token->keys[key], x, y)) { return HS_TOKEN_OK; }
    if (!token->are_private) { return HS_TOKEN_UNABLE; }
    uint8_t name[HS_TOKEN_NAME_CAPACITY];
    struct ck_attribute template[4];
    ck_ulong class = CKO_PUBLIC_KEY, objects[HS_TOKEN_KEY_CAPACITY], found = 0;
    ck_byte yes = 1;
    size_t id_count = hs_token_key_id(token, key, name), label_count = id_count == 0 ? hs_token_key_label(token, key, name) : 0;
    if (id_count + label_count == 0) { return HS_TOKEN_UNABLE; }
    size_t attributes = describe(
        template, &class, &yes, id_count == 0 ? name : NULL, label_count, id_count == 0 ? NULL : name, id_count);
    hs_token_result result = find(token, template, attributes, objects, HS_TOKEN_KEY_CAPACITY, &found);
    for (ck_ulong index = 0; result == HS_TOKEN_OK && index < found; index++) {
        if (is_p256(token, objects[index]) && read_point(token, objects[index], x, y)) { return HS_TOKEN_OK; }
    }
    return result == HS_TOKEN_OK ? HS_TOKEN_UNABLE : result;
}

// MARK: Signing and making

hs_token_result hs_token_sign(hs_token *token, size_t key, const uint8_t *digest, uint8_t *r, uint8_t *s) {
    if (key >= token->key_count) { return HS_TOKEN_SESSION_LOST; }
    struct ck_mechanism ecdsa = {CKM_ECDSA, NULL, 0};
    hs_token_result result = hs_token_outcome(token, token->functions->sign_init(token->session, &ecdsa, token->keys[key]));
    if (result != HS_TOKEN_OK) { return result; }
    ck_byte signature[2 * HS_TOKEN_BYTE_COUNT];
    ck_ulong count = sizeof signature;
    result = hs_token_outcome(token, token->functions->sign(token->session, (ck_byte *)digest, HS_TOKEN_BYTE_COUNT, signature, &count));
    if (result != HS_TOKEN_OK) { return result; }
    // Two halves of equal length (PKCS#11 Current Mechanisms 2.40, 2.3.1); some modules leave out leading zeros of both.
    if (count == 0 || count > sizeof signature || count % 2 != 0) { return HS_TOKEN_FAILED; }
    size_t half = count / 2, zeros = HS_TOKEN_BYTE_COUNT - half;
    memset(r, 0, zeros);
    memset(s, 0, zeros);
    memcpy(r + zeros, signature, half);
    memcpy(s + zeros, signature + half, half);
    return HS_TOKEN_OK;
}

hs_token_result hs_token_generate(hs_token *token, const uint8_t *label, size_t label_count, const uint8_t *id, size_t id_count) {
    ck_byte yes = 1, no = 0;
    ck_ulong public_class = CKO_PUBLIC_KEY, private_class = CKO_PRIVATE_KEY, type = CKK_EC, public_key = 0, private_key = 0;
    struct ck_attribute public_template[] = {
        {CKA_CLASS, &public_class, sizeof public_class}, {CKA_KEY_TYPE, &type, sizeof type}, {CKA_TOKEN, &yes, 1}, {CKA_PRIVATE, &no, 1},
        {CKA_VERIFY, &yes, 1}, {CKA_EC_PARAMS, (void *)p256, sizeof p256}, {CKA_LABEL, (void *)label, label_count},
        {CKA_ID, (void *)id, id_count},
    };
    struct ck_attribute private_template[] = {
        {CKA_CLASS, &private_class, sizeof private_class}, {CKA_KEY_TYPE, &type, sizeof type}, {CKA_TOKEN, &yes, 1}, {CKA_PRIVATE, &yes, 1},
        {CKA_SENSITIVE, &yes, 1}, {CKA_EXTRACTABLE, &no, 1}, {CKA_SIGN, &yes, 1}, {CKA_LABEL, (void *)label, label_count},
        {CKA_ID, (void *)id, id_count},
    };
    struct ck_mechanism generation = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    hs_token_result result = hs_token_outcome(
        token, token->functions->generate_key_pair(
                   token->session, &generation, public_template, sizeof public_template / sizeof *public_template, private_template,
                   sizeof private_template / sizeof *private_template, &public_key, &private_key));
    if (result != HS_TOKEN_OK) { return result; }
    // What else it must not do is said afterwards: tpm2-pkcs11 takes no template with it, since a TPM's key has these uses in one.
    struct ck_attribute prohibitions[] = {{CKA_DECRYPT, &no, 1}, {CKA_UNWRAP, &no, 1}, {CKA_DERIVE, &no, 1}};
    for (size_t index = 0; index < sizeof prohibitions / sizeof *prohibitions; index++) {
        token->functions->set_attribute_value(token->session, private_key, &prohibitions[index], 1);
    }
    return HS_TOKEN_OK;
}
