"""The world a figure is measured in: an alliance, a mosquitto with TLS and client certificates, nodes, gateways."""
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/Demo"))
from processes import Processes, free_port, wait_for  # noqa: E402  (shared with the demo)

ALLIANCE, FIRM = "gba-bench", "acme"
NODES = ["hk-1", "gz-1", "mo-1"]
COUNTER, PEER = "counter", "peer"
AGENT = Path(os.environ.get("HARBORSEAL_AGENT", ROOT / ".build-embedded/release/harborseal-agent"))
HARBORSEAL = Path(os.environ.get("HARBORSEAL", ROOT / ".build-release/release/harborseal"))
# The measured program has a core of its own; what it talks to has the others.
OURS = [0]
OTHERS = list(range(1, os.cpu_count() or 1)) or [0]


def on_cores(cores):
    """A command prefix that keeps a program, and what it starts, on these cores."""
    return ["taskset", "-c", ",".join(map(str, cores))]


class Workshop:
    """Everything of one row, in a folder of its own; ``close`` ends every process and removes the folder."""

    def __init__(self, folder, devices=("gw-1",)):
        self.folder = Path(folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "logs").mkdir(parents=True)
        self.children = Processes(self.folder / "logs")
        self.subscribers = []
        self.broker_port = free_port()
        self._make_alliance(devices)
        self._widen_acl()

    def harborseal(self, *words):
        result = subprocess.run([str(HARBORSEAL), *map(str, words)], capture_output=True, text=True, cwd=self.folder)
        if result.returncode != 0:
            raise RuntimeError(f"harborseal {' '.join(map(str, words))}\n{result.stderr}{result.stdout}")

    def _make_alliance(self, devices):
        self.harborseal("alliance", "init", ALLIANCE, "-o", "alliance", "--quorum", 2)
        self.harborseal("alliance", "add-firm", FIRM)
        for node in NODES:
            self.harborseal("alliance", "add-node", node, "--url", "http://127.0.0.1:1")
        self.harborseal("alliance", "add-server", "broker", "--dns", "localhost", "--ip", "127.0.0.1")
        self.harborseal("alliance", "sign")
        self.harborseal("alliance", "broker-config", "-o", "broker", "--port", self.broker_port, "--bind", "127.0.0.1")
        for device in (*devices, COUNTER, PEER):
            self.harborseal("device", "issue", "--firm", FIRM, "--device", device, "-o", device)

    def _widen_acl(self):
        """The lines that the benchmark adds to `broker-config`: one client may count, and the peers have topics of their own."""
        with open(self.folder / "broker/acl", "a", encoding="ascii") as acl:
            acl.write(
                f"\nuser {FIRM}.{COUNTER}\ntopic read hs/1/#\ntopic read $SYS/#\ntopic read peer/#\n"
                f"\nuser {FIRM}.{PEER}\ntopic write peer/#\n")
        with open(self.folder / "broker/mosquitto.conf", "a", encoding="ascii") as configuration:
            configuration.write("\nsys_interval 1\n")
            if os.geteuid() == 0:
                # Otherwise mosquitto leaves root for a user that may not read this folder.
                configuration.write("user root\n")

    # Broker and nodes ---------------------------------------------------------------------------------------------

    def start_broker(self):
        self.children.start("broker", [*on_cores(OTHERS), "mosquitto", "-c", self.folder / "broker/mosquitto.conf"])
        wait_for("the broker", lambda: is_listening(self.broker_port), 10)

    def client_words(self, identity):
        """What mosquitto's own clients need to connect as this device."""
        home = self.folder / identity
        return ["-h", "localhost", "-p", str(self.broker_port), "--cafile", str(home / "link-ca.crt"),
                "--cert", str(home / "link.crt"), "--key", str(home / "link.key"), "-i", f"{FIRM}.{identity}"]

    def node_folder(self, node):
        return self.folder / "nodes" / node

    def start_node(self, node, settings=()):
        """Starts a node and waits until it listens to the broker."""
        folder, keys = self.node_folder(node), self.folder / "alliance/nodes" / node
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "node.conf").write_text(f"""\
[node]
alliance = {ALLIANCE}
name = {node}
key = {keys}/receipt.key
trust = {self.folder}/alliance/alliance.hstrust
data = {folder}

[link]
brokers = localhost:{self.broker_port}
ca = {self.folder}/alliance/link-ca.crt
certificate = {keys}/link.crt
key = {keys}/link.key

[http]
port = 0
""")
        overrides = [word for setting in settings for word in ("--set", setting)]
        command = [*on_cores(OTHERS), HARBORSEAL, "node", "serve", "--config", folder / "node.conf", *overrides]
        self.children.start(f"node-{node}", command)

    def start_nodes(self, settings=()):
        for node in NODES:
            self.start_node(node, settings)
        wait_for("three nodes at the broker", lambda: self._connected_nodes() == len(NODES), 60)

    def _connected_nodes(self):
        log = (self.folder / "logs/broker.log").read_text(errors="replace")
        return sum(1 for node in NODES if f"as node.{node} (" in log)

    def end_nodes(self):
        for node in NODES:
            self.children.end(f"node-{node}")

    def forget_journal(self, gateway):
        """The gateway begins anew; to the nodes it has lost its journal, which opens a new epoch."""
        shutil.rmtree(gateway.home / "journal", ignore_errors=True)

    def close(self, keep=False):
        for subscriber in self.subscribers:
            subscriber.close()
        self.children.end_all()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)


