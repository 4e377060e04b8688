"""Certificates that a firm's CA, a gateway or a thief would make, and names that even the link CA must not turn into another's."""
import pathlib

from certificates import (ANY_USE, BMP, COMMON_NAME, DOCUMENTS, IA5, MAIL, ORGANISATION, PRINTABLE, SERVER, TELETEX, UNIT, UNIVERSAL, USER_ID,
                          UTF8, Certificate, Signer, attribute, extension, name, plain_name, run)
from mqtt import Client, Closed
from table import NOBODY, THROUGH
from world import ALLIANCE, NODE, PEER, WITNESS, Result, own, shown, silent

NODE_USER = b"node." + NODE
# Those whom somebody would like to be: another firm's gateway, a node, its worker, one's own gateway past the link CA. The firm's O is in some: to that
# its CA is bound by a name constraint, and to nothing else.
TARGETS = [(b"acme", PEER), (b"bolt", PEER), (ALLIANCE, NODE_USER), (b"bolt", NODE_USER), (ALLIANCE, NODE_USER + b".w1"), (b"bolt", b"bolt.gw-1")]


class Workshop:
    """The keys at hand: real ones of the alliance, and one of the attacker's own."""

    def __init__(self, world):
        folder = world.folder / "alliance"
        self.folder = world.folder
        self.link = Signer.of(folder / "link-ca.crt", folder / "link-ca.key")
        self.root = Signer.of(folder / "root.crt", folder / "root.key")
        self.firm = Signer.of(folder / "firms/bolt/issuing.crt", folder / "firms/bolt/issuing.key")
        self.link_pem, self.root_pem, self.firm_pem = (
            (folder / path).read_bytes() for path in ("link-ca.crt", "root.crt", "firms/bolt/issuing.crt"))
        self.key = str(world.folder / "attacker.key")
        run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.key)
        self.own = Signer(self.key, plain_name(ALLIANCE, b"link CA"))
        self.public = self.own.public
        self.gateway = Signer.of(*world.identities[b"bolt.gw-1"])
        self.gateway_pem = pathlib.Path(world.identities[b"bolt.gw-1"][0]).read_bytes()
        self.seal = Signer.of(world.folder / "bolt.gw-1/seal.crt", world.folder / "bolt.gw-1/seal.key")
        self.seal_pem = (world.folder / "bolt.gw-1/seal.crt").read_bytes()
        self.server = Signer.of(folder / "servers/broker/server.crt", folder / "servers/broker/server.key")
        self.server_pem = (folder / "servers/broker/server.crt").read_bytes()

    def issue(self, issuer, subject, **options):
        return Certificate(issuer, subject, self.public, **options).pem

    def authority(self, issuer, **options):
        """A CA's certificate for the attacker's key under the link CA's name."""
        return self.issue(issuer, self.link.subject, uses=(), authority=True, **options)


def foreign_issuers(shop):
    """Ways to issue a link certificate without the link CA's key: (what, subject -> certificates that the client shows)."""
    link_name = dict(issuer_name=shop.link.subject)
    as_link = dict(issuer_name=shop.link.subject, key_id=shop.link.key_id)
    return [
        ("by the firm's CA", lambda s: shop.issue(shop.firm, s)),
        ("by the firm's CA, with its certificate", lambda s: shop.issue(shop.firm, s) + shop.firm_pem),
        ("by the firm's CA, with the chain to the root", lambda s: shop.issue(shop.firm, s) + shop.firm_pem + shop.root_pem),
        ("by the firm's CA, any extended usage", lambda s: shop.issue(shop.firm, s, uses=(ANY_USE,)) + shop.firm_pem),
        ("by the firm's CA under the link CA's name", lambda s: shop.issue(shop.firm, s, **link_name) + shop.link_pem),
        ("by the firm's CA under the link CA's name and key id", lambda s: shop.issue(shop.firm, s, **as_link) + shop.link_pem),
        ("by a CA of the firm's that is called the link CA", lambda s: shop.issue(shop.own, s) + shop.authority(shop.firm) + shop.firm_pem),
        ("by a CA that is called and numbered as the link CA", lambda s: shop.issue(shop.own, s, **as_link) + shop.authority(shop.own, **as_link)),
        ("by the root", lambda s: shop.issue(shop.root, s) + shop.root_pem),
        ("by oneself", lambda s: shop.issue(Signer(shop.key, s), s)),
        ("by oneself under the link CA's name", lambda s: shop.issue(shop.own, s, **as_link)),
        ("by a gateway's link key", lambda s: shop.issue(shop.gateway, s) + shop.gateway_pem),
        ("by a gateway's link key, with the chain", lambda s: shop.issue(shop.gateway, s) + shop.gateway_pem + shop.link_pem),
        ("by a gateway's seal key", lambda s: shop.issue(shop.seal, s) + shop.seal_pem + shop.firm_pem),
        ("by the broker's own key", lambda s: shop.issue(shop.server, s) + shop.server_pem + shop.link_pem),
    ]


def misused(shop):
    """By the link CA's own key, but not for a client, or not now: (what, subject -> certificate)."""
    unknown = extension("1.3.6.1.4.1.55555.1", b"\x05\x00", critical=True)
    return [
        ("for servers", lambda s: shop.issue(shop.link, s, uses=(SERVER,))),
        ("for documents", lambda s: shop.issue(shop.link, s, uses=(DOCUMENTS,))),
        ("expired", lambda s: shop.issue(shop.link, s, days=(-90, -0.1))),
        ("not yet valid", lambda s: shop.issue(shop.link, s, days=(1, 90))),
        ("with a critical extension that nobody knows", lambda s: shop.issue(shop.link, s, extra=(unknown,))),
    ]


