// The only door to libmosquitto: an opaque client whose callbacks are kept as records that the owner takes, one by one.
// Nothing here decides anything; MQTTLink does. Works with libmosquitto 2.0.11 and later 2.x.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mqtt_client;

/// Bounds of what is held for the owner until it takes it.
struct mqtt_limits {
    uint32_t payload_byte_count;    ///< longer inbound payloads are counted and not kept
    uint32_t queue_byte_count;      ///< reading stops when taken-in payloads reach this
    uint16_t receive_maximum;       ///< MQTT 5: QoS 1 messages that the broker may have under way towards us
    uint16_t send_maximum;          ///< QoS 1 messages that may be under way to the broker
};

/// A client that is not connected. NULL: no memory, or an identifier that MQTT forbids.
struct mqtt_client *mqtt_client_new(const char *identifier, bool version5, const struct mqtt_limits *limits);
void mqtt_client_free(struct mqtt_client *client);

/// Results of the calls below: 0, or a library error number (`mqtt_error_text`).
#define MQTT_ERROR_SYSTEM 14        ///< look at `mqtt_client_system_error`
#define MQTT_ERROR_LOOKUP 15        ///< the host name was not found
#define MQTT_ERROR_TLS 8            ///< `mqtt_client_log` says why
#define MQTT_ERROR_TOO_LARGE 25
#define MQTT_ERROR_NO_MEMORY 1
#define MQTT_ERROR_ARGUMENT 3
#define MQTT_ERROR_PAYLOAD_SIZE 9
#define MQTT_ERROR_BAD_TEXT 18      ///< a topic that is not UTF-8
int mqtt_client_set_tls(struct mqtt_client *client, const char *authority_file, const char *certificate_file, const char *key_file);
/// The user name of a connection without client certificate; `password` NULL: none.
int mqtt_client_set_user(struct mqtt_client *client, const char *name, const char *password);
int mqtt_client_set_will(struct mqtt_client *client, const char *topic, const uint8_t *payload, size_t count, int qos, bool retain);
/// Begins to connect: the name lookup blocks, the rest does not. 0 also when it goes on in the background.
int mqtt_client_connect(struct mqtt_client *client, const char *host, uint16_t port, uint16_t keep_alive_seconds);
/// Says good-bye (no last will), as far as the socket takes it at once.
void mqtt_client_disconnect(struct mqtt_client *client);

/// The descriptor to poll; -1 if there is none. It changes with each connect.
int mqtt_client_socket(const struct mqtt_client *client);
bool mqtt_client_wants_write(const struct mqtt_client *client);
/// Reads until the socket is empty, the queue is full, or `packet_count` packets were read; `*drained` says the first.
int mqtt_client_read(struct mqtt_client *client, int packet_count, bool *drained);
int mqtt_client_write(struct mqtt_client *client);
/// Keep-alive.
int mqtt_client_tick(struct mqtt_client *client);

/// `content_type` NULL: none; it is sent with MQTT 5 only. The message id goes to `*message_id`.
int mqtt_client_publish(struct mqtt_client *client, const char *topic, const uint8_t *payload, size_t count, int qos,
                        bool retain, const char *content_type, uint16_t *message_id);
int mqtt_client_subscribe(struct mqtt_client *client, const char *filter, int qos, uint16_t *message_id);

#define MQTT_RECORD_NONE 0
#define MQTT_RECORD_CONNECTED 1      ///< CONNACK: code
#define MQTT_RECORD_DISCONNECTED 2   ///< code: library error, or an MQTT 5 reason (128 and above) the broker gave
#define MQTT_RECORD_PUBLISHED 3      ///< PUBACK: message_id, code
#define MQTT_RECORD_SUBSCRIBED 4     ///< SUBACK: message_id, code (granted QoS, or 128 and above)
#define MQTT_RECORD_MESSAGE 5        ///< topic, payload, qos, retained

/// One thing that happened. The pointers live until the next `mqtt_client_take` or `mqtt_client_free`.
struct mqtt_record {
    int32_t kind;
    int32_t code;
    uint16_t message_id;
    uint8_t qos;
    bool retained;
    const uint8_t *topic;
    size_t topic_byte_count;
    const uint8_t *payload;
    size_t payload_byte_count;
};
/// Takes the oldest record; its kind is MQTT_RECORD_NONE when there is none.
void mqtt_client_take(struct mqtt_client *client, struct mqtt_record *record);
/// Whether the queue has reached its limit, so that nothing more is read.
bool mqtt_client_is_full(const struct mqtt_client *client);
/// Inbound messages not kept: larger than the limit, or no memory for them.
uint64_t mqtt_client_dropped_count(const struct mqtt_client *client);

/// What the library logged as errors since the last connect (TLS alerts come only this way); empty if nothing.
const char *mqtt_client_log(const struct mqtt_client *client);
/// The first network error since the connect, as an errno, also of calls that reported success; 0: none.
int mqtt_client_system_error(const struct mqtt_client *client);
/// The socket's pending error (SO_ERROR), as an errno; 0: none.
int mqtt_client_socket_error(const struct mqtt_client *client);

const char *mqtt_error_text(int error);
const char *mqtt_reason_text(int reason);
/// The library's version as major * 1000000 + minor * 1000 + revision.
int32_t mqtt_library_version(void);