class Gateway:
    """One agent with its configuration; started and asked as often as a row needs."""

    def __init__(self, workshop, device="gw-1"):
        self.workshop, self.device = workshop, device
        self.home = workshop.folder / device
        self.control = self.home / "control.sock"
        self.intake = self.home / "intake.sock"
        self.process = None

    def configure(self, sources, link="", batches="", journal="", port=None):
        """Writes agent.conf: what every gateway needs, and the lines of the row."""
        (self.home / "agent.conf").write_text(f"""\
[identity]
alliance = {ALLIANCE}
firm = {FIRM}
device = {self.device}

[journal]
directory = {self.home}/journal
{journal}

[batches]
{batches}

[link]
brokers = localhost:{port or self.workshop.broker_port}
ca = {self.home}/link-ca.crt
certificate = {self.home}/link.crt
key = {self.home}/link.key
{link}

[seal]
key = {self.home}/seal.key
certificate = {self.home}/seal.crt

[trust]
file = {self.workshop.folder}/alliance/alliance.hstrust

[control]
socket = {self.control}

{sources}
""")

    @property
    def intake_section(self):
        return f"[source.intake]\ntype = intake\nsocket = {self.intake}\n"

    def replay_section(self, file):
        return f"[source.recording]\ntype = replay\nfile = {file}\npace = fast\n"

    def health_section(self):
        return f"[source.health]\ntype = health\nperiod = 1 s\ndisk = {self.home}\n"

    def start(self, cores=None, prefix=()):
        """Starts the agent; the time is taken right before, as a person with a stop-watch would."""
        command = [AGENT, "run", "--config", self.home / "agent.conf"]
        prefix = on_cores(cores) if cores else prefix
        began = time.time()
        self.process = self.workshop.children.start(f"agent-{self.device}", [*prefix, *command])
        return began

    @property
    def pid(self):
        # taskset replaces itself by the agent: the id stays.
        return self.process.pid

    def end(self):
        self.workshop.children.end(f"agent-{self.device}")

    def status(self):
        """What `harborseal-agent status --json` shows, asked over the same socket; None while nobody answers."""
        try:
            with socket.socket(socket.AF_UNIX) as link:
                link.settimeout(10)
                link.connect(str(self.control))
                link.sendall(b"status json\n")
                answer = b""
                while chunk := link.recv(65_536):
                    answer += chunk
            return json.loads(answer) if answer else None
        except (FileNotFoundError, ConnectionError):
            if self.process.poll() is not None:
                raise RuntimeError(f"the agent has ended: {self.log_tail()}") from None
            return None

    def wait(self, what, condition, seconds):
        """Waits until the status fulfils `condition`; returns that status."""
        def fulfilled():
            status = self.status()
            return status if status and condition(status) else None
        try:
            return wait_for(what, fulfilled, seconds)
        except TimeoutError as failure:
            raise TimeoutError(f"{failure}\n{self.log_tail()}") from None

    def log_tail(self):
        log = self.workshop.folder / f"logs/agent-{self.device}.log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-5:])


def is_listening(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
