"""Rows: four thermometers read every second; collectd and a Python agent that signs each reading beside it."""
import re
import subprocess
import time

from figures import Figure
from proxy import CountingProxy
from readings import Usage, memory_kib, threads
from row_steady import write_collectd_configuration
from sensor_tree import SENSOR_COUNT, SensorTree
from workshop import NODES, OURS, ROOT, Gateway, Workshop, on_cores

PYTHON = ROOT / ".venv/bin/python"
PYTHON_AGENT = ROOT / "Tests/Benchmarks/python_agent.py"
METHOD = (f"the same {SENSOR_COUNT} files in a folder that looks like /sys/class/hwmon, read every second by all three over the same seconds; same broker, "
          "TLS and client certificates; bytes: all that went from the publisher through a counting TCP relay")


def run(bench):
    seconds = bench.choose(60, 15)
    workshop = Workshop(bench.folder / "sampling")
    relays = []
    try:
        workshop.start_broker()
        workshop.start_nodes()
        tree = SensorTree(workshop.folder / "sysfs")
        relays = [start_relay(workshop) for _ in range(3)]
        agent_relay, collectd_relay, python_relay = relays
        peers = {"collectd": (start_collectd(workshop, tree, collectd_relay.port), collectd_relay),
                 "python": (start_python(workshop, tree, python_relay.port, period=1), python_relay)}
        gateway = Gateway(workshop)
        bench.say(f"sampling: every reading an event, {seconds} s beside collectd and the Python agent")
        each = observe(gateway, tree, agent_relay, peers, "0", seconds)
        bench.say(f"sampling: readings summed up, {seconds} s")
        summed = observe(gateway, tree, agent_relay, peers, "1 min", seconds)
        for name in peers:
            workshop.children.end(name)
        flood = python_rate(workshop, tree)
        return [figure(each, seconds, flood), summary_figure(summed, seconds)]
    finally:
        for relay in relays:
            relay.close()
        workshop.close(bench.keep)


def start_relay(workshop):
    relay = CountingProxy(workshop.broker_port)
    relay.start()
    return relay


def start_collectd(workshop, tree, port):
    configuration = write_collectd_configuration(workshop, port, tree.collectd_section())
    return workshop.children.start("collectd", [*on_cores(OURS), "collectd", "-f", "-C", configuration]).pid


def python_words(workshop, tree, port, period):
    home = workshop.folder / "peer"
    return [*on_cores(OURS), PYTHON, PYTHON_AGENT, port, home / "link-ca.crt", home / "link.crt", home / "link.key",
            home / "seal.key", period, *tree.files]


def start_python(workshop, tree, port, period):
    return workshop.children.start("python", [*map(str, python_words(workshop, tree, port, period))]).pid


def python_rate(workshop, tree):
    """Readings a second that it signs and publishes when nothing holds it back."""
    words = [*map(str, python_words(workshop, tree, workshop.broker_port, 0))]
    result = subprocess.run(words, capture_output=True, text=True, timeout=120)
    found = re.search(r"(\d+) a second", result.stdout)
    if not found:
        raise RuntimeError(f"the Python agent: {result.stderr.strip()[-300:]}")
    return int(found[1])


def observe(gateway, tree, relay, peers, summary, seconds):
    """{who: (percent, wake-ups, PSS, RSS, threads, bytes a second)} over the same seconds."""
    gateway.configure(tree.agent_sections("1 s", summary), port=relay.port, batches="batch-interval = 10 s")
    gateway.start(OURS)
    gateway.wait(f"answers of {len(NODES)} nodes and a quorum",
                 lambda status: all(node["answered-hello"] for node in status["nodes"]) and status["journal"]["quorum"] > 0, 60)
    watched = {"agent": (gateway.pid, relay), **peers}
    usages = {who: (Usage(pid), relay.up) for who, (pid, relay) in watched.items()}
    for turn in range(seconds):
        tree.values(turn)
        time.sleep(1)
    found = {who: (*usages[who][0].since(), *memory_kib(pid), len(threads(pid)), (relay.up - usages[who][1]) / seconds)
             for who, (pid, relay) in watched.items()}
    gateway.end()
    return found


def described(found):
    percent, woken, pss, rss, count, byte_rate = found
    return (f"{percent:.2f} %, {woken:.1f} wake-ups, {pss / 1024:.1f} MiB PSS, {rss / 1024:.1f} MiB RSS, {count} threads, "
            f"{byte_rate / SENSOR_COUNT:.0f} bytes a reading")


def numbers_of(name, found):
    fields = ["percent", "wakeups", "pss-kib", "rss-kib", "threads", "bytes-a-second"]
    return {f"{name}.{field}": round(value, 3) for field, value in zip(fields, found)}


def figure(found, seconds, flood):
    agent, collectd, python = found["agent"], found["collectd"], found["python"]
    return Figure(
        what=f"{SENSOR_COUNT} sensors a second, every reading a signed event, batches of 10 s", ours=described(agent),
        peer=f"collectd, unsigned: {described(collectd)}; Python agent, signed one by one: {described(python)}, at most {flood:,} readings a second",
        method=f"{METHOD}; {seconds} s; the Python agent (Tests/Benchmarks/python_agent.py) has paho-mqtt and pycose, and neither journal nor receipts",
        numbers={**numbers_of("sampling.agent", agent), **numbers_of("sampling.collectd", collectd), **numbers_of("sampling.python", python),
                 "sampling.python-rate": flood})


def summary_figure(found, seconds):
    return Figure(
        what=f"{SENSOR_COUNT} sensors a second, summed up each minute", ours=described(found["agent"]), peer="as above",
        method=f"{METHOD}; {seconds} s with summary = 1 min", numbers=numbers_of("sampling.summed", found["agent"]))
