#include "tls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ciphersuites.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>

#include "key.h"

// mbedTLS 2.28 and 3.6 differ in these names only.
#if MBEDTLS_VERSION_NUMBER < 0x03000000
#define HS_FIELD(name) name
#define HS_ONLY_TLS_1_2(config) \
    (mbedtls_ssl_conf_min_version(config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3), \
     mbedtls_ssl_conf_max_version(config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3))
#else
#define HS_FIELD(name) MBEDTLS_PRIVATE(name)
// 3.6 could do 1.3, through a second library of keys and random numbers (PSA) that this program does without.
#define HS_ONLY_TLS_1_2(config) \
    (mbedtls_ssl_conf_min_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_2), \
     mbedtls_ssl_conf_max_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_2))
#endif

struct hs_tls {
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config config;
    mbedtls_x509_crt anchor;
    mbedtls_x509_crt own;
    int descriptor;
    char *name;
    uint8_t address[16];
    size_t address_count;
    bool clock_is_unset;
    // The trusted clock, or the latest notBefore of the chain so far, at least what the caller knows.
    int64_t seconds;
    // The earliest notAfter of the chain so far.
    int64_t end;
    // Of the certificate that the time speaks against.
    int64_t valid_from, valid_to;
    int error;
};

// MARK: Judging the peer's certificate

/// Days from the civil calendar, with years that begin in March.
static int64_t seconds_of(const mbedtls_x509_time *time) {
    int64_t year = time->mon <= 2 ? time->year - 1 : time->year;
    int64_t day = (153 * ((time->mon + 9) % 12) + 2) / 5 + time->day - 1;
    int64_t days = year * 365 + year / 4 - year / 100 + year / 400 + day - 719468;
    return days * 86400 + time->hour * 3600 + time->min * 60 + time->sec;
}

/// A clock that was never set says nothing, but time cannot be before any notBefore, nor after any notAfter, of a chain that is valid
/// now: a chain without such a moment was not valid together at any time since the caller's least one.
static uint32_t judge_time(hs_tls *tls, const mbedtls_x509_crt *certificate) {
    int64_t from = seconds_of(&certificate->valid_from), to = seconds_of(&certificate->valid_to);
    if (!tls->clock_is_unset) {
        if (tls->seconds >= from && tls->seconds <= to) { return 0; }
        tls->valid_from = from;
        tls->valid_to = to;
        return tls->seconds < from ? MBEDTLS_X509_BADCERT_FUTURE : MBEDTLS_X509_BADCERT_EXPIRED;
    }
    if (from > tls->seconds) { tls->seconds = from; }
    if (to < tls->end) { tls->end = to; }
    tls->valid_from = from;
    tls->valid_to = to;
    return tls->seconds > tls->end ? MBEDTLS_X509_BADCERT_EXPIRED : 0;
}

static bool is_same_name(const uint8_t *bytes, size_t count, const char *name) {
    if (strlen(name) != count) { return false; }
    for (size_t index = 0; index < count; index++) {
        uint8_t left = bytes[index], right = (uint8_t)name[index];
        if (left >= 'A' && left <= 'Z') { left |= 0x20; }
        if (right >= 'A' && right <= 'Z') { right |= 0x20; }
        if (left != right) { return false; }
    }
    return true;
}

/// RFC 6125 without wildcards and without the common name: one alternative name must be the very one that was asked for.
static bool is_named(const hs_tls *tls, const mbedtls_x509_crt *certificate) {
    const mbedtls_x509_sequence *entry = &certificate->subject_alt_names;
    for (; entry != NULL && entry->buf.p != NULL; entry = entry->next) {
        unsigned char kind = (unsigned char)(entry->buf.tag & 0x1F);
        if (tls->name != NULL && kind == 2 && is_same_name(entry->buf.p, entry->buf.len, tls->name)) { return true; }
        if (tls->name == NULL && kind == 7 && entry->buf.len == tls->address_count
            && memcmp(entry->buf.p, tls->address, tls->address_count) == 0) {
            return true;
        }
    }
    return false;
}