def strange_subjects():
    """Subjects under the link CA's own key that are not quite the peer's or a node's; a registry issues none of them."""
    def firm(*sets):
        return name([attribute(ORGANISATION, b"acme")], *sets)
    near = [variant(target) for target in (PEER, NODE_USER) for variant in (
        lambda n: n + b" ", lambda n: b" " + n, bytes.upper, bytes.title, lambda n: n + b"\0", lambda n: n + b"\0.bolt", lambda n: b"\0" + n,
        lambda n: n + b"\n", lambda n: n + b"/", lambda n: n + b"/batch", lambda n: n + b".", lambda n: b"\xef\xbb\xbf" + n, lambda n: n + b"\xff",
        lambda n: n.replace(b".", b"\xc0\xae"), lambda n: n.replace(b".", "․".encode()), lambda n: n.replace(b"-", "‐".encode()), lambda n: n + b"+")]
    near += [b"+", b"#", b"acme.+", b"%u", b"%c", b"", b"acme", b"node", b"../" + PEER, b"x" * 60_000]
    # Bytes that are no UTF-8 come in the one type of text that takes them.
    rows = [(shown(value), firm([attribute(COMMON_NAME, value, TELETEX if {0xC0, 0xFF} & set(value) else UTF8)])) for value in near]
    for target in (PEER, NODE_USER):
        word, mine = target.decode(), [attribute(COMMON_NAME, b"bolt.gw-1")]
        rows += [
            (f"two CNs, {word} the second", firm(mine, [attribute(COMMON_NAME, target)])),
            (f"two CNs, {word} with NUL the first", firm([attribute(COMMON_NAME, target + b"\0")], mine)),
            (f"CN and {word} as unit", firm(mine, [attribute(UNIT, target)])),
            (f"CN and {word} as user id", firm(mine, [attribute(USER_ID, target)])),
            (f"CN and {word} as mail", firm(mine, [attribute(MAIL, target, IA5)])),
            (f"{word} as organisation", name([attribute(ORGANISATION, target)], mine)),
            (f"{word} as user id alone", firm([attribute(USER_ID, target)])),
            (f"{word} in UTF-16", firm([attribute(COMMON_NAME, target.decode().encode("utf-16-be"), BMP)])),
            (f"{word} in UTF-32", firm([attribute(COMMON_NAME, target.decode().encode("utf-32-be"), UNIVERSAL)])),
            (f"{word} with NUL, Teletex", firm([attribute(COMMON_NAME, target + b"\0", TELETEX)])),
            (f"{word} with NUL, printable", firm([attribute(COMMON_NAME, target + b"\0", PRINTABLE)])),
        ]
    return rows + [("no name at all", name()), ("no CN", firm())]


def impersonate(world, shop, certificates, claimed):
    """Shows these certificates and then does all that it can. Returns what of it was heard."""
    path = world.folder / "shown.crt"
    path.write_bytes(certificates)
    payload = world.payload()
    try:
        client = Client(world.endpoint.tls((str(path), shop.key)), client_id=claimed, user=claimed, password=b"x")
    except Closed:
        found = world.heard(payload)
    else:
        found = world.probe(client, payload, claimed)
        # A name that was taken over has lost its listener by that.
        world.listeners.pop(b"bolt.gw-1", None)
    return silent(found) + world.marker(b"acme.gw-1")


def chains(world):
    shop = Workshop(world)
    world.assemble(b"acme.gw-1", b"bolt.gw-1")
    for words, issue in foreign_issuers(shop) + misused(shop):
        for organisation, common_name in TARGETS:
            uri = b"hs:" + ALLIANCE + b"/" + common_name.replace(b"node.", b"node/")
            certificates = issue(plain_name(organisation, common_name))
            wrong = impersonate(world, shop, certificates, common_name)
            yield Result("certificate", f"O={organisation.decode()} CN={common_name.decode()}, {words}", NOBODY, wrong)
    for words, subject in strange_subjects():
        wrong = impersonate(world, shop, shop.issue(shop.link, subject, uri=b"hs:" + ALLIANCE + b"/" + PEER), PEER)
        yield Result("name in a certificate", words, NOBODY, wrong)
    yield from genuine(world, shop)


def genuine(world, shop):
    """What is shown as it was issued: the link certificate serves, the seal and the server certificate do not."""
    for words, pair in (("a seal certificate", world.pair("bolt.gw-1", "seal")), ("the server's", world.pair("alliance/servers/broker", "server"))):
        try:
            Client(world.endpoint.tls(pair), client_id=b"bolt.gw-1").fence()
            wrong = ["a connection stands"]
        except Closed:
            wrong = []
        yield Result("certificate", f"{words}, genuine", NOBODY, wrong)
    for common_name, topic in ((b"acme.new", own(b"acme.new") + b"/status"), (b"node.gz-1.w1", own(PEER) + b"/reply/gz-1")):
        path, payload = world.folder / "shown.crt", world.payload()
        path.write_bytes(shop.issue(shop.link, plain_name(b"acme", common_name)))
        world.listener(b"node." + WITNESS)
        world.listeners.pop(common_name, None)
        client = Client(world.endpoint.tls((str(path), shop.key)), client_id=b"whatever")
        client.publish(topic, payload)
        client.fence()
        client.leave()
        found = world.heard(payload)
        yield Result("certificate", f"{common_name.decode()}, by the link CA", THROUGH,
                     [] if (b"node." + WITNESS, topic) in found else [f"heard: {found}"])
