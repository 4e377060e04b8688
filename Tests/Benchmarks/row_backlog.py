"""Rows: what a long outage costs: memory with 1,000,000 events unreceipted, and the start with 100,000."""
import time

from events import Sender, write_lines
from figures import Figure
from readings import memory_kib
from workshop import OURS, Gateway, Workshop


def growth(bench):
    """Nodes are off: everything is stored and signed, the window fills, nothing is freed."""
    count = bench.choose(1_000_000, 100_000)
    workshop = Workshop(bench.folder / "growth", devices=("gw-small", "gw-large"))
    try:
        workshop.start_broker()
        small = backlog_memory(bench, workshop, "gw-small", 20_000)
        large = backlog_memory(bench, workshop, "gw-large", count)
    finally:
        workshop.close(bench.keep)
    grown = large - small
    return [Figure(
        what=f"memory growth with {count:,} events unreceipted", ours=f"{grown / 1024:.2f} MiB ({small / 1024:.2f} to {large / 1024:.2f} MiB PSS)",
        peer="libmosquitto +108 MiB at 200,000 (not run here)", target="at most 1 MiB", met=grown <= 1024,
        method=f"PSS of two agents, connected over TLS, after replaying 20,000 and {count:,} lines and signing them; no node answers",
        numbers={"growth.kib": grown, "growth.pss-kib": large})]


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
    finally:
        workshop.close(bench.keep)
    acknowledged = sorted(found[0] for found in tries)[len(tries) // 2]
    signed = sorted(found[1] for found in tries)[len(tries) // 2]
    return [Figure(
        what=f"start to first durable, acknowledged event, {count:,} events unreceipted",
        ours=f"{acknowledged * 1000:.0f} ms; first signed statement {signed * 1000:.0f} ms after the nodes have answered",
        peer="1.3 to 3 s (not run here)", target="at most 100 ms; at most 100 ms", met=acknowledged <= 0.1 and signed <= 0.1,
        method=f"from exec to the intake's answer; from `answered-hello` of the quorum to the first signature in status, asked every "
        f"2 ms; median of {len(tries)} starts",
        numbers={"start.acknowledged-ms": round(acknowledged * 1000, 1), "start.signed-ms": round(signed * 1000, 1)})]


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
