"""Row: a seal key in a slow token. Events are fed at a steady rate; what waits for its signature is watched; at the end all have their quorum."""
import json
import os
import socket
import subprocess
import time

from figures import Figure
from workshop import AGENT, ALLIANCE, FIRM, ROOT, Gateway, Workshop

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "16180339"
# Milliseconds a signature, and the events a second that must flow nevertheless.
CASES = ((500, 1_000), (5_000, 200))


def run(bench):
    seconds = bench.choose(60, 12)
    workshop = Workshop(bench.folder / "token")
    try:
        token = Token(workshop)
        workshop.start_broker()
        workshop.start_nodes()
        gateway = Gateway(workshop)
        token.make_key(gateway)
        return [measure(bench, workshop, token, gateway, *case, seconds) for case in CASES]
    finally:
        workshop.close(bench.keep)


class Token:
    """SoftHSM2 behind Tests/TokenProxy, which makes it slow."""

    def __init__(self, workshop):
        self.folder = workshop.folder / "softhsm"
        (self.folder / "tokens").mkdir(parents=True)
        proxy = self.folder / "proxy.so"
        run_tool("clang", "-shared", "-fPIC", "-O1", "-o", proxy, ROOT / "Tests/TokenProxy/proxy.c")
        (self.folder / "conf").write_text(f"directories.tokendir = {self.folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
        (self.folder / "pin").write_text(PIN)
        os.chmod(self.folder / "pin", 0o600)
        self.prefix = ["env", f"SOFTHSM2_CONF={self.folder}/conf", f"TOKEN_PROXY_MODULE={MODULE}", f"TOKEN_PROXY_CONTROL={self.folder}/control"]
        self.uri = f"pkcs11:token=bench;object=seal?module-path={proxy}&pin-source=file:{self.folder}/pin"
        run_tool(*self.prefix, "softhsm2-util", "--init-token", "--free", "--label", "bench", "--pin", PIN, "--so-pin", "31415926")

    def slow_down(self, milliseconds):
        (self.folder / "control").write_text(f"delay={milliseconds}")

    def make_key(self, gateway):
        """The key in the token, and the firm's certificate over it."""
        public, extensions = self.folder / "public.pem", self.folder / "extensions"
        public.write_bytes(run_tool(*self.prefix, AGENT, "token", "make-key", self.uri))
        extensions.write_text(
            "basicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature\nextendedKeyUsage = 1.3.6.1.5.5.7.3.36\n"
            f"subjectAltName = URI:hs:{ALLIANCE}/{FIRM}.{gateway.device}\nauthorityKeyIdentifier = keyid\n")
        issuing = gateway.workshop.folder / f"alliance/firms/{FIRM}/issuing"
        run_tool("openssl", "x509", "-new", "-force_pubkey", public, "-CA", f"{issuing}.crt", "-CAkey", f"{issuing}.key", "-set_serial", "0x7f01", "-days", "9",
                 "-subj", f"/O={FIRM}/CN={FIRM}.{gateway.device}", "-extfile", extensions, "-sha256", "-out", gateway.home / "seal.crt")


def run_tool(*words):
    return subprocess.run([str(word) for word in words], capture_output=True, check=True).stdout


def measure(bench, workshop, token, gateway, delay, rate, seconds):
    workshop.forget_journal(gateway)
    gateway.configure(gateway.intake_section, journal="sync-interval = 20 ms")
    configuration = gateway.home / "agent.conf"
    configuration.write_text(configuration.read_text().replace(f"key = {gateway.home}/seal.key", f"key = {token.uri}"))
    token.slow_down(delay)
    gateway.start(prefix=token.prefix)
    gateway.wait("the token", lambda status: status["signer"]["state"] == "ready", 30)
    bench.say(f"token: {delay} ms a signature, {rate:,} events a second for {seconds} s")
    most, took = feed(gateway, rate, seconds)
    begun = time.monotonic()
    status = gateway.wait("the quorum of every event", lambda status: status["journal"]["unreceipted"] == 0, 120)
    rest = time.monotonic() - begun
    gateway.end()
    count = rate * seconds
    flows = count / took
    if status["journal"]["events"] < count:
        raise RuntimeError(f"token: {status['journal']['events']} events of {count} are there")
    return Figure(
        what=f"seal key in a token that takes {delay} ms a signature", ours=f"{flows:,.0f} events a second stored and signed, at most {most:,} waiting for their signature; "
        f"the last one's quorum {rest:.1f} s behind it", target=f"{rate:,} events a second, none lost", met=flows >= 0.98 * rate and most < 4_096,
        method=f"SoftHSM2 behind a module that waits; lines of 10 batches a second through the intake socket for {seconds} s, each acknowledged once durable; three nodes, "
        "quorum 2; signer.waiting-events of status each second",
        numbers={f"token.{delay}-ms.events-a-second": round(flows), f"token.{delay}-ms.most-waiting": most})


def feed(gateway, rate, seconds):
    """The most events that waited for a signature, and how long the feeding took."""
    most, number = 0, 0
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(str(gateway.intake))
        answers = link.makefile()
        begun = time.monotonic()
        for tick in range(seconds * 10):
            lines = []
            for _ in range(rate // 10):
                number += 1
                lines.append(json.dumps({"source": "bench", "number": number, "kind": "unit.packed", "what": ["parent:https://id.gs1.org/00/395212340000000175", "bic:CSQU3054383"]}))
            link.sendall(("\n".join(lines) + "\n").encode())
            for _ in lines:
                answer = answers.readline()
                if "sequence" not in answer:
                    raise RuntimeError(f"token: a line was not stored: {answer}")
            if tick % 10 == 9:
                most = max(most, gateway.status()["signer"]["waiting-events"])
            time.sleep(max(0, begun + (tick + 1) / 10 - time.monotonic()))
        return most, time.monotonic() - begun
