#define _GNU_SOURCE
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(MQTT_ERROR_SYSTEM == MOSQ_ERR_ERRNO && MQTT_ERROR_LOOKUP == MOSQ_ERR_EAI && MQTT_ERROR_TLS == MOSQ_ERR_TLS, "values");
_Static_assert(MQTT_ERROR_TOO_LARGE == MOSQ_ERR_OVERSIZE_PACKET && MQTT_ERROR_NO_MEMORY == MOSQ_ERR_NOMEM, "values");
_Static_assert(MQTT_ERROR_ARGUMENT == MOSQ_ERR_INVAL && MQTT_ERROR_PAYLOAD_SIZE == MOSQ_ERR_PAYLOAD_SIZE, "values");
_Static_assert(MQTT_ERROR_BAD_TEXT == MOSQ_ERR_MALFORMED_UTF8, "values");

// What a packet may need beside its payload: topic, headers, properties, and TLS records.
#define PACKET_SLACK 131072u

static void start_library(void) {
    static bool started = false;   // one thread makes clients; a second call would only count up
    if (!started) { mosquitto_lib_init(); }
    started = true;
}

struct mqtt_client *mqtt_client_new(const char *identifier, bool version5, const struct mqtt_limits *limits) {
    start_library();
    struct mqtt_client *client = calloc(1, sizeof *client);
    if (client == NULL) { return NULL; }
    client->limits = *limits;
    client->version5 = version5;
    client->library = mosquitto_new(identifier, true, client);
    if (client->library == NULL) { free(client); return NULL; }
    mosquitto_int_option(client->library, MOSQ_OPT_PROTOCOL_VERSION, version5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311);
    mosquitto_int_option(client->library, MOSQ_OPT_RECEIVE_MAXIMUM, limits->receive_maximum);
    mosquitto_int_option(client->library, MOSQ_OPT_SEND_MAXIMUM, limits->send_maximum);
    mosquitto_int_option(client->library, MOSQ_OPT_TCP_NODELAY, 1);
    mqtt_client_watch(client);
    return client;
}

void mqtt_client_free(struct mqtt_client *client) {
    if (client == NULL) { return; }
    mosquitto_destroy(client->library);
    mqtt_client_forget_records(client);
    free(client);
}

int mqtt_client_set_user(struct mqtt_client *client, const char *name, const char *password) {
    return mosquitto_username_pw_set(client->library, name, password);
}

int mqtt_client_set_will(struct mqtt_client *client, const char *topic, const uint8_t *payload, size_t count, int qos, bool retain) {
    return mosquitto_will_set(client->library, topic, (int)count, payload, qos, retain);
}

// Over TLS the library takes a socket's error away and reports success: the errno it leaves is all that remains of it.
// The first one is kept: it says "refused" where all later ones say "broken pipe".
static int noted(struct mqtt_client *client, int result) {
    if (client->system_error != 0) { return result; }
    switch (errno) {
    case ECONNREFUSED: case ECONNRESET: case EPIPE: case ETIMEDOUT: case ENETUNREACH: case EHOSTUNREACH: case ENETDOWN:
        client->system_error = errno;
        break;
    default:
        // EPROTO is the library's own, for TLS errors; the log has the words.
        if (result == MOSQ_ERR_ERRNO && errno != EPROTO && errno != EAGAIN) { client->system_error = errno; }
    }
    return result;
}

static bool can_read(struct mqtt_client *client, const char *path) {
    if (path == NULL) { return true; }
    // The library opens it without O_NONBLOCK: a FIFO would hold the agent for ever.
    struct stat status;
    int file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    int error = file < 0 || fstat(file, &status) != 0 ? errno : S_ISREG(status.st_mode) ? 0 : EINVAL;
    if (file >= 0) { close(file); }
    if (error != 0) { snprintf(client->log, sizeof client->log, "Unable to load %s: %s", path, error == EINVAL ? "is not a regular file" : strerror(error)); }
    return error == 0;
}

int mqtt_client_set_tls(struct mqtt_client *client, const char *authority_file, const char *certificate_file, const char *key_file) {
    // The library says only "invalid argument" of a file that it cannot open.
    if (!can_read(client, authority_file) || !can_read(client, certificate_file) || !can_read(client, key_file)) { return MOSQ_ERR_TLS; }
    int result = mosquitto_tls_set(client->library, authority_file, NULL, certificate_file, key_file, NULL);
    if (result != MOSQ_ERR_SUCCESS) { return result; }
    // "tlsv1.2" is the least, not the only version; 1: the server's certificate is verified.
    return mosquitto_tls_opts_set(client->library, 1, "tlsv1.2", NULL);
}

