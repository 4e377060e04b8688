"""What reaches a node's topics, judged by a real node: its ledger says what it took."""
import sqlite3
import time

import certificates as x509
from mqtt import PATIENCE_SECONDS
from statements import SealKey
from table import NOBODY, THROUGH
from world import ALLIANCE, NODE, PEER, REAL, Result, own, shown

URI_START = b"hs:" + ALLIANCE + b"/"
ME, STRANGER = b"acme.gw-1", b"bolt.gw-1"


class Judge:
    """A node as a gateway meets it, and its ledger."""

    def __init__(self, world, ledger):
        self.world, self.ledger, self.keys = world, ledger, {}
        for gateway in (ME, PEER, STRANGER):
            folder = world.folder / gateway.decode()
            self.keys[gateway] = SealKey(str(folder / "seal.key"), self.issuer(gateway))

    @staticmethod
    def issuer(gateway):
        return f"hs:{ALLIANCE.decode()}/{gateway.decode()}"

    def certificate(self, gateway):
        return (self.world.folder / gateway.decode() / "seal.der").read_bytes()

    def hear(self, gateway, *certificates, key=None):
        """Says hello for a gateway; returns when the node has answered, and so has done all before it."""
        client = self.world.listener(gateway)
        client.take()
        client.publish(own(gateway) + b"/hello", (key or self.keys[gateway]).hello(*certificates))
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            client.fence()
            if any(topic == own(gateway) + b"/reply/" + REAL for topic, _, _ in client.take()):
                return
            time.sleep(0.002)
        raise TimeoutError("the node does not answer a hello")

    def holds(self, statement, patience=0.0):
        """Whether the ledger has it, now or soon."""
        deadline = time.monotonic() + patience
        while True:
            with sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True) as database:
                if database.execute("SELECT 1 FROM entries WHERE bytes = ?", (statement,)).fetchone():
                    return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.01)

    def tell(self, speaker, topic, message, retain=False):
        """Publishes under a name's own connection."""
        client = self.world.listener(speaker)
        client.publish(topic, message, retain=retain)
        client.fence()


# A good batch of {me}'s, which the node would take, said by whom and where.
MISPLACED = [
    (STRANGER, b"{/me}/batch"),
    (STRANGER, b"{/foreign}/batch"),
    (STRANGER, b"{/peer}/batch"),
    (STRANGER, b"{/foreign}/hello"),
    (PEER, b"{/peer}/batch"),
    (PEER, b"{/me}/batch"),
    (b"node." + NODE, b"{/me}/batch"),
    (b"node." + NODE, b"hs/1/23/node.{node}/batch"),
    (b"node." + NODE, b"{/me}/reply/{node}"),
    # Its own gateway, and a shard that is not the name's: workers would share it out twice.
    (ME, b"hs/1/00/{me}/batch"),
    (ME, b"hs/1//{me}/batch"),
    (ME, b"hs/1/023/{me}/batch"),
    (ME, b"hs/1/23 /{me}/batch"),
    (ME, b"hs/1/0x23/{me}/batch"),
    (ME, "hs/1/２３/{me}/batch".encode()),
    (ME, b"hs/1/23\xc2\xa0/{me}/batch"),
    (ME, b"hs/1/{peer}/{me}/batch"),
    (ME, b"hs/1/$SYS/{me}/batch"),
    (ME, b"{/me}/hello"),
    (ME, b"{/me}/status"),
]


def misplaced(world, judge):
    statement, message = judge.keys[ME].statement()
    for speaker, template in MISPLACED:
        topic = world.fill(template, ME)
        judge.tell(speaker, topic, message)
        judge.hear(ME, judge.certificate(ME))
        yield Result("judged by the node", f"{speaker.decode()} says acme.gw-1's batch on {shown(topic)}", NOBODY,
                     ["it is in the ledger"] if judge.holds(statement) else [])
    judge.tell(ME, own(ME) + b"/batch", message)
    yield Result("judged by the node", "the same batch in its place", THROUGH, [] if judge.holds(statement, 30) else ["not in the ledger"])
    judge.keys[ME].accepted(statement)


