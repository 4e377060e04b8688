"""The peer: what a gateway's owner would write in an afternoon. It reads files once a period, signs each reading, publishes it.

usage: python_agent.py PORT CA CERTIFICATE KEY SIGNING-KEY PERIOD FILE...   (PERIOD 0: as fast as it can, 2,000 readings)
No journal, no batches, no receipts: what is under way when the power fails is lost."""
import ssl
import sys
import time
from pathlib import Path

import cbor2
import paho.mqtt.client as mqtt
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pycose.headers import KID, Algorithm
from pycose.keys import EC2Key
from pycose.messages import Sign1Message

port, ca, certificate, key, signing_key, period, *files = sys.argv[1:]
numbers = load_pem_private_key(Path(signing_key).read_bytes(), None).private_numbers()
seal = EC2Key(crv="P_256", d=numbers.private_value.to_bytes(32, "big"))
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="acme.peer", protocol=mqtt.MQTTv5)
client.tls_set(ca, certificate, key, tls_version=ssl.PROTOCOL_TLS_CLIENT)
client.connect("localhost", int(port), keepalive=60)
client.loop_start()


def publish(name, text):
    event = cbor2.dumps({"sensor": name, "value": int(text), "time": time.time_ns() // 1_000_000})
    message = Sign1Message(phdr={Algorithm: "ES256", KID: b"gw-1"}, payload=event, key=seal)
    return client.publish("peer/readings", message.encode(), qos=1)


count, began = 0, time.monotonic()
while float(period) or count < 2_000:
    for file in files:
        pending = publish(Path(file).parent.name, Path(file).read_text())
        count += 1
    if float(period):
        time.sleep(max(0, began + (count // len(files)) * float(period) - time.monotonic()))
pending.wait_for_publish(60)
print(f"{count / (time.monotonic() - began):.0f} a second")