int mqtt_client_connect(struct mqtt_client *client, const char *host, uint16_t port, uint16_t keep_alive_seconds) {
    client->log[0] = 0;
    client->consumed_at_packet = 0;
    client->system_error = 0;
    errno = 0;
    // "Threaded" only keeps the CONNECT from being written in here: over TLS 1.3 that write may find the connection closed
    // by a broker that refused our certificate, and the library would throw the alert away that says why.
    mosquitto_threaded_set(client->library, true);
    int result = noted(client, mosquitto_connect_async(client->library, host, port, keep_alive_seconds));
    mosquitto_threaded_set(client->library, false);
    return result == MOSQ_ERR_CONN_PENDING ? MOSQ_ERR_SUCCESS : result;
}

void mqtt_client_disconnect(struct mqtt_client *client) { mosquitto_disconnect(client->library); }

int mqtt_client_socket(const struct mqtt_client *client) { return mosquitto_socket(client->library); }
bool mqtt_client_wants_write(const struct mqtt_client *client) { return mosquitto_want_write(client->library); }

// Bytes that the library has taken from the socket since it was connected; 0 if the kernel does not tell.
static uint64_t consumed_byte_count(const struct mqtt_client *client) {
    struct tcp_info information = {0};
    socklen_t length = sizeof information;
    int waiting = 0;
    int descriptor = mosquitto_socket(client->library);
    if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &information, &length) != 0) { return 0; }
    if (ioctl(descriptor, SIOCINQ, &waiting) != 0 || (uint64_t)waiting > information.tcpi_bytes_received) { return 0; }
    return information.tcpi_bytes_received - (uint64_t)waiting;
}

// libmosquitto takes any announced length. Whoever sends more than a message may have without completing one is cut off.
static bool is_swallowing_too_much(struct mqtt_client *client) {
    uint64_t consumed = consumed_byte_count(client);
    if (client->packet_completed || consumed < client->consumed_at_packet) {
        client->packet_completed = false;
        client->consumed_at_packet = consumed;
    }
    return consumed - client->consumed_at_packet > (uint64_t)client->limits.payload_byte_count + PACKET_SLACK;
}

int mqtt_client_read(struct mqtt_client *client, int packet_count, bool *drained) {
    *drained = false;
    for (int packet = 0; packet < packet_count && !mqtt_client_is_full(client); packet++) {
        errno = 0;
        int result = mosquitto_loop_read(client->library, 1);
        bool empty = errno == EAGAIN || errno == EWOULDBLOCK;
        noted(client, result);
        if (result != MOSQ_ERR_SUCCESS) { return result; }
        if (mosquitto_socket(client->library) < 0) { return MOSQ_ERR_CONN_LOST; }
        if (empty && !mqtt_client_is_full(client)) {
            *drained = true;
            break;
        }
    }
    return is_swallowing_too_much(client) ? MOSQ_ERR_OVERSIZE_PACKET : MOSQ_ERR_SUCCESS;
}

int mqtt_client_write(struct mqtt_client *client) {
    errno = 0;
    return noted(client, mosquitto_loop_write(client->library, 1));
}

int mqtt_client_tick(struct mqtt_client *client) {
    // Ping answers complete no record: without this, their few bytes would add up over weeks.
    uint64_t consumed = consumed_byte_count(client);
    if (consumed - client->consumed_at_packet < 4096) { client->consumed_at_packet = consumed; }
    errno = 0;
    return noted(client, mosquitto_loop_misc(client->library));
}

int mqtt_client_publish(struct mqtt_client *client, const char *topic, const uint8_t *payload, size_t count, int qos,
                        bool retain, const char *content_type, uint16_t *message_id) {
    mosquitto_property *properties = NULL;
    int identifier = 0;
    if (count > MQTT_MAX_PAYLOAD) { return MOSQ_ERR_PAYLOAD_SIZE; }
    if (client->version5 && content_type != NULL) {
        int result = mosquitto_property_add_string(&properties, MQTT_PROP_CONTENT_TYPE, content_type);
        if (result != MOSQ_ERR_SUCCESS) { return result; }
    }
    errno = 0;
    int result = mosquitto_publish_v5(client->library, &identifier, topic, (int)count, payload, qos, retain, properties);
    mosquitto_property_free_all(&properties);
    *message_id = (uint16_t)identifier;
    return noted(client, result);
}

int mqtt_client_subscribe(struct mqtt_client *client, const char *filter, int qos, uint16_t *message_id) {
    int identifier = 0;
    errno = 0;
    int result = noted(client, mosquitto_subscribe(client->library, &identifier, filter, qos));
    *message_id = (uint16_t)identifier;
    return result;
}

int mqtt_client_system_error(const struct mqtt_client *client) { return client->system_error; }

int mqtt_client_socket_error(const struct mqtt_client *client) {
    int error = 0;
    socklen_t length = sizeof error;
    int descriptor = mosquitto_socket(client->library);
    return descriptor >= 0 && getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : 0;
}

const char *mqtt_error_text(int error) { return mosquitto_strerror(error); }
const char *mqtt_reason_text(int reason) { return mosquitto_reason_string(reason); }

int32_t mqtt_library_version(void) {
    int major, minor, revision;
    mosquitto_lib_version(&major, &minor, &revision);
    return major * 1000000 + minor * 1000 + revision;
}
