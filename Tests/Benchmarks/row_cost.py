"""Rows: what a gateway costs a year of flash and a month of mobile data, at three profiles."""
import os
import subprocess
import time
from pathlib import Path

from events import Sender
from figures import Figure
from proxy import CountingProxy
from workshop import NODES, Gateway, Workshop

DAY = 86_400
SETTLING_SECONDS = 3
EMMC_BYTES, EMMC_CYCLES = 8_000_000_000, 3_000
# 1 a minute is put together: what a minute of silence costs, and what a batch of one event costs.
PROFILES = {"1 a second": 1, "100 a second": 100}


def run(bench):
    seconds = bench.choose(120, 20)
    workshop = Workshop(bench.folder / "cost")
    medium = Medium(workshop.folder / "medium")
    relay = None
    try:
        workshop.start_broker()
        workshop.start_nodes()
        relay = CountingProxy(workshop.broker_port)
        relay.start()
        bench.say(f"cost: {seconds} s of silence, then single events")
        silence = measured(workshop, medium, relay, seconds, 0)
        singles = measured(workshop, medium, relay, seconds, 0.2)
        events = round(seconds * 0.2)
        per_event = {name: (singles[name] - silence[name]) / events for name in silence}
        a_day = {name: silence[name] * DAY / seconds + per_event[name] * DAY / 60 for name in silence}
        figures = [figure("1 a minute", DAY / 60, a_day, medium, f"{seconds} s of silence, and what {events} events 5 s apart cost beyond it")]
        for name, rate in PROFILES.items():
            bench.say(f"cost: {name} for {seconds} s")
            found = measured(workshop, medium, relay, seconds, rate)
            a_day = {key: value * DAY / seconds for key, value in found.items()}
            figures.append(figure(name, rate * DAY, a_day, medium, f"{seconds} s"))
        return figures
    finally:
        if relay:
            relay.close()
        medium.close()
        workshop.close(bench.keep)


class Medium:
    """A small ext4 on a loop device for the journal: the kernel counts every sector that reaches it, also the file system's own."""

    def __init__(self, folder):
        self.folder, self.image = folder, folder.with_suffix(".img")
        self.device = None
        folder.mkdir()
        if os.geteuid() != 0:
            return
        with open(self.image, "wb") as image:
            image.truncate(512 << 20)
        subprocess.run(["mkfs.ext4", "-q", self.image], check=True)
        mounted = subprocess.run(["mount", "-o", "loop,noatime", self.image, folder], capture_output=True, text=True)
        if mounted.returncode == 0:
            source = subprocess.run(["findmnt", "-no", "SOURCE", folder], capture_output=True, text=True, check=True).stdout.strip()
            self.device = Path("/sys/block") / Path(source).name

    def written(self):
        """Bytes that reached the device; None where it could not be mounted."""
        if not self.device:
            return None
        subprocess.run(["sync", "-f", self.folder], check=True)
        return int((self.device / "stat").read_text().split()[6]) * 512

    def close(self):
        if self.device:
            subprocess.run(["umount", "-l", self.folder], check=False)


def measured(workshop, medium, relay, seconds, rate):
    """Bytes over `seconds` at `rate` events a second: the journal's own count, the medium's, up and down on the wire."""
    gateway = Gateway(workshop)
    workshop.forget_journal(gateway)
    (gateway.home / "journal").symlink_to(medium.folder)
    for old in medium.folder.glob("*.hsj"):
        old.unlink()
    gateway.configure(gateway.intake_section, port=relay.port, batches="batch-interval = 10 s")
    gateway.start()
    gateway.wait(f"answers of {len(NODES)} nodes and a quorum",
                 lambda status: all(node["answered-hello"] for node in status["nodes"]) and status["journal"]["unreceipted"] == 0
                 and status["journal"]["quorum"] > 0, 60)
    # The third receipt comes after the quorum: the start's is none of what is measured, the last batch's is.
    time.sleep(SETTLING_SECONDS)
    sender = Sender(gateway.intake)
    before = count(gateway, medium, relay)
    send(sender, seconds, rate)
    gateway.wait("a quorum for everything", lambda status: status["journal"]["unreceipted"] == 0, 60)
    time.sleep(SETTLING_SECONDS)
    after = count(gateway, medium, relay)
    sender.close()
    gateway.end()
    (gateway.home / "journal").unlink()
    return {name: after[name] - before[name] for name in before}


def send(sender, seconds, rate):
    began, sent = time.monotonic(), 0
    while (passed := time.monotonic() - began) < seconds:
        wanted = int(min(passed, seconds) * rate)
        if wanted > sent:
            sender.send(wanted - sent)
            sender.answered(wanted - sent)
            sent = wanted
        time.sleep(0.05)
    if (missing := round(seconds * rate) - sent) > 0:
        sender.send(missing)
        sender.answered(missing)


def count(gateway, medium, relay):
    found = {"journal": gateway.status()["journal"]["written-bytes"], "up": relay.up, "down": relay.down}
    if (written := medium.written()) is not None:
        found["medium"] = written
    return found


def figure(profile, events, a_day, medium, duration):
    medium_bytes = a_day.get("medium", a_day["journal"])
    wire = a_day["up"] + a_day["down"]
    years = EMMC_BYTES * EMMC_CYCLES / medium_bytes / 365
    name = "cost." + profile.replace(" ", "-")
    counted = "sectors that reached an ext4 of 512 MiB on a loop device, its own journal among them" if medium.device else \
        "the journal's own count (no loop device here: a file system's own writes come on top)"
    return Figure(
        what=f"cost of {profile} ({events:,.0f} events a day), batches of 10 s",
        ours=f"medium {medium_bytes / events:,.0f} bytes an event, {medium_bytes / 1e6:,.1f} MB a day: {years:,.0f} years of an 8 GB eMMC; "
        f"wire {wire / events:,.0f} bytes an event, {30 * wire / 1e6:,.1f} MB in 30 days",
        method=f"{duration}; 88-byte events, three nodes, two receipts a batch kept; medium: {counted} (the journal wrote {a_day['journal'] / 1e6:,.2f} MB); "
        "wire: TLS bytes both ways through a counting TCP relay, without TCP and IP headers; eMMC: 8 GB of 3,000 cycles and no write amplification of its "
        "own: divide by yours",
        numbers={f"{name}.medium-a-day": round(medium_bytes), f"{name}.wire-a-day": round(wire), f"{name}.journal-a-day": round(a_day["journal"]),
                 f"{name}.medium-an-event": round(medium_bytes / events, 1), f"{name}.wire-an-event": round(wire / events, 1)})
