#define _GNU_SOURCE
#include "client.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool mqtt_client_is_full(const struct mqtt_client *client) {
    return client->queued_byte_count >= client->limits.queue_byte_count;
}

static size_t size_of(const struct mqtt_record *record) {
    return sizeof(struct record_node) + record->topic_byte_count + record->payload_byte_count;
}

static void keep(struct mqtt_client *client, struct mqtt_record record) {
    size_t size = size_of(&record);
    // Reading stops when the queue is full; twice its size is only reached by a library that reads on regardless.
    bool overflows = client->queued_byte_count / 2 >= client->limits.queue_byte_count;
    struct record_node *node = overflows ? NULL : malloc(size);
    client->packet_completed = true;
    if (node == NULL) { client->dropped_count++; return; }
    if (record.topic_byte_count > 0) { memcpy(node->bytes, record.topic, record.topic_byte_count); }
    if (record.payload_byte_count > 0) { memcpy(node->bytes + record.topic_byte_count, record.payload, record.payload_byte_count); }
    record.topic = node->bytes;
    record.payload = node->bytes + record.topic_byte_count;
    node->record = record;
    node->next = NULL;
    if (client->last != NULL) { client->last->next = node; } else { client->first = node; }
    client->last = node;
    client->queued_byte_count += size;
    // The library's reading loop over TLS ends on this errno and on nothing else that we can reach.
    if (mqtt_client_is_full(client)) { errno = EAGAIN; }
}

void mqtt_client_take(struct mqtt_client *client, struct mqtt_record *record) {
    free(client->taken);
    client->taken = client->first;
    if (client->taken == NULL) {
        memset(record, 0, sizeof *record);
        return;
    }
    client->first = client->taken->next;
    if (client->first == NULL) { client->last = NULL; }
    *record = client->taken->record;
    client->queued_byte_count -= size_of(record);
}

void mqtt_client_forget_records(struct mqtt_client *client) {
    struct mqtt_record record;
    do { mqtt_client_take(client, &record); } while (record.kind != MQTT_RECORD_NONE);
}

uint64_t mqtt_client_dropped_count(const struct mqtt_client *client) { return client->dropped_count; }
const char *mqtt_client_log(const struct mqtt_client *client) { return client->log; }

static void on_connect(struct mosquitto *library, void *context, int code, int flags, const mosquitto_property *properties) {
    (void)library; (void)flags; (void)properties;
    keep(context, (struct mqtt_record){.kind = MQTT_RECORD_CONNECTED, .code = code});
}

static void on_disconnect(struct mosquitto *library, void *context, int code, const mosquitto_property *properties) {
    (void)library; (void)properties;
    keep(context, (struct mqtt_record){.kind = MQTT_RECORD_DISCONNECTED, .code = code});
}

static void on_publish(struct mosquitto *library, void *context, int identifier, int code, const mosquitto_property *properties) {
    (void)library; (void)properties;
    keep(context, (struct mqtt_record){.kind = MQTT_RECORD_PUBLISHED, .code = code, .message_id = (uint16_t)identifier});
}

static void on_subscribe(struct mosquitto *library, void *context, int identifier, int count, const int *granted,
                         const mosquitto_property *properties) {
    (void)library; (void)properties;
    int code = count > 0 ? granted[0] : 128;   // one filter a SUBSCRIBE
    keep(context, (struct mqtt_record){.kind = MQTT_RECORD_SUBSCRIBED, .code = code, .message_id = (uint16_t)identifier});
}

static void on_message(struct mosquitto *library, void *context, const struct mosquitto_message *message,
                       const mosquitto_property *properties) {
    (void)library; (void)properties;
    struct mqtt_client *client = context;
    if (message->payloadlen < 0 || (uint64_t)message->payloadlen > client->limits.payload_byte_count) {
        client->dropped_count++;
        client->packet_completed = true;
        return;
    }
    keep(client, (struct mqtt_record){
        .kind = MQTT_RECORD_MESSAGE, .message_id = (uint16_t)message->mid, .qos = (uint8_t)message->qos,
        .retained = message->retain, .topic = (const uint8_t *)message->topic,
        .topic_byte_count = message->topic == NULL ? 0 : strlen(message->topic),
        .payload = message->payload, .payload_byte_count = (size_t)message->payloadlen});
}

// OpenSSL's log line says only "certificate verify failed"; why, it keeps in the connection. libmosquitto has loaded the
// library already; asking for the two functions by name adds no library to link.
static const char *verification_text(struct mosquitto *library) {
    long (*result)(const void *) = (long (*)(const void *))dlsym(RTLD_DEFAULT, "SSL_get_verify_result");
    const char *(*text)(long) = (const char *(*)(long))dlsym(RTLD_DEFAULT, "X509_verify_cert_error_string");
    void *connection = mosquitto_ssl_get(library);
    if (result == NULL || text == NULL || connection == NULL) { return NULL; }
    long code = result(connection);
    return code == 0 ? NULL : text(code);
}

static void append(struct mqtt_client *client, const char *text) {
    size_t used = strlen(client->log);
    snprintf(client->log + used, sizeof client->log - used, "%s%s", used > 0 ? "; " : "", text);
}

static void on_log(struct mosquitto *library, void *context, int level, const char *text) {
    if (level != MOSQ_LOG_ERR) { return; }
    append(context, text);
    if (strstr(text, "certificate verify failed") == NULL) { return; }
    const char *reason = verification_text(library);
    if (reason != NULL) { append(context, reason); }
}

void mqtt_client_watch(struct mqtt_client *client) {
    mosquitto_connect_v5_callback_set(client->library, on_connect);
    mosquitto_disconnect_v5_callback_set(client->library, on_disconnect);
    mosquitto_publish_v5_callback_set(client->library, on_publish);
    mosquitto_subscribe_v5_callback_set(client->library, on_subscribe);
    mosquitto_message_v5_callback_set(client->library, on_message);
    mosquitto_log_callback_set(client->library, on_log);
}
