#include "CMbedTLSShims.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include <mbedtls/ecdsa.h>
#include <mbedtls/ecp.h>
#include <mbedtls/pk.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/sha256.h>
#include <mbedtls/version.h>

#include "key.h"

// mbedTLS 2.28 and 3.6 differ in these names only; everything below is written once.
#if MBEDTLS_VERSION_NUMBER < 0x03000000
#define HS_FIELD(name) name
#define HS_SHA256_STARTS mbedtls_sha256_starts_ret
#define HS_SHA256_UPDATE mbedtls_sha256_update_ret
#define HS_SHA256_FINISH mbedtls_sha256_finish_ret
#define HS_PK_PARSE(pk, pem, count) mbedtls_pk_parse_key(pk, pem, count, NULL, 0)
#define HS_CHECK_PAIR(a, b) mbedtls_ecp_check_pub_priv(a, b)
#else
#define HS_FIELD(name) MBEDTLS_PRIVATE(name)
#define HS_SHA256_STARTS mbedtls_sha256_starts
#define HS_SHA256_UPDATE mbedtls_sha256_update
#define HS_SHA256_FINISH mbedtls_sha256_finish
#define HS_PK_PARSE(pk, pem, count) mbedtls_pk_parse_key(pk, pem, count, NULL, 0, random_callback, NULL)
#define HS_CHECK_PAIR(a, b) mbedtls_ecp_check_pub_priv(a, b, random_callback, NULL)
#endif

uint32_t hs_crypto_version(void) { return mbedtls_version_get_number(); }

// MARK: Random

