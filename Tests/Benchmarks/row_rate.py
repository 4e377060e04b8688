"""Row: signed, durable, broker-acknowledged events a second on one core; mosquitto_pub -l of the same lines beside it."""
import resource
import subprocess
import time

from counting import Subscriber
from events import Sender, line, write_lines
from figures import Figure
from readings import processor_seconds
from workshop import OURS, Gateway, Workshop, on_cores, wait_for

# Beyond this a run of mosquitto_pub -l reuses message ids and loses messages.
LINE_COUNT = 65_000
# Receipts come after the measured seconds: they are verified on the same core, and the peer gets none. How long the quorum
# for everything takes is said beside it.
LATE_RECEIPTS = ["ledger.integrate-interval=5 s"]
WIDE_WINDOW = "unreceipted-batches = 4096\nunreceipted-bytes = 64 MiB"
BROKER_COUNT = "$SYS/broker/publish/messages/received"


def run(bench):
    count = bench.choose(LINE_COUNT, 20_000)
    workshop = Workshop(bench.folder / "rate")
    try:
        workshop.start_broker()
        workshop.start_nodes(LATE_RECEIPTS)
        lines = write_lines(workshop.folder / "lines.ndjson", count)
        turns = [one_turn(bench, workshop, lines, count) for _ in range(bench.choose(3, 1))]
        taken = intake_rate(bench, workshop, count)
    finally:
        workshop.close(bench.keep)
    best = sorted(turns, key=lambda turn: turn["ours"] / turn["peer"])[len(turns) // 2]
    return [figure(best, taken, count)]


def one_turn(bench, workshop, lines, count):
    bench.say(f"rate: {count:,} lines, first mosquitto_pub -l, then replay")
    found = {**peer_rate(workshop, lines, count), **agent_rate(workshop, lines, count)}
    bench.say(f"rate: {found['peer']:,.0f} a second by mosquitto_pub, {found['ours']:,.0f} by the agent")
    return found


def peer_rate(workshop, lines, count):
    """mosquitto_pub -l at QoS 1 over TLS, from exec to its end, which comes after the last acknowledgement."""
    subscriber = Subscriber(workshop, "counter", BROKER_COUNT)
    try:
        before = settled(subscriber)
        with open(lines, "rb") as source:
            began, processor = time.monotonic(), children_seconds()
            words = ["mosquitto_pub", *workshop.client_words("peer"), "-q", "1", "-t", "peer/lines", "-l"]
            subprocess.run([*on_cores(OURS), *words], stdin=source, check=True)
            seconds, processor = time.monotonic() - began, children_seconds() - processor
        arrived = settled(subscriber) - before
    finally:
        subscriber.close()
    # Beside the lines only the nodes' few own messages may have come.
    if arrived < count:
        raise RuntimeError(f"mosquitto_pub lost messages: {arrived} of {count} came to the broker")
    return {"peer": count / seconds, "peer-processor": processor / count}


def children_seconds():
    """Processor time of the children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def settled(subscriber):
    """The broker's own count of publications, once it has not changed for two seconds."""
    last, since = subscriber.counter(BROKER_COUNT), time.monotonic()
    while last is None or time.monotonic() - since < 2.2:
        time.sleep(0.1)
        if (now := subscriber.counter(BROKER_COUNT)) != last:
            last, since = now, time.monotonic()
    return last


def agent_rate(workshop, lines, count):
    """From exec until the agent has the broker's last acknowledgement; then everything must be at the subscriber."""
    gateway = Gateway(workshop)
    workshop.forget_journal(gateway)
    gateway.configure(gateway.replay_section(lines), link=WIDE_WINDOW)
    subscriber = Subscriber(workshop, "counter", "hs/1/+/+/batch")
    try:
        time.sleep(0.5)
        began = gateway.start(OURS)
        done = wait_for("every event acknowledged by the broker", lambda: out_status(gateway, count), 120)
        seconds, processor = time.time() - began, processor_seconds(gateway.pid)
        wait_for("every event at the subscriber", lambda: arrived_count(subscriber) >= count, 60)
        batches = subscriber.batches()
        gateway.wait("a quorum for every event", lambda status: status["journal"]["quorum"] >= count, 120)
        quorum = time.time() - began
    finally:
        subscriber.close()
        gateway.end()
    return {
        "ours": count / seconds, "quorum": count / quorum, "batches": len(batches),
        "ecdsa": 1e6 / done["batches"]["signing-us"], "processor": processor / count}


def out_status(gateway, count):
    """The status once everything is signed, published and acknowledged by the broker; None before."""
    status = gateway.status()
    if not status:
        return None
    batches = status["batches"]
    is_out = (status["journal"]["signed"] >= count and batches["published"] - batches["resent"] >= batches["signed"]
              and status["link"]["in-flight"] == 0)
    return status if is_out else None


def arrived_count(subscriber):
    return sum(events for _, events, _ in subscriber.batches())


def intake_rate(bench, workshop, count):
    """Lines a second through the socket, each answered once it is durable; the sender is a Python program."""
    bench.say(f"rate: {count:,} lines through the intake socket")
    gateway = Gateway(workshop)
    workshop.forget_journal(gateway)
    gateway.configure(gateway.intake_section, link=WIDE_WINDOW)
    gateway.start(OURS)
    gateway.wait("the agent", lambda status: status["link"]["state"] == "connected", 20)
    sender = Sender(gateway.intake)
    taken = sender.rate(count)
    sender.close()
    gateway.end()
    return taken


def figure(turn, taken, count):
    ours, peer, ecdsa = turn["ours"], turn["peer"], turn["ecdsa"]
    processor, peer_processor = 1e6 * turn["processor"], 1e6 * turn["peer-processor"]
    return Figure(
        what="signed, durable, broker-acknowledged events a second, one core",
        ours=f"{ours:,.0f} ({ours / peer:.2f} times the peer, {ours / ecdsa:.0f} times per-event ECDSA); intake {taken:,.0f}",
        peer=f"mosquitto_pub -l {peer:,.0f}, unsigned and not durable; per-event ECDSA {ecdsa:,.0f}",
        target="twice mosquitto_pub -l, 100 times per-event ECDSA", met=ours >= 2 * peer and ours >= 100 * ecdsa,
        method=f"{count:,} lines of {line_size()} bytes, QoS 1 over TLS with client certificate, publisher alone on a core; from exec to the broker's "
        f"last acknowledgement, both counted at the broker (agent: a subscriber that decodes {turn['batches']} batches; receipts of the quorum "
        f"for all after {count / turn['quorum']:.1f} s, with nodes that gather for 5 s); processor time for an event: {processor:.1f} µs, peer "
        f"{peer_processor:.1f} µs; per-event ECDSA: sign and verify as the agent timed it; median of the turns",
        numbers={"rate.events-a-second": round(ours), "rate.peer": round(peer), "rate.ratio": round(ours / peer, 3), "rate.ecdsa-ratio": round(ours / ecdsa, 1),
                 "rate.per-event-ecdsa": round(ecdsa), "rate.intake": round(taken), "rate.quorum": round(turn["quorum"]),
                 "rate.processor-us": round(processor, 2), "rate.peer-processor-us": round(peer_processor, 2)})


def line_size():
    return len(line(LINE_COUNT // 2)) + 1
