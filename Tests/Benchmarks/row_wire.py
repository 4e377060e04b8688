"""Row: bytes on the wire for each event of 88 bytes in batches of 64; the same events signed one by one beside it."""
import json
import subprocess
import time

import cbor2

from counting import Subscriber, events_of
from events import EVENT_BYTE_COUNT, Sender, line
from figures import Figure
from proxy import CountingProxy
from workshop import ROOT, Gateway, Workshop

BATCH, ROUNDS = 64, 20
CONTENT_TYPE = "application/cbor"
PYTHON = ROOT / ".venv/bin/python"
SINGLE_MESSAGES = ROOT / "Tests/Benchmarks/single_messages.py"
# What the intake keeps for itself: it does not get into the event.
BOOKKEEPING = ("source", "number")


def run(bench):
    workshop = Workshop(bench.folder / "wire")
    proxy = None
    try:
        workshop.start_broker()
        workshop.start_nodes()
        proxy = CountingProxy(workshop.broker_port)
        proxy.start()
        gateway = Gateway(workshop)
        gateway.configure(gateway.intake_section, port=proxy.port, batches="batch-interval = 1 min")
        subscriber = Subscriber(workshop, "counter", "hs/1/+/+/batch")
        gateway.start()
        gateway.wait("the nodes' answers", lambda status: sum(node["answered-hello"] for node in status["nodes"]) == 3, 30)
        whole, relayed, batches = feed(bench, gateway, subscriber, proxy)
        return [figure(whole, relayed, batches, single_messages(gateway, whole[0].payload))]
    finally:
        if proxy:
            proxy.close()
        workshop.close(bench.keep)


def feed(bench, gateway, subscriber, proxy):
    """(messages of 64 events of 88 bytes, bytes through the relay while they passed, how many batches passed then)."""
    bench.say(f"wire: {ROUNDS} batches of {BATCH} events through a counting relay")
    sender = Sender(gateway.intake)
    # The agent's own first events open a batch: it is filled up, so that the next ones hold fed events alone.
    status = gateway.status()
    sender.send(BATCH - status["batches"]["open-events"])
    time.sleep(2)
    before, passed = proxy.up, len(subscriber.batches())
    for _ in range(ROUNDS):
        sender.send(BATCH)
        time.sleep(0.25)
    time.sleep(1)
    sender.close()
    whole = [message for message in subscriber.of("batch") if is_measured(message.payload)]
    through = proxy.up - before, len(subscriber.batches()) - passed
    subscriber.close()
    gateway.end()
    if len(whole) < ROUNDS // 2:
        found = [sorted({len(event) for event in events_of(message.payload)}) for message in subscriber.of("batch")]
        raise RuntimeError(f"only {len(whole)} batches held {BATCH} events of {EVENT_BYTE_COUNT} bytes; sizes were {found[-3:]}")
    return whole, *through


def single_messages(gateway, payload):
    """Bytes of one message for each event of this batch, signed with the gateway's own key: single_messages.py says the forms."""
    lines = [json.dumps({name: value for name, value in json.loads(line_of(event)).items() if name not in BOOKKEEPING})
             for event in events_of(payload)]
    given = json.dumps({"batch": payload.hex(), "lines": lines})
    result = subprocess.run([PYTHON, SINGLE_MESSAGES, gateway.home / "seal.key"], input=given, capture_output=True, text=True, timeout=60)
    if result.returncode != 0:
        raise RuntimeError(f"single_messages.py: {result.stderr.strip()[-300:]}")
    return json.loads(result.stdout)


def line_of(event):
    """The intake line that this event was made from: events.line has a second of the day for each number."""
    content = cbor2.loads(event)
    found = line(content[1] // 1000 % 86_400)
    if json.loads(found)["position"]["latitude"] != content[6][0] / 1e7:
        raise RuntimeError(f"no line of ours makes this event: {content}")
    return found


def is_measured(payload):
    events = events_of(payload)
    return len(events) == BATCH and all(len(event) == EVENT_BYTE_COUNT for event in events)


def packet_size(message):
    """An MQTT 5 PUBLISH at QoS 1: fixed header, topic, packet id, properties with the content type, payload."""
    properties = 1 + 2 + len(CONTENT_TYPE)
    rest = 2 + len(message.topic) + 2 + 1 + properties + len(message.payload)
    return 1 + (1 if rest < 128 else 2 if rest < 16_384 else 3) + rest


def figure(whole, relayed, batches, single):
    payload = sum(len(message.payload) for message in whole) / len(whole) / BATCH
    packet = sum(packet_size(message) for message in whole) / len(whole) / BATCH
    tls = relayed / batches / BATCH
    return Figure(
        what=f"PUBLISH payload bytes for an {EVENT_BYTE_COUNT}-byte event in a batch of {BATCH}",
        ours=f"{payload:.1f} (MQTT packet {packet:.1f}, TLS {tls:.1f})",
        peer=f"signed one by one: COSE_Sign1 {single['cose']:.0f} ({single['cose-bare']:.0f}), JSON in a JWS {single['jws']:.0f} "
        f"({single['jws-bare']:.0f})", target="at most 95", met=payload <= 95,
        method=f"{len(whole)} messages as a subscriber got them; packet: the layout of an MQTT 5 PUBLISH; TLS: all bytes from the gateway "
        f"through a counting TCP relay while {batches} batches passed; peers: the same {BATCH} events, each a COSE_Sign1 by pycose and, as the "
        "JSON that the intake takes, a compact JWS, ES256, with the claims of our statement (issuer, journal, time, place, previous) and, in "
        "brackets, with alg and kid alone; each made, verified and measured",
        numbers={"wire.payload": round(payload, 2), "wire.packet": round(packet, 2), "wire.tls": round(tls, 2),
                 **{f"wire.single-{form}": round(size, 1) for form, size in single.items()}})
