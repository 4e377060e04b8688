"""The peer: what libmosquitto's own queue takes while there is no broker. It is what a gateway without a journal has.

usage: offline_queue.py PORT COUNT SIZE   (nobody listens on PORT)
The client tries to connect again after every 1,000 messages; `mosquitto_publish` at QoS 1 keeps each message until it can. Prints PSS
before and after, KiB."""
import ctypes
import json
import os
import sys

from readings import memory_kib

MOSQ_ERR_NO_CONN = 4
port, count, size = map(int, sys.argv[1:])
library = ctypes.CDLL("libmosquitto.so.1")
library.mosquitto_new.restype = ctypes.c_void_p
library.mosquitto_lib_init()
client = ctypes.c_void_p(library.mosquitto_new(b"acme.peer", True, None))
library.mosquitto_connect(client, b"127.0.0.1", port, 60)
payload = os.urandom(size)
before, _ = memory_kib("self")
for number in range(count):
    if number % 1_000 == 0:
        library.mosquitto_reconnect(client)
    result = library.mosquitto_publish(client, None, b"peer/events", size, payload, 1, False)
    # It says that there is no connection, and keeps the message all the same.
    if result not in (0, MOSQ_ERR_NO_CONN):
        sys.exit(f"mosquitto_publish: {result}")
after, _ = memory_kib("self")
if (after - before) * 1024 < count * size:
    sys.exit(f"{after - before} KiB more cannot hold {count} messages of {size} bytes: they were not kept")
print(json.dumps({"before": before, "after": after}))
