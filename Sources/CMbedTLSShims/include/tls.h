// A TLS 1.2 client over a connected, non-blocking socket, for enrolment and renewal: one anchor, ECDHE with AEAD, P-256.
// Nothing is decided here: what a result means is said in DeviceCrypto.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "CMbedTLSShims.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hs_tls hs_tls;

/// Whom to talk to, and how to know it. Pointers are borrowed for the call, but `key` until `hs_tls_free`.
typedef struct hs_tls_settings {
    /// A connected, non-blocking socket; stays the caller's.
    int descriptor;
    /// A DNS name for SNI and the certificate's dNSName, ended with a zero; NULL when `address` counts.
    const char *name;
    /// 4 or 16 bytes for the certificate's iPAddress.
    const uint8_t *address;
    size_t address_count;
    /// The only anchor, in DER; NULL: the peer is nobody in particular, and what it says counts for nothing by itself.
    const uint8_t *anchor;
    size_t anchor_count;
    /// This side's certificate in DER with its key; NULL: none is shown.
    const uint8_t *certificate;
    size_t certificate_count;
    hs_p256_key *key;
    /// Seconds since 1970: now, or with `clock_is_unset` the least that it can be.
    int64_t seconds;
    bool clock_is_unset;
} hs_tls_settings;

/// Results of handshake, read and write below zero.
enum {
    HS_TLS_WANTS_READ = -1,
    HS_TLS_WANTS_WRITE = -2,
    /// The peer said good-bye: everything before it came whole.
    HS_TLS_END = -3,
    /// `hs_tls_fault` says why.
    HS_TLS_FAILED = -4,
};

typedef enum hs_tls_fault_code {
    HS_TLS_NO_FAULT = 0,
    /// Closed or reset without a good-bye.
    HS_TLS_CUT,
    /// The certificate was not issued by the anchor, its signature is wrong, or its key or hash is too weak.
    HS_TLS_UNTRUSTED,
    /// It is for another name or address.
    HS_TLS_OTHER_NAME,
    HS_TLS_EXPIRED,
    HS_TLS_NOT_YET_VALID,
    /// It is no server's certificate.
    HS_TLS_NO_SERVER,
    /// The peer ended it with an alert; its number goes along (RFC 5246, 7.2).
    HS_TLS_ALERT,
    /// Something else; mbedTLS's error goes along, negated.
    HS_TLS_PROTOCOL,
} hs_tls_fault_code;

/// NULL when memory is short, or the anchor or the certificate cannot be read.
hs_tls *hs_tls_new(const hs_tls_settings *settings);
void hs_tls_free(hs_tls *tls);

/// 0 when it is done.
int hs_tls_handshake(hs_tls *tls);
/// Bytes read, at least one; bytes taken.
int hs_tls_read(hs_tls *tls, uint8_t *bytes, size_t capacity);
int hs_tls_write(hs_tls *tls, const uint8_t *bytes, size_t count);
/// Says good-bye, as far as the socket takes it at once.
void hs_tls_finish(hs_tls *tls);

/// Why the latest call failed, and a number that goes with it.
hs_tls_fault_code hs_tls_fault(const hs_tls *tls, int *number);
/// Of `HS_TLS_EXPIRED` and `HS_TLS_NOT_YET_VALID`: between which seconds since 1970 the certificate is valid.
int64_t hs_tls_valid_from(const hs_tls *tls);
int64_t hs_tls_valid_to(const hs_tls *tls);

#ifdef __cplusplus
}
#endif
