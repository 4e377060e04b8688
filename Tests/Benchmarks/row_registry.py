"""Row: a fleet from a CSV file to its certificates: import, then enrolment of both keys of every device over HTTPS."""
import base64
import csv
import http.client
import ssl
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from figures import Figure
from processes import free_port, wait_for
from workshop import HARBORSEAL, Workshop, is_listening

LABELS = ("link", "seal")
CLIENTS = 4
PEER_CERTIFICATES = 200


def run(bench):
    devices = bench.choose(1_000, 100)
    workshop = Workshop(bench.folder / "registry", devices=())
    try:
        registry = Registry(workshop)
        bench.say(f"registry: {2 * devices:,} keys and requests by openssl, not timed")
        with ThreadPoolExecutor(CLIENTS) as pool:
            requests = list(pool.map(lambda _: key_and_request(), range(2 * devices)))
        bench.say(f"registry: {PEER_CERTIFICATES} certificates by openssl x509, one after the other")
        peer = by_openssl(workshop, requests[0][0])
        bench.say(f"registry: {devices:,} devices from a CSV file, {2 * devices:,} enrolments over HTTPS")
        adding, codes = registry.add(devices)
        begun = time.monotonic()
        jobs = [(label, gateway, code, requests[2 * place + index][1])
                for place, (gateway, code) in enumerate(codes) for index, label in enumerate(LABELS)]
        with ThreadPoolExecutor(CLIENTS) as pool:
            waited = sorted(pool.map(lambda job: registry.enrol(*job), jobs))
        enrolling = time.monotonic() - begun
        enrolled = registry.enrolled()
    finally:
        workshop.close(bench.keep)
    if enrolled != devices:
        raise RuntimeError(f"registry: {enrolled} of {devices} devices are enrolled: {registry.log()}")
    total, median = adding + enrolling, waited[len(waited) // 2]
    return [Figure(
        what=f"registry: {devices:,} devices from a CSV file to both certificates each", ours=f"{total:.1f} s: import {adding:.1f} s, enrolment "
        f"{enrolling:.1f} s, {2 * devices / enrolling:.0f} certificates a second; one request median {1000 * median:.1f} ms, worst {1000 * waited[-1]:.0f} ms",
        peer=f"openssl x509 -req in a script, without codes, checks or a store: {peer:.0f} certificates a second", target="under 30 s", met=total < 30,
        method=f"device add --csv beside the running registry; then {CLIENTS} clients, a TLS connection and a POST for each certificate; each is durable in "
        "SQLite with its audit row, and each seal certificate with its signed statement for three ledgers, before its answer; clients and registry "
        "share this machine's cores", numbers={"registry.seconds-a-thousand": round(total * 1000 / devices, 2)})]


def key_and_request():
    """A new key, and a request for it in base64."""
    words = ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/", "-keyout", "-", "-outform", "PEM"]
    text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    key, request = text.split("-----BEGIN CERTIFICATE REQUEST-----")
    return key, base64.b64encode(base64.b64decode(request.split("-----END")[0]))


def by_openssl(workshop, pem):
    """Certificates a second by a script around openssl."""
    alliance, key = workshop.folder / "alliance", workshop.folder / "peer.key"
    request = workshop.folder / "peer.csr"
    key.write_text(pem)
    subprocess.run(["openssl", "req", "-new", "-key", key, "-subj", "/CN=peer", "-out", request], check=True, capture_output=True)
    words = ["openssl", "x509", "-req", "-in", request, "-CA", alliance / "link-ca.crt", "-CAkey", alliance / "link-ca.key", "-days", "90", "-out", "/dev/null"]
    begun = time.monotonic()
    for _ in range(PEER_CERTIFICATES):
        subprocess.run(words, check=True, capture_output=True)
    return PEER_CERTIFICATES / (time.monotonic() - begun)


class Registry:
    """`harborseal registry serve` on loopback, and its clients."""

    def __init__(self, workshop):
        self.workshop, self.port = workshop, free_port()
        workshop.harborseal("registry", "init", "--url", f"https://localhost:{self.port}", "-o", "registry")
        self.configuration = workshop.folder / "registry/registry.conf"
        workshop.children.start("registry", [HARBORSEAL, "registry", "serve", "--config", self.configuration])
        wait_for("the registry", lambda: is_listening(self.port), 20)
        self.context = ssl.create_default_context(cafile=workshop.folder / "alliance/link-ca.crt")

    def log(self):
        return (self.workshop.folder / "logs/registry.log").read_text(errors="replace")[-400:]

    def add(self, count):
        """Imports a fleet; the seconds, and each gateway with its code."""
        fleet, codes = self.workshop.folder / "fleet.csv", self.workshop.folder / "codes.csv"
        fleet.write_text("device,firm,note\n" + "".join(f"gw-{number},acme,box {number}\n" for number in range(count)))
        begun = time.monotonic()
        self.workshop.harborseal("device", "add", "--csv", fleet, "--codes", codes, "--config", self.configuration)
        seconds = time.monotonic() - begun
        with open(codes, encoding="utf-8", newline="") as rows:
            return seconds, [(row[0], row[1]) for row in list(csv.reader(rows))[1:]]

    def enrol(self, label, gateway, code, request):
        """One certificate over a connection of its own; the seconds."""
        begun = time.monotonic()
        connection = http.client.HTTPSConnection("localhost", self.port, timeout=60, context=self.context)
        login = base64.b64encode(f"{gateway}:{code}".encode()).decode()
        connection.request("POST", f"/.well-known/est/{label}/simpleenroll", request, {"Content-Type": "application/pkcs10", "Authorization": f"Basic {login}"})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{gateway} {label}: {answer.status} {body[:200]!r}")
        return time.monotonic() - begun

    def enrolled(self):
        words = [HARBORSEAL, "device", "list", "--state", "enrolled", "--json", "--config", self.configuration]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.count('"gateway"')
