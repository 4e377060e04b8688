"""Rows: what a long outage costs: memory with 1,000,000 events unreceipted, and the start with 100,000; a library's and a broker's queue
beside them."""
import json
import subprocess
import sys
import time

from events import EVENT_BYTE_COUNT, Sender, write_lines
from figures import Figure
from queueing_broker import QueueingBroker
from readings import memory_kib
from workshop import OURS, ROOT, Gateway, Workshop, free_port

OFFLINE_QUEUE = ROOT / "Tests/Benchmarks/offline_queue.py"
# A fifth of ours in the whole run; the library has 65,535 message ids and uses them again.
QUEUED_COUNT = 200_000


def growth(bench):
    """Nodes are off: everything is stored and signed, the window fills, nothing is freed."""
    count = bench.choose(1_000_000, 100_000)
    workshop = Workshop(bench.folder / "growth", devices=("gw-small", "gw-large"))
    try:
        workshop.start_broker()
        small = backlog_memory(bench, workshop, "gw-small", 20_000)
        large = backlog_memory(bench, workshop, "gw-large", count)
        peer = queue_memory(bench)
    finally:
        workshop.close(bench.keep)
    grown = large - small
    return [Figure(
        what=f"memory growth with {count:,} events unreceipted", ours=f"{grown / 1024:.2f} MiB ({small / 1024:.2f} to {large / 1024:.2f} MiB PSS)",
        peer=f"libmosquitto's queue {peer / 1024:+.0f} MiB at {QUEUED_COUNT:,}", target="at most 1 MiB", met=grown <= 1024,
        method=f"PSS of two agents, connected over TLS, after replaying 20,000 and {count:,} lines and signing them; no node answers; peer: PSS of "
        f"a client of libmosquitto before and after it publishes {QUEUED_COUNT:,} messages of {EVENT_BYTE_COUNT} bytes at QoS 1 while no broker "
        "is there; they are lost with the process",
        numbers={"growth.kib": grown, "growth.pss-kib": large, "growth.libmosquitto-kib": peer})]


def queue_memory(bench):
    """KiB of PSS by which libmosquitto's own queue grows."""
    bench.say(f"growth: {QUEUED_COUNT:,} messages into libmosquitto's queue")
    words = [sys.executable, OFFLINE_QUEUE, free_port(), QUEUED_COUNT, EVENT_BYTE_COUNT]
    result = subprocess.run([*map(str, words)], capture_output=True, text=True, timeout=300)
    if result.returncode != 0:
        raise RuntimeError(f"offline_queue.py: {result.stderr.strip()[-300:]}")
    found = json.loads(result.stdout)
    return found["after"] - found["before"]


def backlog_memory(bench, workshop, device, count):
    """PSS in KiB once `count` lines are stored and signed and nobody has answered."""
    gateway = Gateway(workshop, device)
    file = write_lines(gateway.home / "lines.ndjson", count)
    gateway.configure(gateway.replay_section(file))
    gateway.start(OURS)
    bench.say(f"growth: replaying {count:,} lines, then signing them")
    gateway.wait("everything signed", lambda status: status["journal"]["signed"] >= count, 900)
    time.sleep(2)
    pss, _ = memory_kib(gateway.pid)
    gateway.end()
    return pss


def start(bench):
    """An unsigned backlog is made with the nodes off; the agent starts again with an intake socket while the nodes run."""
    count = bench.choose(100_000, 20_000)
    workshop = Workshop(bench.folder / "start")
    try:
        workshop.start_broker()
        gateway = Gateway(workshop)
        make_backlog(bench, gateway, count)
        workshop.start_nodes()
        gateway.configure(gateway.intake_section)
        tries = [one_start(gateway) for _ in range(bench.choose(5, 3))]
        peers = broker_starts(bench, workshop, count, len(tries))
    finally:
        workshop.close(bench.keep)
    acknowledged, signed, peer = (sorted(values)[len(tries) // 2] for values in (*zip(*tries), peers))
    return [Figure(
        what=f"start to first durable, acknowledged event, {count:,} events unreceipted",
        ours=f"{acknowledged * 1000:.0f} ms; first signed statement {signed * 1000:.0f} ms after the nodes have answered",
        peer=f"mosquitto with as many queued, not durable: {peer * 1000:.0f} ms",
        target="at most 100 ms; at most 100 ms", met=acknowledged <= 0.1 and signed <= 0.1,
        method=f"from exec to the intake's answer; from `answered-hello` of the quorum to the first signature in status, asked every "
        f"2 ms; peer: from exec to the PUBACK of one publication at QoS 1, without TLS, by a mosquitto with persistence that read {count:,} "
        f"messages of {EVENT_BYTE_COUNT} bytes queued for a subscriber who is away; its PUBACK comes before anything is on the medium; "
        f"median of {len(tries)} starts",
        numbers={"start.acknowledged-ms": round(acknowledged * 1000, 1), "start.signed-ms": round(signed * 1000, 1),
                 "start.mosquitto-ms": round(peer * 1000, 1)})]


def broker_starts(bench, workshop, count, times):
    """Seconds of each start of the peer, on the core that the agent had."""
    bench.say(f"start: a mosquitto with {count:,} queued messages")
    broker = QueueingBroker(workshop)
    broker.make_backlog(count, EVENT_BYTE_COUNT)
    return [broker.one_start(EVENT_BYTE_COUNT) for _ in range(times)]


def make_backlog(bench, gateway, count):
    file = write_lines(gateway.home / "lines.ndjson", count)
    gateway.configure(gateway.replay_section(file))
    gateway.start()
    bench.say(f"start: a backlog of {count:,} unsigned events, no node answering")
    # Ended before the 10 s are over after which it would sign without having heard a node.
    gateway.wait("a backlog", lambda status: status["journal"]["durable"] >= count, 300)
    gateway.end()


def one_start(gateway):
    """(seconds to the first answer, seconds from the quorum's answers to the first signature)."""
    gateway.intake.unlink(missing_ok=True)
    began = gateway.start(OURS)
    sender = None
    while sender is None:
        try:
            sender = Sender(gateway.intake, source=f"start-{began:.3f}")
        except (FileNotFoundError, ConnectionError):
            time.sleep(0.0005)
    sender.send()
    sender.answered()
    acknowledged = time.time() - began
    answered = signed = None
    deadline = time.monotonic() + 30
    while signed is None and time.monotonic() < deadline:
        status, now = gateway.status(), time.time()
        if answered is None and sum(1 for node in status["nodes"] if node["answered-hello"]) >= 2:
            answered = now
        if status["batches"]["signed"] > 0:
            signed = now
        time.sleep(0.002)
    sender.close()
    gateway.end()
    if signed is None:
        raise RuntimeError(f"nothing was signed within 30 s: {gateway.log_tail()}")
    return acknowledged, signed - (answered or signed)
