"""Row: instructions the agent executes for an event, counted by callgrind: a figure that does not depend on the machine's speed."""
import re
import shutil
import time

from events import write_lines
from figures import Figure
from workshop import Gateway, Workshop

BATCH = 64


def run(bench):
    if not shutil.which("valgrind"):
        raise RuntimeError("valgrind is not installed: run `make bench`, which installs it")
    few, many = bench.choose((2_000, 12_000), (500, 2_500))
    workshop = Workshop(bench.folder / "instructions")
    try:
        workshop.start_broker()
        workshop.start_nodes()
        runs = [counted(bench, workshop, count) for count in (few, many)]
    finally:
        workshop.close(bench.keep)
    return [figure(many - few, *runs)]


def counted(bench, workshop, count):
    """(instructions, batches) of a whole life: start, `count` lines replayed, signed, published, receipted, SIGTERM."""
    bench.say(f"instructions: {count:,} events under callgrind")
    gateway = Gateway(workshop)
    workshop.forget_journal(gateway)
    gateway.configure(
        gateway.replay_section(write_lines(workshop.folder / "lines.ndjson", count)), link="unreceipted-batches = 4096\nunreceipted-bytes = 64 MiB")
    out = workshop.folder / "callgrind.out"
    gateway.start(prefix=["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={out}"])
    status = settled(gateway, count)
    gateway.end()
    total = re.search(r"^(?:totals|summary): (\d+)", out.read_text(errors="replace"), re.MULTILINE)
    if not total:
        raise RuntimeError("callgrind counted nothing: the agent did not end by itself")
    return int(total[1]), status["batches"]["signed"]


def settled(gateway, count):
    """The status once every event has its quorum. Each question costs instructions too: few are asked."""
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        time.sleep(3)
        status = gateway.status()
        if status and status["journal"]["quorum"] >= count:
            return status
    raise TimeoutError(f"a quorum for {count} events: not within 600 s; {gateway.log_tail()}")


def figure(events, few, many):
    instructions, batches = many[0] - few[0], many[1] - few[1]
    each = instructions / events
    return Figure(
        what="instructions for an event, from the line to its quorum", ours=f"{each:,.0f}",
        method=f"callgrind: a run of {events:,} events more costs so much more, with {batches} batches ({events / max(1, batches):.0f} events each): JSON read, "
        "journal, leaf hash, signature made and verified, TLS, two receipts verified; user mode alone",
        numbers={"instructions.event": round(each), "instructions.batches": batches})