bool hs_random(uint8_t *bytes, size_t count) {
    while (count > 0) {
        ssize_t got = getrandom(bytes, count, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        bytes += got;
        count -= (size_t)got;
    }
    return true;
}

static int random_callback(void *context, unsigned char *bytes, size_t count) {
    (void)context;
    return hs_random(bytes, count) ? 0 : MBEDTLS_ERR_ECP_RANDOM_FAILED;
}

void hs_wipe(void *bytes, size_t count) { mbedtls_platform_zeroize(bytes, count); }

// MARK: Hash

static bool sha256_parts(
    const uint8_t *first, size_t firstCount, const uint8_t *second, size_t secondCount, uint8_t *digest) {
    mbedtls_sha256_context context;
    mbedtls_sha256_init(&context);
    bool done = HS_SHA256_STARTS(&context, 0) == 0
        && (firstCount == 0 || HS_SHA256_UPDATE(&context, first, firstCount) == 0)
        && (secondCount == 0 || HS_SHA256_UPDATE(&context, second, secondCount) == 0)
        && HS_SHA256_FINISH(&context, digest) == 0;
    mbedtls_sha256_free(&context);
    return done;
}

bool hs_sha256(const uint8_t *bytes, size_t count, uint8_t *digest) {
    return sha256_parts(bytes, count, NULL, 0, digest);
}

bool hs_sha256_prefixed(uint8_t prefix, const uint8_t *bytes, size_t count, uint8_t *digest) {
    return sha256_parts(&prefix, 1, bytes, count, digest);
}

// MARK: P-256 verification

struct hs_p256_verifier {
    mbedtls_ecp_group group;
    mbedtls_ecp_point point;
#if MBEDTLS_VERSION_NUMBER < 0x03000000
    // The same curve with the key as its base point: 2.28 keeps the table of multiples of the base point with the group, so
    // that multiplying the key costs half from the second verification on. 3.x ties that table to the curve's own base.
    mbedtls_ecp_group keyGroup;
#endif
};

hs_p256_verifier *hs_p256_verifier_new(const uint8_t *x, const uint8_t *y) {
    hs_p256_verifier *verifier = malloc(sizeof *verifier);
    if (verifier == NULL) return NULL;
    mbedtls_ecp_group_init(&verifier->group);
    mbedtls_ecp_point_init(&verifier->point);
    bool good = mbedtls_ecp_group_load(&verifier->group, MBEDTLS_ECP_DP_SECP256R1) == 0
        && mbedtls_mpi_read_binary(&verifier->point.HS_FIELD(X), x, HS_P256_BYTE_COUNT) == 0
        && mbedtls_mpi_read_binary(&verifier->point.HS_FIELD(Y), y, HS_P256_BYTE_COUNT) == 0
        && mbedtls_mpi_lset(&verifier->point.HS_FIELD(Z), 1) == 0
        && mbedtls_ecp_check_pubkey(&verifier->group, &verifier->point) == 0;
#if MBEDTLS_VERSION_NUMBER < 0x03000000
    mbedtls_ecp_group_init(&verifier->keyGroup);
    good = good && mbedtls_ecp_group_load(&verifier->keyGroup, MBEDTLS_ECP_DP_SECP256R1) == 0;
    // Borrowed, not copied: the group's own base is a constant of the library that nobody frees.
    if (good) verifier->keyGroup.G = verifier->point;
#endif
    if (good) return verifier;
    hs_p256_verifier_free(verifier);
    return NULL;
}

void hs_p256_verifier_free(hs_p256_verifier *verifier) {
    if (verifier == NULL) return;
#if MBEDTLS_VERSION_NUMBER < 0x03000000
    mbedtls_ecp_group_free(&verifier->keyGroup);
#endif
    mbedtls_ecp_point_free(&verifier->point);
    mbedtls_ecp_group_free(&verifier->group);
    free(verifier);
}

#if MBEDTLS_VERSION_NUMBER < 0x03000000
/// FIPS 186-4, 6.4.2, with both multiplications by kept tables. Only a yes counts: the rare cases (a hash of zero, a sum at
/// infinity), each error and each mismatch say no here.
static bool verified_by_tables(
    hs_p256_verifier *verifier, const uint8_t *digest, const mbedtls_mpi *r, const mbedtls_mpi *s) {
    mbedtls_ecp_group *group = &verifier->group, *keyGroup = &verifier->keyGroup;
    if (mbedtls_mpi_cmp_int(r, 1) < 0 || mbedtls_mpi_cmp_mpi(r, &group->N) >= 0) return false;
    if (mbedtls_mpi_cmp_int(s, 1) < 0 || mbedtls_mpi_cmp_mpi(s, &group->N) >= 0) return false;
    mbedtls_mpi hash, inverse, baseFactor, keyFactor, one;
    mbedtls_mpi_init(&hash), mbedtls_mpi_init(&inverse), mbedtls_mpi_init(&one);
    mbedtls_mpi_init(&baseFactor), mbedtls_mpi_init(&keyFactor);
    mbedtls_ecp_point base, key, sum;
    mbedtls_ecp_point_init(&base), mbedtls_ecp_point_init(&key), mbedtls_ecp_point_init(&sum);
    bool valid = mbedtls_mpi_read_binary(&hash, digest, HS_SHA256_BYTE_COUNT) == 0 && mbedtls_mpi_lset(&one, 1) == 0
        && mbedtls_mpi_inv_mod(&inverse, s, &group->N) == 0
        && mbedtls_mpi_mul_mpi(&baseFactor, &hash, &inverse) == 0
        && mbedtls_mpi_mod_mpi(&baseFactor, &baseFactor, &group->N) == 0
        && mbedtls_mpi_mul_mpi(&keyFactor, r, &inverse) == 0
        && mbedtls_mpi_mod_mpi(&keyFactor, &keyFactor, &group->N) == 0
        && mbedtls_ecp_mul(group, &base, &baseFactor, &group->G, random_callback, NULL) == 0
        && mbedtls_ecp_mul(keyGroup, &key, &keyFactor, &keyGroup->G, random_callback, NULL) == 0
        && mbedtls_ecp_muladd(group, &sum, &one, &base, &one, &key) == 0 && !mbedtls_ecp_is_zero(&sum)
        && mbedtls_mpi_mod_mpi(&sum.X, &sum.X, &group->N) == 0 && mbedtls_mpi_cmp_mpi(&sum.X, r) == 0;
    mbedtls_ecp_point_free(&base), mbedtls_ecp_point_free(&key), mbedtls_ecp_point_free(&sum);
    mbedtls_mpi_free(&hash), mbedtls_mpi_free(&inverse), mbedtls_mpi_free(&one);
    mbedtls_mpi_free(&baseFactor), mbedtls_mpi_free(&keyFactor);
    return valid;
}
#else
static bool verified_by_tables(
    hs_p256_verifier *verifier, const uint8_t *digest, const mbedtls_mpi *r, const mbedtls_mpi *s) {
    (void)verifier, (void)digest, (void)r, (void)s;
    return false;
}
#endif

bool hs_p256_verify(hs_p256_verifier *verifier, const uint8_t *digest, const uint8_t *r, const uint8_t *s) {
    mbedtls_mpi rNumber, sNumber;
    mbedtls_mpi_init(&rNumber);
    mbedtls_mpi_init(&sNumber);
    bool valid = mbedtls_mpi_read_binary(&rNumber, r, HS_P256_BYTE_COUNT) == 0
        && mbedtls_mpi_read_binary(&sNumber, s, HS_P256_BYTE_COUNT) == 0
        && (verified_by_tables(verifier, digest, &rNumber, &sNumber)
            || mbedtls_ecdsa_verify(
                   &verifier->group, digest, HS_SHA256_BYTE_COUNT, &verifier->point, &rNumber, &sNumber) == 0);
    mbedtls_mpi_free(&rNumber);
    mbedtls_mpi_free(&sNumber);
    return valid;
}

// MARK: P-256 keys

static hs_p256_key *key_new(void) {
    hs_p256_key *key = malloc(sizeof *key);
    if (key != NULL) mbedtls_pk_init(&key->pk);
    return key;
}

void hs_p256_key_free(hs_p256_key *key) {
    if (key == NULL) return;
    mbedtls_pk_free(&key->pk);
    free(key);
}

hs_p256_key_result hs_p256_key_generate(hs_p256_key **key) {
    hs_p256_key *fresh = key_new();
    if (fresh == NULL) return HS_P256_KEY_NO_MEMORY;
    int failure = mbedtls_pk_setup(&fresh->pk, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
    if (failure == 0)
        failure = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(fresh->pk), random_callback, NULL);
    if (failure == 0) {
        *key = fresh;
        return HS_P256_KEY_OK;
    }
    hs_p256_key_free(fresh);
    return failure == MBEDTLS_ERR_ECP_RANDOM_FAILED ? HS_P256_KEY_NO_RANDOM : HS_P256_KEY_NO_MEMORY;
}

static hs_p256_key_result parse_into(hs_p256_key *key, const uint8_t *pem, size_t count) {
    if (HS_PK_PARSE(&key->pk, pem, count) != 0) return HS_P256_KEY_MALFORMED;
    if (mbedtls_pk_get_type(&key->pk) != MBEDTLS_PK_ECKEY) return HS_P256_KEY_NOT_P256;
    mbedtls_ecp_keypair *pair = mbedtls_pk_ec(key->pk);
    if (pair->HS_FIELD(grp).id != MBEDTLS_ECP_DP_SECP256R1) return HS_P256_KEY_NOT_P256;
    if (mbedtls_ecp_check_privkey(&pair->HS_FIELD(grp), &pair->HS_FIELD(d)) != 0) return HS_P256_KEY_MALFORMED;
    return HS_CHECK_PAIR(pair, pair) == 0 ? HS_P256_KEY_OK : HS_P256_KEY_MISMATCH;
}

hs_p256_key_result hs_p256_key_parse(const uint8_t *pem, size_t count, hs_p256_key **key) {
    hs_p256_key *read = key_new();
    if (read == NULL) return HS_P256_KEY_NO_MEMORY;
    hs_p256_key_result result = parse_into(read, pem, count);
    if (result == HS_P256_KEY_OK)
        *key = read;
    else
        hs_p256_key_free(read);
    return result;
}

bool hs_p256_key_write(hs_p256_key *key, uint8_t *pem, size_t capacity) {
    return mbedtls_pk_write_key_pem(&key->pk, pem, capacity) == 0;
}

bool hs_p256_key_public(hs_p256_key *key, uint8_t *x, uint8_t *y) {
    mbedtls_ecp_keypair *pair = mbedtls_pk_ec(key->pk);
    return mbedtls_mpi_write_binary(&pair->HS_FIELD(Q).HS_FIELD(X), x, HS_P256_BYTE_COUNT) == 0
        && mbedtls_mpi_write_binary(&pair->HS_FIELD(Q).HS_FIELD(Y), y, HS_P256_BYTE_COUNT) == 0;
}

bool hs_p256_sign(hs_p256_key *key, const uint8_t *digest, uint8_t *r, uint8_t *s) {
    mbedtls_ecp_keypair *pair = mbedtls_pk_ec(key->pk);
    mbedtls_mpi rNumber, sNumber;
    mbedtls_mpi_init(&rNumber);
    mbedtls_mpi_init(&sNumber);
    bool done = mbedtls_ecdsa_sign_det_ext(
                    &pair->HS_FIELD(grp), &rNumber, &sNumber, &pair->HS_FIELD(d), digest, HS_SHA256_BYTE_COUNT,
                    MBEDTLS_MD_SHA256, random_callback, NULL) == 0
        && mbedtls_mpi_write_binary(&rNumber, r, HS_P256_BYTE_COUNT) == 0
        && mbedtls_mpi_write_binary(&sNumber, s, HS_P256_BYTE_COUNT) == 0;
    mbedtls_mpi_free(&rNumber);
    mbedtls_mpi_free(&sNumber);
    return done;
}
