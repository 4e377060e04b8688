"""Rows: bytes written to the journal's files for each event byte, without receipts and with the quorum's two; SQLite beside them."""
import json
import subprocess
import sys

from events import EVENT_BYTE_COUNT, Sender
from figures import Figure
from prefill import prefill
from readings import written_bytes
from workshop import NODES, ROOT, Gateway, Workshop

BATCH = 64
WAL_DATABASE = ROOT / "Tests/Benchmarks/wal_database.py"


def run(bench):
    count = bench.choose(12_800, 3_200)
    ledger = 1_000_000
    workshop = Workshop(bench.folder / "wear")
    try:
        workshop.start_broker()
        bench.say(f"wear: {count:,} events in batches of {BATCH}, no node answering")
        without = feed(bench, workshop, count)
        make_ledgers(bench, workshop, ledger)
        bench.say(f"wear: the same with two receipts a batch from ledgers of {ledger:,}")
        receipted = feed(bench, workshop, count, quorum=True)
        peer = database(bench, workshop, count)
    finally:
        workshop.close(bench.keep)
    return [figure("without receipts", 1.2, without, peer), figure(f"with two receipts, ledgers of {ledger:,}", 1.55, receipted, peer)]


def database(bench, workshop, count):
    """The same events in an SQLite database, a transaction for each group that the journal syncs: (handed, kernel's) bytes per event byte."""
    bench.say(f"wear: {count:,} events in a WAL database")
    words = [sys.executable, str(WAL_DATABASE), workshop.folder / "wal.sqlite", count, BATCH, EVENT_BYTE_COUNT]
    result = subprocess.run([*map(str, words)], capture_output=True, text=True, timeout=300)
    if result.returncode != 0:
        raise RuntimeError(f"wal_database.py: {result.stderr.strip()[-300:]}")
    found, events = json.loads(result.stdout), count * EVENT_BYTE_COUNT
    return {"ratio": found["handed"] / events, "device-ratio": found["device"] / events, "version": found["version"]}


def make_ledgers(bench, workshop, size):
    """Each node makes its store, is stopped, and starts again with a ledger of `size` entries."""
    bench.say(f"wear: ledgers of {size:,} entries")
    workshop.start_nodes()
    workshop.end_nodes()
    for node in NODES:
        prefill(workshop.node_folder(node) / "ledger.sqlite", size)
    (workshop.folder / "logs/broker.log").write_text("")
    workshop.start_nodes(settings=["limits.gateway-rate=0"])


def feed(bench, workshop, count, quorum=False):
    """Hands in whole batches, one after the other was signed: (written bytes, event bytes, batches, bytes of the device)."""
    gateway = Gateway(workshop)
    workshop.forget_journal(gateway)
    gateway.configure(
        gateway.intake_section, batches="batch-interval = 1 min", link="unreceipted-batches = 4096\nunreceipted-bytes = 64 MiB")
    gateway.start()
    gateway.wait("the first signature's turn", lambda status: status["batches"]["open-events"] > 0 and ready(status, quorum), 30)
    sender = Sender(gateway.intake)
    before = gateway.status()
    device = written_bytes(gateway.pid)
    for _ in range(count // BATCH):
        sender.send(BATCH)
        sender.answered(BATCH)
        gateway.wait("a signature", lambda status: status["batches"]["open-events"] < BATCH, 30)
    if quorum:
        gateway.wait("the quorum", lambda status: status["journal"]["unreceipted"] < BATCH, 60)
    after = gateway.status()
    device = written_bytes(gateway.pid) - device
    sender.close()
    gateway.end()
    return differences(before, after, device)


def ready(status, quorum):
    """Without nodes the first signature comes after 10 s."""
    return sum(node["answered-hello"] for node in status["nodes"]) == 3 if quorum else status["agent"]["running-s"] >= 11


def differences(before, after, device):
    written = after["journal"]["written-bytes"] - before["journal"]["written-bytes"]
    events = after["journal"]["event-bytes"] - before["journal"]["event-bytes"]
    return {
        "written": written, "events": events, "device": device,
        "batches": after["batches"]["signed"] - before["batches"]["signed"],
        "count": after["journal"]["events"] - before["journal"]["events"],
        "syncs": after["journal"]["syncs"] - before["journal"]["syncs"],
        "ratio": written / events, "device-ratio": device / events}


def figure(case, target, found, peer):
    size = found["events"] / found["count"]
    per_batch = found["count"] / max(1, found["batches"])
    name = "wear.with-receipts" if "two" in case else "wear.without-receipts"
    return Figure(
        what=f"bytes written to the journal per event byte, {case}", ours=f"{found['ratio']:.2f}",
        peer=f"SQLite with a write-ahead log, events alone: {peer['ratio']:.2f}", target=f"at most {target:g}", met=found["ratio"] <= target,
        method=f"the journal's own counter of bytes handed to write(2), over {found['count']:,} events of {size:.0f} bytes in batches of "
        f"{per_batch:.0f}, {found['syncs'] / max(1, found['batches']):.1f} syncs a batch; the kernel counted {found['device-ratio']:.2f} (whole "
        f"pages, grouped syncs every 100 ms); SQLite {peer['version']}, synchronous = FULL, as many events in transactions of {BATCH}, without statements and "
        f"receipts, with all checkpoints: what it handed to write(2); there the kernel counted {peer['device-ratio']:.2f}",
        numbers={name: round(found["ratio"], 4), f"{name}.device": round(found["device-ratio"], 3),
                 "wear.sqlite": round(peer["ratio"], 3), "wear.sqlite.device": round(peer["device-ratio"], 3)})