static int judge(void *context, mbedtls_x509_crt *certificate, int depth, uint32_t *flags) {
    hs_tls *tls = context;
    // mbedTLS reads the clock itself, compares names with wildcards and knows no addresses: both are judged here instead.
    *flags &= ~(uint32_t)(MBEDTLS_X509_BADCERT_FUTURE | MBEDTLS_X509_BADCERT_EXPIRED);
    *flags |= judge_time(tls, certificate);
    if (depth == 0 && !is_named(tls, certificate)) { *flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH; }
    return 0;
}

// MARK: The socket

static int send_some(void *context, const unsigned char *bytes, size_t count) {
    ssize_t sent;
    do { sent = send(((hs_tls *)context)->descriptor, bytes, count, MSG_NOSIGNAL); } while (sent < 0 && errno == EINTR);
    if (sent >= 0) { return (int)sent; }
    // A peer that closes has said why, and that lies in the receive queue: mbedTLS reads it if it is not told of the closing first.
    if (errno == EPIPE || errno == ECONNRESET) { return (int)count; }
    return errno == EAGAIN ? MBEDTLS_ERR_SSL_WANT_WRITE : MBEDTLS_ERR_SSL_CONN_EOF;
}

static int receive_some(void *context, unsigned char *bytes, size_t count) {
    ssize_t got;
    do { got = recv(((hs_tls *)context)->descriptor, bytes, count, 0); } while (got < 0 && errno == EINTR);
    if (got >= 0) { return (int)got; }
    return errno == EAGAIN ? MBEDTLS_ERR_SSL_WANT_READ : MBEDTLS_ERR_SSL_CONN_EOF;
}

