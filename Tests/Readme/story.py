"""What happens between the page's commands: what it says in words, what people see, and what must have come of it."""
import json
import re
import shutil
import time
from urllib.parse import parse_qs

from machine import TOP

NODES = ["hk-1", "gz-1", "mo-1"]
ALLIANCE, BROKER = "/root/try-harborseal", "/etc/mosquitto/harborseal"
CONFIGURATION = "/etc/harborseal-registry/registry.conf"
NODE_UNIT = "[Service]\nType=notify\nExecStart=/usr/bin/harborseal node serve --config {}/alliance/nodes/{}/node.conf\n"


class Story:
    def __init__(self, reader, check, page):
        self.reader, self.check, self.page = reader, check, page
        self.text = None
        # The page "By hand" has an event.
        self.event = re.search(r"^harborseal-agent record .*$", page, re.MULTILINE)[0].replace("--config gw-1/agent.conf ", "")
        # A command's beginning, and what comes before it (giving what is typed into it) or after it.
        self.befores = {
            "harborseal registry init --url https://registry.example.org:8443 -o registry": self.name_nodes,
            "cp -r /media/stick/registry/.": self.bring_registry,
            "install -m 755 ../mosquitto/fetch-lists /usr/local/sbin/ && install -m 644 examples/harborseal-lists.*": lambda: self.install_broker("registry"),
            "install -m 755 ../mosquitto/fetch-lists": lambda: self.install_broker("broker"),
            "registry device approve acme.gw-1": self.enrol_too_early,
            "registry device add --csv": self.write_fleet,
            "harborseal-agent enroll -": lambda: [("", self.text + "\n")],
            # People are not as quick as this test.
            "harborseal-agent doctor": lambda: self.wait("the link", lambda: self.status()["link"]["state"] == "connected") and None,
            "registry device list": self.get_receipts,
            "registry device revoke acme.gw-1 --since": self.get_stolen,
            "registry device revoke acme.gw-1 --certificate": self.bring_issued,
            "curl -sS --fail-with-body --cacert link-ca.crt -u acme.gw-1": self.enrol_device_too_early,
            "mkdir -p /etc/harborseal-registry/firms/bona": self.bring_firm,
            "rm -rf /etc/harborseal-registry/firms/bona": self.take_firm_out,
            "cp -r /media/stick/bona-registry/.": self.bring_firm_registry,
        }
        self.afters = {
            "curl --cacert /etc/harborseal-registry": lambda said: self.expect("the registry answers", said == "alive\n", said),
            "registry device add --firm": self.hand_over,
            "registry device add --csv": self.read_codes,
            "harborseal-agent doctor": self.look_at_doctor,
            "registry device list": self.look_at_list,
            "registry device show": self.look_at_gateway,
            "registry device code": lambda said: self.hand_over(said, isNew=True),
            "registry device replace": self.exchange,
            "registry device revoke acme.gw-1 --since": self.refused_by_nodes,
            "systemctl restart mosquitto": self.refused_by_broker,
            "curl -sS --fail-with-body --cacert link-ca.crt -u acme.gw-1": self.same_with_seal,
            "curl -sS --fail-with-body --cacert link-ca.crt --cert link.crt": self.renew_with_seal,
            "curl -sSk": self.compare_anchor,
            "chown -R harborseal-registry: /etc/harborseal-registry/* && systemctl restart": self.register_other_firm,
            "systemctl daemon-reload && systemctl enable --now harborseal-registry": self.enrol_at_firm,
        }

    def before(self, command):
        return next((step() for start, step in self.befores.items() if command.startswith(start)), None)

    def after(self, command, said):
        for start, step in self.afters.items():
            if command.startswith(start):
                step(said)

    # Means ---------------------------------------------------------------------------------------------------------

    def expect(self, what, condition, detail=""):
        self.check(f"README.md: {what}", condition, detail)

    def on(self, machine, command, answers=(), code=0):
        """What a person types that the page only tells in words."""
        ended, said = self.reader.type(command, machine, answers)
        if ended != code:
            raise RuntimeError(f"{machine}: {command} ended with {ended}: {said}")
        return said

    def wait(self, what, condition, seconds=60):
        deadline = time.monotonic() + seconds
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what}: not within {seconds} s")
            time.sleep(0.2)

    def logs(self):
        """The services' last words, and what went wrong in timers."""
        found = [f"\n{path.parent.parent.parent.name}/{path.name}: {path.read_text()[-1000:]}" for machine in self.reader.machines.values()
                 for path in sorted(machine.path("/var/log").glob("*.log"))]
        found += [f"\nstatus of {name}: {self.reader.type('harborseal-agent status', name)[1]}" for name in ("gateway", "firm-gateway")]
        return "".join(found) + "".join(f"\n{fault}" for units in self.reader.units.values() for fault in units.faults[-2:])

    def machine(self, name):
        return self.reader.machines[name]

    def carry(self, source, path, target, other):
        shutil.copytree(self.machine(source).path(path), self.machine(target).path(other), dirs_exist_ok=True)

    def status(self, name="gateway"):
        code, said = self.reader.type("harborseal-agent status --json", name)
        return json.loads(said) if code == 0 else None

    # The alliance and the registry -----------------------------------------------------------------------------------

    def name_nodes(self):
        """Beyond loopback a node speaks HTTPS alone; each one's node.conf names its certificate."""
        alliance = self.machine("alliance")
        for node in NODES:
            self.on("alliance", f"harborseal alliance add-server {node} --dns {node}.example.org")
            configuration, servers = f"{ALLIANCE}/alliance/nodes/{node}/node.conf", f"{ALLIANCE}/alliance/servers/{node}"
            text = re.sub(r"^(port = )(\d+)$", lambda found: found[1] + self.reader.ports[found[2]], alliance.read(configuration), flags=re.MULTILINE)
            alliance.write(configuration, self.reader.with_ports(text) + f"certificate = {servers}/server.crt\nkey = {servers}/server.key\n")
            alliance.write(f"/etc/systemd/system/node-{node}.service", NODE_UNIT.format(ALLIANCE, node))
            self.reader.units["alliance"].ask("start", f"node-{node}")

    def bring_registry(self):
        """On a stick; its configuration names the brokers, the folder of lists, and asks for two people."""
        self.carry("alliance", f"{ALLIANCE}/registry", "registry", "/media/stick/registry")
        registry = self.machine("registry")
        text = self.reader.with_ports(registry.read("/media/stick/registry/registry.conf"))
        text = re.sub(r"^(port = )(\d+)$", lambda found: found[1] + self.reader.ports.get(found[2], found[2]), text, flags=re.MULTILINE)
        text = text.replace("[registry]\n", f"[registry]\nbrokers = localhost:{self.reader.ports['8883']}\n")
        text = text.replace("[firm.acme]\n", "[firm.acme]\nsecond-person = true\n") + "\n[lists]\nfolder = /var/lib/harborseal-lists\n"
        registry.write("/media/stick/registry/registry.conf", text)

    def install_broker(self, name):
        """The folder that broker-config wrote, where --installed-at says; the registry's machine has a broker of its own here."""
        machine = self.machine(name)
        self.carry("alliance", f"{ALLIANCE}/broker", name, BROKER)
        text = machine.read(f"{BROKER}/mosquitto.conf")
        if name == "registry":
            text = re.sub(r"^listener \d+", "listener 0", text, flags=re.MULTILINE)
        machine.write("/etc/mosquitto/mosquitto.conf", text)
        shutil.copy("/usr/lib/systemd/system/mosquitto.service", machine.path("/usr/lib/systemd/system/"))
        self.on(name, "systemctl start mosquitto")

    # The operator and the technician ---------------------------------------------------------------------------------

    def hand_over(self, said, isNew=False):
        """The text goes to the technician."""
        found = re.search(r"harborseal-enrol:1\?(\S+)", said)
        named = re.search(r"`(harborseal-enrol:1\?\S+)`", self.page)[1]
        fields = parse_qs(found[1]) if found else {}
        shown = re.findall(r"[?&](\w+)=", named)
        self.expect(f"an enrolment text has the fields of {named}", found and all(field in fields for field in shown) and fields["device"] == ["acme.gw-1"], said)
        self.expect("on a terminal the text is a QR code too", "█" in said or "▀" in said or "\033[" in said, said)
        self.expect("a new text is another one", not isNew or found[0] != self.text, said)
        self.text = found[0]

    def enrol_too_early(self):
        """The package is installed on the gateway, and nothing is configured. A second person has not approved yet."""
        self.install_package("gateway")
        code, said = self.reader.type("harborseal-agent enroll -", "gateway", [("", self.text + "\n")])
        self.expect("before the second person a technician is told to wait", code not in (0, 66) and "approve" in said, f"{code}: {said}")

    def install_package(self, name):
        gateway = self.machine(name)
        for line in (TOP / "Firmware-Config/debian/harborseal-agent/files").read_text().splitlines():
            if line.strip() and not line.startswith("#"):
                source, target, _ = line.split()
                gateway.path("/" + target).parent.mkdir(parents=True, exist_ok=True)
                if not target.startswith("usr/share"):
                    shutil.copy(TOP / source, gateway.path("/" + target))
        self.on(name, "systemd-sysusers harborseal-agent.conf && systemd-tmpfiles --create harborseal-agent.conf")

    def write_fleet(self):
        self.machine("registry").write("/var/lib/harborseal-registry/fleet.csv", "device,firm,note\ngw-2,acme,\"truck 8, red\"\ngw-3,acme,\n")

    def read_codes(self, said):
        codes = self.machine("registry").read("/var/lib/harborseal-registry/codes.csv")
        self.codes = dict(re.findall(r"device=(acme\.gw-\d)&code=([^&\s,\"]+)", codes))
        self.expect("an import gives each device of the list its code", sorted(self.codes) == ["acme.gw-2", "acme.gw-3"], codes + said)

    def get_receipts(self):
        """What the gateway records from now on gets its receipts."""
        self.receipted("gateway")
        self.expect("an enrolled gateway's events get the receipts of a quorum", True)

    def receipted(self, name):
        self.on(name, self.event)
        self.wait("a quorum's receipts for every event", lambda: (self.status(name) or {"journal": {"unreceipted": 1}})["journal"]["unreceipted"] == 0)

    def look_at_doctor(self, said):
        """The package's folder of keys is sound while nobody else is in its group, which is root's here: PRoot keeps no owners."""
        self.expect("doctor finds no problem", "ok       link" in said and "PROBLEM" not in said, said)
        gateway = self.machine("gateway")
        groups = gateway.read("/etc/group")
        gateway.write("/etc/group", groups.replace("root:x:0:", "root:x:0:monitor"))
        told = self.on("gateway", "harborseal-agent doctor", code=1)
        self.expect("a second member of that group could put keys there, and doctor says so", "/etc/harborseal: others may put files there" in told, told)
        gateway.write("/etc/group", groups)

    # Afterwards --------------------------------------------------------------------------------------------------------

    def look_at_list(self, said):
        self.expect("list has every gateway of the firm", all(f"gw-{number}" in said for number in (1, 2, 3)), said)

    def look_at_gateway(self, said):
        self.expect("show names certificates, ledgers and people", all(word in said for word in (*NODES, "alice", "bob")), said)

    def exchange(self, said):
        """Other hardware, or new keys: the agent is stopped for `enroll - --replace`."""
        self.hand_over(said, isNew=True)
        self.on("registry", "registry device approve acme.gw-1 --by bob")
        self.on("gateway", "systemctl stop harborseal-agent")
        key = self.machine("gateway").read("/etc/harborseal/seal.crt")
        self.on("gateway", "harborseal-agent enroll - --replace", [("", self.text + "\n")])
        self.expect("a replacement brings another seal key", self.machine("gateway").read("/etc/harborseal/seal.crt") != key)
        self.on("gateway", "systemctl start harborseal-agent")
        self.get_receipts()

    def get_stolen(self):
        """A second passes between the last receipt and the time that the revocation names."""
        time.sleep(1.1)

    def refused_by_nodes(self, said):
        """What is recorded until the nodes have the list is taken, and lies behind the time of the theft."""
        def is_refused():
            self.on("gateway", self.event)
            return "the alliance revoked this seal key" in json.dumps(self.status().get("concerns"))
        self.wait("a node's refusal", is_refused)
        self.expect("nodes take nothing of a revoked gateway", True)

    def bring_issued(self):
        """The certificates of the page "By hand", whose gateway had the name before any registry knew it."""
        for name in ("seal.crt", "link.crt"):
            shutil.copy(self.machine("alliance").path(f"{ALLIANCE}/gw-1/{name}"), self.machine("registry").path("/var/lib/harborseal-registry"))

    def refused_by_broker(self, said):
        self.wait("the broker's refusal", lambda: (self.status() or {}).get("link", {}).get("state") not in (None, "connected"))
        self.expect("the broker takes a revoked gateway no more once it is restarted", True)
        first = self.machine("alliance").read(f"{ALLIANCE}/broker/link-ca.crl")
        self.wait("the same new revocation list at both brokers", lambda: self.lists()[0] == self.lists()[1] != first)
        self.expect("both ways bring the broker the same revocation list", True)

    def lists(self):
        return [self.machine(name).read(f"{BROKER}/link-ca.crl") for name in ("broker", "registry")]

    # A device without an agent ------------------------------------------------------------------------------------------

    def compare_anchor(self, said):
        wanted = parse_qs(self.text.split("?", 1)[1])["ca"][0]
        self.expect("what the registry says of its CA is what the enrolment text says", said.split()[0] == wanted, f"{said} {wanted}")

    def ask_code(self):
        return [("password for user 'acme.gw-2'", self.codes["acme.gw-2"] + "\n")]

    def enrol_device_too_early(self):
        """With 202 curl succeeds and openssl fails; after the approval the same again gets the certificate."""
        command = next(command for command in self.reader.commands if command.startswith("curl -sS --fail-with-body --cacert link-ca.crt -u acme.gw-1"))
        device = self.machine("device")
        code, said = self.reader.type(command, "device", self.ask_code())
        self.expect("with 202 openssl fails, link.p7 holds a line of text, and there is no link.crt",
                    code != 0 and "approv" in device.read("/root/link.p7") and not device.path("/root/link.crt").exists(), f"{code}: {said}")
        self.on("registry", "registry device approve acme.gw-2 --by bob")
        return self.ask_code()

    def certificates(self):
        """Subject, serial and key of both."""
        return [self.on("device", f"openssl x509 -in {label}.crt -noout -subject -serial -pubkey") for label in ("link", "seal")]

    def with_seal(self, start):
        """The page's command with seal; whoever asks shows the link certificate."""
        command = next(command for command in self.reader.commands if command.startswith(start))
        return re.sub(r"(?<!--cert )(?<!--key )\blink\b(?!-ca)", "seal", command)

    def same_with_seal(self, said):
        self.on("device", self.with_seal("openssl ecparam"))
        self.on("device", self.with_seal("curl -sS --fail-with-body --cacert link-ca.crt -u"), self.ask_code())
        self.enrolled = self.certificates()
        self.expect("a device without an agent gets both certificates", all("acme.gw-2" in each for each in self.enrolled), self.enrolled)

    def renew_with_seal(self, said):
        self.on("device", self.with_seal("curl -sS --fail-with-body --cacert link-ca.crt --cert"))
        self.expect("a renewal for the same key gives the same certificates again, with more than two thirds of their lives left",
                    self.certificates() == self.enrolled, self.certificates())
        command = next(command for command in self.reader.commands if command.startswith("openssl ecparam"))
        self.on("device", "cp link.key old.key && cp link.crt old.crt && " + command)
        command = next(command for command in self.reader.commands if command.startswith("curl -sS --fail-with-body --cacert link-ca.crt --cert"))
        self.on("device", command.replace("--cert link.crt --key link.key", "--cert old.crt --key old.key"))
        self.expect("a renewal for another key gives another link certificate", self.certificates()[0] != self.enrolled[0], self.certificates())

    # Other firms ----------------------------------------------------------------------------------------------------------

    def bring_firm(self):
        """A stick with the new firm's key and the new trust file, which the nodes here read where it was signed; and the section."""
        self.carry("alliance", f"{ALLIANCE}/alliance/firms/bona", "registry", "/media/stick/firms/bona")
        shutil.copy(self.machine("alliance").path(f"{ALLIANCE}/alliance/alliance.hstrust"), self.machine("registry").path("/media/stick"))
        section = "\n[firm.bona]\ncertificate = {0}.crt\nkey = {0}.key\n".format("/etc/harborseal-registry/firms/bona/issuing")
        registry = self.machine("registry")
        registry.write(CONFIGURATION, registry.read(CONFIGURATION) + section)

    def register_other_firm(self, said):
        text = self.on("registry", "registry device add --firm bona --device gw-1 --by alice")
        self.expect("a firm that joined registers its devices", "device=bona.gw-1" in text, text)

    def take_firm_out(self):
        """The alliance's registry has the new trust file, and the firm no more."""
        registry = self.machine("registry")
        shutil.copy(self.machine("alliance").path(f"{ALLIANCE}/alliance/alliance.hstrust"), registry.path("/etc/harborseal-registry"))
        text = registry.read(CONFIGURATION)
        registry.write(CONFIGURATION, text[:text.index("\n[firm.bona]")])

    def bring_firm_registry(self):
        """The machine is made ready as above, up to systemd-tmpfiles."""
        ready = self.reader.commands.index("cd Firmware-Config/systemd")
        last = next(index for index, command in enumerate(self.reader.commands) if index > ready and "systemd-tmpfiles" in command)
        for command in self.reader.commands[ready:last + 1]:
            self.on("firm", command)
        self.carry("alliance", f"{ALLIANCE}/bona-registry", "firm", "/media/stick/bona-registry")
        shutil.copy(self.machine("registry").path("/var/lib/harborseal-registry/bona.code"), self.machine("firm").path("/media/stick"))
        configuration = "/media/stick/bona-registry/registry.conf"
        text = self.machine("firm").read(configuration).replace("[registry]\n", f"[registry]\nbrokers = localhost:{self.reader.ports['8883']}\n")
        self.machine("firm").write(configuration, text)

    def enrol_at_firm(self, said):
        """A gateway of the firm's: its link certificate is of the alliance's link CA, so that the broker takes it."""
        if not self.machine("firm").path(CONFIGURATION).exists():
            return  # the alliance's registry was meant
        text = self.on("firm", "runuser -u harborseal-registry -- harborseal device add --firm bona --device gw-7 --by carol")
        text = re.search(r"harborseal-enrol:1\?\S+", text)[0]
        self.install_package("firm-gateway")
        self.on("firm-gateway", "harborseal-agent enroll -", [("", text + "\n")])
        self.on("firm-gateway", "systemctl start harborseal-agent")
        issuers = {label: self.on("firm-gateway", f"openssl x509 -noout -issuer -in /etc/harborseal/{label}.crt") for label in ("seal", "link")}
        self.expect("a firm's own registry issues the seal certificate, and the alliance's the link certificate", "bona" in issuers["seal"] and "bona" not in issuers["link"], issuers)
        self.receipted("firm-gateway")
        self.expect("a gateway of a firm's own registry gets its receipts", True)
