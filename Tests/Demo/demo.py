#!/usr/bin/python3
"""A journey from sensor to verdict on loopback: the broker dies, a node stops for good, the gateway is killed.

All of it is real: mosquitto with TLS and client certificates, three anchoring nodes, the Embedded Swift agent. It runs the
programs that `make debug` and `make agent` built and leaves its files in .demo."""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from feeder import Feeder
from processes import Processes, free_port, wait_for
from recordings import Receiver, temperature_lines

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / ".demo"
HARBORSEAL = ROOT / ".build/debug/harborseal"
AGENT = ROOT / ".build-embedded/release/harborseal-agent"
JOURNEY = ROOT / "Tests/Fixtures/journey.ndjson"
DATA = Path(os.environ.get("TEST_DATA", ROOT / "../shared/data"))
ALLIANCE, FIRM, DEVICE = "gba-demo", "acme", "gw-1"
NODES = ["hk-1", "gz-1", "mo-1"]
SUBJECT = "https://id.gs1.org/00/395212340000000175"
FEED_SECONDS = 24


class Terminal:
    """One line a step, with the seconds since the start; colours only on a terminal."""

    def __init__(self):
        self.begun = time.monotonic()
        self.colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def say(self, text, colour=None):
        if colour and self.colours:
            text = f"\033[{colour}m{text}\033[0m"
        print(f"{time.monotonic() - self.begun:5.1f} s  {text}", flush=True)

    def fault(self, text):
        self.say(text, "33")


