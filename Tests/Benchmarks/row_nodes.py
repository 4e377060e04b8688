"""Rows: node statements a second through the broker, the time from a publication to its receipts on the gateway, and a node that
starts on an old ledger."""
import re
import subprocess
import time

from counting import Subscriber, events_of
from events import Sender
from figures import Figure
from workshop import NODES, ROOT, Gateway, Workshop

NODE_BENCHMARK = ROOT / ".build-release/release/NodeBenchmark"


def run(bench):
    return node_rate(bench) + [latency(bench)]


def ledger(bench):
    """NodeBenchmark's GrownLedger: a process of its own starts on a ledger of many entries, and on one of 1,000."""
    if not NODE_BENCHMARK.exists():
        bench.say("ledger: NodeBenchmark is not built (make bench builds it)")
        return []
    entries = bench.choose(1_000_000, 50_000)
    bench.say(f"ledger: {entries:,} entries through the node's own ingest, then a start on them")
    result = subprocess.run([str(NODE_BENCHMARK), "ledger", str(entries)], capture_output=True, text=True)
    found = {name: float(value) for name, value in re.findall(r"^(.+): ([0-9.]+)$", result.stdout, re.MULTILINE)}
    if result.returncode != 0 or len(found) != 6:
        raise RuntimeError(f"NodeBenchmark ledger: {result.stderr.strip()[-400:]}{result.stdout[-400:]}")
    start, start_small, after, most, receipt, receipt_small = found.values()
    growth = receipt / receipt_small
    return [Figure(
        what=f"node with {entries:,} entries: memory", ours=f"{after / 1024:.0f} MiB RSS after the start, {most / 1024:.0f} MiB at most",
        target="150 MB RSS", met=most * 1024 <= 150e6, method="SQLite store; a process that starts on it, takes 200 statements one by one and makes a page of "
        "evidence; no broker, no HTTP; five rounds", numbers={"ledger.rss-kib": most}),
        Figure(
        what="the same: start; one statement to its receipt", ours=f"{start:.0f} ms; {receipt:.1f} ms",
        peer=f"with 1,000 entries {start_small:.0f} ms; {receipt_small:.1f} ms", target="receipt 1.3 times at most", met=growth <= 1.3,
        method="opening the store and the core; median of 200, each durable in three commits before its receipt leaves; five rounds in turns "
        "with a ledger of 1,000",
        numbers={"ledger.start-ms": start, "ledger.receipt-growth": round(growth, 2)})]


def node_rate(bench):
    """Tests/Benchmarks/NodeBenchmark: says its own method."""
    if not NODE_BENCHMARK.exists():
        bench.say("nodes: NodeBenchmark is not built (make bench builds it)")
        return []
    statements = bench.choose(20_000, 4_000)
    bench.say(f"nodes: {statements:,} statements of 64 events from 20 gateways through a broker into one node")
    result = subprocess.run([str(NODE_BENCHMARK), str(statements), "64", "20"], capture_output=True, text=True)
    rates = {name.strip(): int(rate) for name, rate in re.findall(r"^(.+): (\d+) a second$", result.stdout, re.MULTILINE)}
    through = next((rate for name, rate in rates.items() if name.startswith("through the broker")), None)
    if result.returncode != 0 or through is None:
        raise RuntimeError(f"NodeBenchmark: {result.stderr.strip()[-400:]}{result.stdout[-400:]}")
    raw = rates["raw swift-crypto verification"]
    others = ", ".join(f"{name} {rate:,}" for name, rate in rates.items() if name not in ("raw swift-crypto verification",) and rate != through)
    return [Figure(
        what="node: statements a second through the broker, publish to receipt", ours=f"{through:,} ({64 * through:,} events); {others}",
        peer=f"bare verification of the same signatures on all cores {raw:,}", target="at least 3,000", met=through >= 3_000,
        method=f"{statements:,} statements of 64 events of 88 bytes, 20 gateways, one publisher at QoS 1, one node with its SQLite store; publisher, "
        "mosquitto and node share this machine's cores", numbers={"nodes.statements-a-second": through, "nodes.raw": raw})]


def latency(bench):
    """One batch at a time on an idle gateway: from its arrival at a subscriber to the quorum in the agent's status."""
    count = bench.choose(30, 10)
    workshop = Workshop(bench.folder / "latency")
    try:
        workshop.start_broker()
        workshop.start_nodes()
        gateway = Gateway(workshop)
        gateway.configure(gateway.intake_section, batches="batch-interval = 10 ms")
        subscriber = Subscriber(workshop, "counter", "hs/1/+/+/batch", "hs/1/+/+/reply/+")
        gateway.start()
        gateway.wait("first receipts", lambda status: status["journal"]["quorum"] > 0 and status["journal"]["unreceipted"] == 0, 30)
        bench.say(f"nodes: {count} single batches, publish to quorum")
        sender = Sender(gateway.intake)
        waited = sorted(one_batch(gateway, sender, subscriber) for _ in range(count))
        sender.close()
        subscriber.close()
    finally:
        workshop.close(bench.keep)
    median, worst = waited[len(waited) // 2], waited[-1]
    return Figure(
        what="from publication to the quorum's verified receipts on the gateway, idle", ours=f"median {median * 1000:.0f} ms, worst {worst * 1000:.0f} ms",
        target="at most 500 ms", met=median <= 0.5,
        method=f"{count} batches, one after the other; from the batch's arrival at a subscriber to `quorum` in status, asked every 2 ms; "
        f"{len(NODES)} nodes with integrate-interval 200 ms", numbers={"latency.median-ms": round(median * 1000, 1)})


def one_batch(gateway, sender, subscriber):
    before = gateway.status()["journal"]["quorum"]
    sender.send()
    sender.answered()
    deadline = time.monotonic() + 20
    while gateway.status()["journal"]["quorum"] <= before:
        if time.monotonic() > deadline:
            raise TimeoutError(f"no quorum within 20 s: {gateway.log_tail()}")
        time.sleep(0.002)
    done = time.time()
    # The agent's own events may ride along or follow: the newest batch before the quorum is the one that counts.
    time.sleep(0.3)
    published = [message.seconds for message in subscriber.of("batch") if message.seconds < done and events_of(message.payload)]
    return done - published[-1]