static int random_bytes(void *context, unsigned char *bytes, size_t count) {
    (void)context;
    return hs_random(bytes, count) ? 0 : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

// MARK: A session

static const int suites[] = {
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, 0,
};

static bool configure(hs_tls *tls, const hs_tls_settings *settings) {
    mbedtls_ssl_config *config = &tls->config;
    if (mbedtls_ssl_config_defaults(config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT) != 0
        || (settings->anchor != NULL
            && mbedtls_x509_crt_parse_der(&tls->anchor, settings->anchor, settings->anchor_count) != 0)) {
        return false;
    }
    HS_ONLY_TLS_1_2(config);
    mbedtls_ssl_conf_ciphersuites(config, suites);
    mbedtls_ssl_conf_cert_profile(config, &mbedtls_x509_crt_profile_suiteb);
    mbedtls_ssl_conf_rng(config, random_bytes, NULL);
    mbedtls_ssl_conf_ca_chain(config, &tls->anchor, NULL);
    mbedtls_ssl_conf_authmode(config, settings->anchor == NULL ? MBEDTLS_SSL_VERIFY_NONE : MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_verify(config, settings->anchor == NULL ? NULL : judge, tls);
    if (settings->certificate != NULL) {
        if (mbedtls_x509_crt_parse_der(&tls->own, settings->certificate, settings->certificate_count) != 0
            || mbedtls_ssl_conf_own_cert(config, &tls->own, &settings->key->pk) != 0) {
            return false;
        }
    }
    // An address is not sent as a name (RFC 6066, section 3); mbedTLS wants to be told that there is none.
    return mbedtls_ssl_setup(&tls->ssl, config) == 0 && mbedtls_ssl_set_hostname(&tls->ssl, tls->name) == 0;
}

hs_tls *hs_tls_new(const hs_tls_settings *settings) {
    hs_tls *tls = calloc(1, sizeof *tls);
    if (tls == NULL) { return NULL; }
    mbedtls_ssl_init(&tls->ssl);
    mbedtls_ssl_config_init(&tls->config);
    mbedtls_x509_crt_init(&tls->anchor);
    mbedtls_x509_crt_init(&tls->own);
    tls->descriptor = settings->descriptor;
    tls->clock_is_unset = settings->clock_is_unset;
    tls->seconds = settings->seconds;
    tls->end = INT64_MAX;
    bool is_sound = true;
    if (settings->name != NULL) {
        tls->name = strdup(settings->name);
        is_sound = tls->name != NULL;
    } else if (settings->address_count <= sizeof tls->address) {
        memcpy(tls->address, settings->address, settings->address_count);
        tls->address_count = settings->address_count;
    } else {
        is_sound = false;
    }
    if (is_sound && configure(tls, settings)) {
        mbedtls_ssl_set_bio(&tls->ssl, tls, send_some, receive_some, NULL);
        return tls;
    }
    hs_tls_free(tls);
    return NULL;
}

void hs_tls_free(hs_tls *tls) {
    if (tls == NULL) { return; }
    mbedtls_ssl_free(&tls->ssl);
    mbedtls_ssl_config_free(&tls->config);
    mbedtls_x509_crt_free(&tls->anchor);
    mbedtls_x509_crt_free(&tls->own);
    free(tls->name);
    free(tls);
}

static int result_of(hs_tls *tls, int value) {
    switch (value) {
    case MBEDTLS_ERR_SSL_WANT_READ: return HS_TLS_WANTS_READ;
    case MBEDTLS_ERR_SSL_WANT_WRITE: return HS_TLS_WANTS_WRITE;
    case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY: return HS_TLS_END;
    default: break;
    }
    if (value >= 0) { return value; }
    tls->error = value;
    return HS_TLS_FAILED;
}

int hs_tls_handshake(hs_tls *tls) { return result_of(tls, mbedtls_ssl_handshake(&tls->ssl)); }

int hs_tls_read(hs_tls *tls, uint8_t *bytes, size_t capacity) {
    int count = mbedtls_ssl_read(&tls->ssl, bytes, capacity);
    // 0 is an end of the connection without a good-bye.
    return result_of(tls, count == 0 ? MBEDTLS_ERR_SSL_CONN_EOF : count);
}

int hs_tls_write(hs_tls *tls, const uint8_t *bytes, size_t count) {
    return result_of(tls, mbedtls_ssl_write(&tls->ssl, bytes, count));
}

void hs_tls_finish(hs_tls *tls) { (void)mbedtls_ssl_close_notify(&tls->ssl); }

static hs_tls_fault_code fault_of_certificate(uint32_t flags) {
    // Who it is comes first: of a stranger's certificate neither name nor date matters.
    const uint32_t others = MBEDTLS_X509_BADCERT_CN_MISMATCH | MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE
        | MBEDTLS_X509_BADCERT_KEY_USAGE | MBEDTLS_X509_BADCERT_EXT_KEY_USAGE;
    if (flags & ~others) { return HS_TLS_UNTRUSTED; }
    if (flags & (MBEDTLS_X509_BADCERT_KEY_USAGE | MBEDTLS_X509_BADCERT_EXT_KEY_USAGE)) { return HS_TLS_NO_SERVER; }
    if (flags & MBEDTLS_X509_BADCERT_CN_MISMATCH) { return HS_TLS_OTHER_NAME; }
    return flags & MBEDTLS_X509_BADCERT_FUTURE ? HS_TLS_NOT_YET_VALID : HS_TLS_EXPIRED;
}

int64_t hs_tls_valid_from(const hs_tls *tls) { return tls->valid_from; }
int64_t hs_tls_valid_to(const hs_tls *tls) { return tls->valid_to; }

hs_tls_fault_code hs_tls_fault(const hs_tls *tls, int *number) {
    *number = 0;
    switch (tls->error) {
    case 0: return HS_TLS_NO_FAULT;
    case MBEDTLS_ERR_SSL_CONN_EOF: return HS_TLS_CUT;
    case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
        *number = tls->ssl.HS_FIELD(in_msg) == NULL ? 0 : tls->ssl.HS_FIELD(in_msg)[1];
        return HS_TLS_ALERT;
    default: break;
    }
    // All bits: no certificate was judged. Of a wrong usage mbedTLS speaks with another error than of the rest.
    uint32_t flags = mbedtls_ssl_get_verify_result(&tls->ssl);
    if (flags != 0 && flags != UINT32_MAX) { return fault_of_certificate(flags); }
    *number = -tls->error;
    return HS_TLS_PROTOCOL;
}