class Demo:
    def __init__(self):
        self.terminal = Terminal()
        shutil.rmtree(DEMO, ignore_errors=True)
        (DEMO / "logs").mkdir(parents=True)
        self.children = Processes(DEMO / "logs")
        self.broker_port = free_port()
        self.registry_port = free_port()
        self.http_ports = {node: free_port() for node in NODES}

    # Making things ------------------------------------------------------------------------------------------------

    def harborseal(self, *words, check=True):
        result = subprocess.run([str(HARBORSEAL), *map(str, words)], capture_output=True, text=True, cwd=DEMO)
        if check and result.returncode != 0:
            raise RuntimeError(f"harborseal {' '.join(map(str, words))}\n{result.stderr}{result.stdout}")
        return result

    def make_alliance(self):
        self.harborseal("alliance", "init", ALLIANCE, "-o", "alliance", "--quorum", 2)
        self.harborseal("alliance", "add-firm", FIRM)
        for node in NODES:
            self.harborseal("alliance", "add-node", node, "--url", f"http://127.0.0.1:{self.http_ports[node]}")
        self.harborseal("alliance", "add-server", "broker", "--dns", "localhost", "--ip", "127.0.0.1")
        self.harborseal("alliance", "sign")
        # Started as root, mosquitto would become a user who cannot read files below this folder.
        user = ["--user", "root"] if os.geteuid() == 0 else []
        self.harborseal("alliance", "broker-config", "-o", "broker", "--port", self.broker_port, "--bind", "127.0.0.1", *user)
        self.harborseal("registry", "init", "--url", f"https://localhost:{self.registry_port}", "-o", "registry")
        configuration = DEMO / "registry/registry.conf"
        configuration.write_text(
            configuration.read_text().replace("[registry]\n", f"[registry]\nbrokers = localhost:{self.broker_port}\n", 1))
        shutil.copy(DEMO / "alliance/alliance.hstrust", DEMO / "alliance.hstrust")
        self.terminal.say(f"alliance {ALLIANCE}: firm {FIRM}, nodes {', '.join(NODES)}, two receipts needed, a registry of devices")

    def start_registry(self):
        self.children.start("registry", [HARBORSEAL, "registry", "serve", "--config", DEMO / "registry/registry.conf"])
        wait_for("the registry", lambda: self.listens(self.registry_port), 120)

    @staticmethod
    def listens(port):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def enrol_gateway(self):
        """The operator's command gives a text; it is all that the technician types. The keys are made on the gateway and stay there."""
        added = json.loads(self.harborseal(
            "device", "add", "--config", "registry/registry.conf", "--firm", FIRM, "--device", DEVICE, "--by", "operator", "--json").stdout)
        enrolled = subprocess.run(
            [str(AGENT), "enroll", "-", "--config", str(DEMO / "gateway/agent.conf")], input=added["enrolmentText"] + "\n",
            capture_output=True, text=True, cwd=DEMO)
        if enrolled.returncode != 0:
            raise RuntimeError(f"harborseal-agent enroll\n{enrolled.stderr}{enrolled.stdout}")
        self.terminal.say(f"gateway {added['gateway']} made its keys and enrolled with a one-time code at the registry")

    def start_broker(self):
        configuration = DEMO / "broker/mosquitto.conf"
        self.children.start("broker", ["mosquitto", "-c", configuration])

    def start_node(self, node):
        folder = DEMO / "nodes" / node
        folder.mkdir(parents=True)
        keys = DEMO / "alliance/nodes" / node
        (folder / "node.conf").write_text(f"""\
[node]
alliance = {ALLIANCE}
name = {node}
key = {keys}/receipt.key
trust = {DEMO}/alliance.hstrust
data = {folder}

[link]
brokers = localhost:{self.broker_port}
ca = {DEMO}/alliance/link-ca.crt
certificate = {keys}/link.crt
key = {keys}/link.key

[http]
port = {self.http_ports[node]}
""")
        self.children.start(f"node-{node}", [HARBORSEAL, "node", "serve", "--config", folder / "node.conf"])

    def write_agent_configuration(self, receiver_port):
        """What is not the registry's to say: its name, its brokers and its keys are what enrolment adds, in agent.conf.d."""
        run = DEMO / "run"
        run.mkdir()
        (DEMO / "gateway").mkdir()
        text = f"""\
[journal]
directory = {DEMO}/gateway/journal

[link]
receipt-timeout = 5 s

[seal]
key = {DEMO}/gateway/seal.key
certificate = {DEMO}/gateway/seal.crt

[trust]
file = {DEMO}/gateway/alliance.hstrust

[control]
socket = {run}/control.sock

[source.health]
type = health
period = 2 s
disk = {DEMO}

[source.intake]
type = intake
socket = {run}/intake.sock
"""
        if receiver_port:
            text += f"\n[source.gps]\ntype = gpsd\nport = {receiver_port}\nperiod = 1 s\n"
        (DEMO / "gateway/agent.conf").write_text(text)

    def start_agent(self):
        self.children.start("agent", [AGENT, "run", "--config", DEMO / "gateway/agent.conf"])

    def status(self):
        result = subprocess.run(
            [str(AGENT), "status", "--json", "--config", str(DEMO / "gateway/agent.conf")], capture_output=True, text=True)
        return json.loads(result.stdout) if result.returncode == 0 else None

    # The run ------------------------------------------------------------------------------------------------------

    def run(self):
        receiver = Receiver(self.children, DATA / "gnss/bundg_zeus_9.log")
        self.make_alliance()
        self.start_broker()
        for node in NODES:
            self.start_node(node)
        self.start_registry()
        self.write_agent_configuration(receiver.start())
        self.enrol_gateway()
        self.start_agent()
        wait_for("the agent", self.status, 120)
        self.terminal.say("broker with TLS and client certificates, three nodes, the registry and the gateway are up")
        feeders = self.feed()
        self.break_things()
        for feeder in feeders:
            feeder.join(180)
            if feeder.is_alive() or feeder.errors:
                raise RuntimeError(f"{feeder.answered} of {len(feeder.lines)} lines answered; {feeder.errors[:1]}")
        self.terminal.say("every line is acknowledged; the receiver stops, receipts come in")
        receiver.stop()
        self.wait_for_receipts()
        self.children.end("agent")
        return self.conclude()

    def feed(self):
        fed = DEMO / "fed"
        fed.mkdir()
        shutil.copy(JOURNEY, fed / "journey.ndjson")
        recorded = temperature_lines(DATA / "temperature", 200)
        if recorded:
            (fed / "temperatures.ndjson").write_text("".join(line + "\n" for line in recorded))
        else:
            self.terminal.say(f"{DATA} is absent: no recorded temperatures or receiver")
        socket_path = DEMO / "run/intake.sock"
        feeders = [Feeder(socket_path, path.read_text().splitlines(), FEED_SECONDS) for path in sorted(fed.iterdir())]
        for feeder in feeders:
            feeder.start()
        self.terminal.say("feeding " + ", ".join(f"{len(feeder.lines)} lines" for feeder in feeders) + " and the machine's own health")
        return feeders

    def break_things(self):
        time.sleep(3)
        self.children.end("broker", signal.SIGKILL)
        self.terminal.fault("broker killed")
        time.sleep(10)
        self.start_broker()
        self.terminal.fault("broker started again after 10 s")
        time.sleep(4)
        self.children.end("node-mo-1")
        self.terminal.fault("node mo-1 stopped for good")
        time.sleep(2)
        self.children.end("agent", signal.SIGKILL)
        self.terminal.fault("agent killed with SIGKILL")
        self.start_agent()
        wait_for("the agent", self.status, 120)
        self.terminal.fault("agent started again")

    def wait_for_receipts(self):
        """Two nodes' receipts for every event that there is now. The machine's health goes on making events: a moment at which none of
        them waits is a nicer end, but on a busy machine there may be none."""
        made = wait_for("the agent's status", self.status, 120)["journal"]["events"]
        wait_for(f"receipts of two nodes for {made} events", lambda: self.journal("quorum") >= made, 180)
        try:
            wait_for("a moment without unreceipted events", lambda: self.journal("unreceipted") == 0, 5)
        except TimeoutError:
            pass

    def journal(self, key):
        status = self.status()
        return status["journal"][key] if status else -1

    def conclude(self):
        urls = [word for node in NODES for word in ("--node", f"http://127.0.0.1:{self.http_ports[node]}")]
        made = self.harborseal("evidence", "--subject", SUBJECT, *urls, "--trust", "alliance.hstrust", "-o", "journey.hsev", check=False)
        print(made.stderr, end="")
        if made.returncode not in (0, 2):
            raise RuntimeError("no evidence: see above")
        self.terminal.say(f"evidence for {SUBJECT}:")
        print(flush=True)
        verdict = subprocess.run([str(HARBORSEAL), "verify", "journey.hsev", "--trust", "alliance.hstrust"], cwd=DEMO)
        for node in NODES:
            self.children.end(f"node-{node}")
        print(flush=True)
        ledgers = [f"{node}={DEMO}/nodes/{node}/ledger.sqlite" for node in NODES]
        fed = [word for path in sorted((DEMO / "fed").iterdir()) for word in ("--fed", str(path))]
        account = subprocess.run([sys.executable, str(ROOT / "Tests/Demo/account.py"), *fed, *ledgers])
        return 1 if verdict.returncode or account.returncode else 0


CLOSING = """
Look at it:
  .build/debug/harborseal verify .demo/journey.hsev --trust .demo/alliance.hstrust --events
  .build/debug/harborseal inspect .demo/journey.hsev
  .build-embedded/release/harborseal-agent journal tail --config .demo/gateway/agent.conf
  less .demo/logs/agent.log .demo/logs/node-hk-1.log .demo/logs/broker.log
`make demo-clean` removes it all."""


def main():
    for program in (HARBORSEAL, AGENT):
        if not program.exists():
            sys.exit(f"{program} is not built: run `make demo`, which builds it first")
    demo = Demo()
    try:
        status = demo.run()
    except (RuntimeError, TimeoutError, OSError) as failure:
        print(f"\nThe demo failed: {failure}\nIts logs are in {DEMO / 'logs'}", file=sys.stderr)
        return 1
    finally:
        demo.children.end_all()
    demo.terminal.say("done" if status == 0 else "FAILED: see above")
    print(CLOSING)
    return status


if __name__ == "__main__":
    sys.exit(main())
