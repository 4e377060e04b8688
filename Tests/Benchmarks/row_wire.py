"""Row: bytes on the wire for each event of 88 bytes in batches of 64."""
import time

from counting import Subscriber, events_of
from events import EVENT_BYTE_COUNT, Sender
from figures import Figure
from proxy import CountingProxy
from workshop import Gateway, Workshop

BATCH, ROUNDS = 64, 20
CONTENT_TYPE = "application/cbor"


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
        return [figure(*feed(bench, gateway, subscriber, proxy))]
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


def is_measured(payload):
    events = events_of(payload)
    return len(events) == BATCH and all(len(event) == EVENT_BYTE_COUNT for event in events)


def packet_size(message):
    """An MQTT 5 PUBLISH at QoS 1: fixed header, topic, packet id, properties with the content type, payload."""
    properties = 1 + 2 + len(CONTENT_TYPE)
    rest = 2 + len(message.topic) + 2 + 1 + properties + len(message.payload)
    return 1 + (1 if rest < 128 else 2 if rest < 16_384 else 3) + rest


def figure(whole, relayed, batches):
    payload = sum(len(message.payload) for message in whole) / len(whole) / BATCH
    packet = sum(packet_size(message) for message in whole) / len(whole) / BATCH
    tls = relayed / batches / BATCH
    return Figure(
        what=f"PUBLISH payload bytes for an {EVENT_BYTE_COUNT}-byte event in a batch of {BATCH}",
        ours=f"{payload:.1f} (MQTT packet {packet:.1f}, TLS {tls:.1f})",
        peer="267 as single COSE_Sign1; 700 and more as JSON with JWS (sizes, not run)", target="at most 95", met=payload <= 95,
        method=f"{len(whole)} messages as a subscriber got them; packet: the layout of an MQTT 5 PUBLISH; TLS: all bytes from the gateway "
        f"through a counting TCP relay while {batches} batches passed",
        numbers={"wire.payload": round(payload, 2), "wire.packet": round(packet, 2), "wire.tls": round(tls, 2)})