def forged_certificates(world, attacker):
    """Seal certificates for the attacker's key that are shown in a hello under acme.gw-1's own link: (what, certificate, issuer of the batch)."""
    folder = world.folder / "alliance/firms"
    acme, bolt = (x509.Signer.of(folder / firm / "issuing.crt", folder / firm / "issuing.key") for firm in ("acme", "bolt"))
    link = x509.Signer.of(world.folder / "alliance/link-ca.crt", world.folder / "alliance/link-ca.key")
    public = x509.Signer(attacker, b"").public
    mine = URI_START + ME

    def issue(issuer, subject, uri=mine, uses=(x509.DOCUMENTS,), **options):
        return x509.base64.b64decode(b"".join(
            x509.Certificate(issuer, subject, public, uri=uri, uses=uses, **options).pem.split(b"\n")[1:-2]))

    def plain(*common_names, organisation=b"acme"):
        return x509.plain_name(organisation, *common_names)
    return issue(acme, plain(ME)), [
        ("another firm's CA names the gateway", issue(bolt, plain(ME))),
        ("another firm's CA, its own O", issue(bolt, plain(ME, organisation=b"bolt"))),
        ("another firm's CA, its own name, the gateway's URI", issue(bolt, plain(STRANGER, organisation=b"bolt"))),
        ("another firm's CA under the firm's name", issue(bolt, plain(ME), issuer_name=acme.subject, key_id=acme.key_id)),
        ("the link CA", issue(link, plain(ME))),
        ("the key itself", issue(x509.Signer(attacker, plain(ME)), plain(ME))),
        ("for TLS clients", issue(acme, plain(ME), uses=(x509.CLIENT,))),
        ("for documents and TLS clients", issue(acme, plain(ME), uses=(x509.DOCUMENTS, x509.CLIENT))),
        ("for anything", issue(acme, plain(ME), uses=(x509.ANY_USE,))),
        ("for nothing", issue(acme, plain(ME), uses=())),
        ("of a CA", issue(acme, plain(ME), authority=True)),
        ("two CNs, the gateway's first", issue(acme, plain(ME, PEER))),
        ("two CNs, the gateway's second", issue(acme, plain(PEER, ME))),
        ("CN with NUL", issue(acme, plain(ME + b"\0"))),
        ("CN with NUL and more", issue(acme, plain(ME + b"\0.bolt"))),
        ("CN with a space", issue(acme, plain(ME + b" "))),
        ("CN in capitals", issue(acme, plain(ME.upper()))),
        ("URI with NUL", issue(acme, plain(ME), uri=mine + b"\0")),
        ("URI with NUL and more", issue(acme, plain(ME), uri=mine + b"\0/x")),
        ("URI with a space", issue(acme, plain(ME), uri=mine + b" ")),
        ("URI in capitals", issue(acme, plain(ME), uri=mine.upper())),
        ("URI of the peer", issue(acme, plain(ME), uri=URI_START + PEER)),
        ("URI of another alliance", issue(acme, plain(ME), uri=b"hs:gba-one/acme.gw-1")),
        ("URI of a node", issue(acme, plain(ME), uri=URI_START + b"node/hk-1")),
        ("no URI", issue(acme, plain(ME), uri=None)),
        ("O of another firm", issue(acme, plain(ME, organisation=b"bolt"))),
        ("O in capitals", issue(acme, plain(ME, organisation=b"ACME"))),
        ("O with NUL", issue(acme, plain(ME, organisation=b"acme\0"))),
        ("not yet valid", issue(acme, plain(ME), days=(1, 2))),
        ("expired", issue(acme, plain(ME), days=(-2, -1))),
        ("the peer's", issue(acme, plain(PEER), uri=URI_START + PEER)),
        ("a critical extension that nobody knows", issue(
            acme, plain(ME), extra=(x509.extension("1.3.6.1.4.1.55555.1", b"\x05\x00", critical=True),))),
    ]


def impostors(world, judge):
    path = str(world.folder / "impostor.key")
    x509.run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path)
    good, bad = forged_certificates(world, path)
    key = SealKey(path, judge.issuer(ME))
    statement, message = key.statement()
    for words, certificate in bad:
        judge.hear(ME, certificate, key=key)
        judge.tell(ME, own(ME) + b"/batch", message)
        judge.hear(ME, certificate, key=key)
        yield Result("seal certificate", words, NOBODY, ["it is in the ledger"] if judge.holds(statement) else [])
    # The peer's name on one's own topic, with a certificate that is the peer's: names must agree with the topic.
    borrowed = SealKey(path, judge.issuer(PEER))
    judge.hear(ME, dict(bad)["the peer's"], key=borrowed)
    foreign, carrier = borrowed.statement()
    judge.tell(ME, own(ME) + b"/batch", carrier)
    judge.hear(ME, key=key)
    yield Result("seal certificate", "the peer's, and a batch of the peer's name", NOBODY, ["it is in the ledger"] if judge.holds(foreign) else [])
    judge.hear(ME, good, key=key)
    judge.tell(ME, own(ME) + b"/batch", message)
    yield Result("seal certificate", "one that is right, for the same key", THROUGH, [] if judge.holds(statement, 30) else ["not in the ledger"])


def judgements(world, ledger):
    world.assemble()
    judge = Judge(world, ledger)
    for gateway in (ME, PEER, STRANGER):
        judge.hear(gateway, judge.certificate(gateway))
    yield from misplaced(world, judge)
    yield from impostors(world, judge)
    for gateway in (PEER, STRANGER):
        statement, message = judge.keys[gateway].statement()
        judge.tell(gateway, own(gateway) + b"/batch", message)
        yield Result("judged by the node", f"{gateway.decode()}'s own batch", THROUGH, [] if judge.holds(statement, 30) else ["not in the ledger"])
