// Shared by this target's own files only.
#pragma once
#include <mosquitto.h>
#include <mqtt_protocol.h>

#include "CMosquittoShims.h"

// One record with its topic and payload behind it, in one piece of memory.
struct record_node {
    struct record_node *next;
    struct mqtt_record record;
    uint8_t bytes[];
};

struct mqtt_client {
    struct mosquitto *library;
    struct mqtt_limits limits;
    bool version5;
    struct record_node *first, *last;   // not taken yet
    struct record_node *taken;          // the owner looks at it
    size_t queued_byte_count;
    uint64_t dropped_count;
    uint64_t consumed_at_packet;        // of the socket's bytes, when the latest packet was complete
    bool packet_completed;
    int system_error;
    char log[400];
};

void mqtt_client_watch(struct mqtt_client *client);
void mqtt_client_forget_records(struct mqtt_client *client);
