"""What is left of a right that was taken away: connections, subscriptions, queues, retained messages and wills of before; a revoked certificate."""
import os
import pathlib
import signal
import ssl
import time

from certificates import Signer, revocation_list, run
from mqtt import PATIENCE_SECONDS, Client, Closed
from table import NOBODY, THROUGH
from world import NODE, OTHER, PEER, WITNESS, Result, own, silent

NODE_USER, WORKER, OTHER_USER, WITNESS_USER = b"node." + NODE, b"node." + NODE + b".w1", b"node." + OTHER, b"node." + WITNESS


class Settings:
    """The broker's files, and how it takes new ones."""

    def __init__(self, world, folder, process):
        self.world, self.folder, self.process = world, pathlib.Path(folder), process
        self.accepted = (self.folder / "acl").read_text()
        self.number = 0

    def reload(self, access):
        """Returns when the witness may write what it could not write before."""
        self.number += 1
        topic = b"reloaded/%d" % self.number
        (self.folder / "acl").write_text(f"{access}\nuser {WITNESS_USER.decode()}\ntopic write {topic.decode()}\n")
        os.kill(self.process, signal.SIGHUP)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            payload, witness = self.world.payload(), self.world.listener(WITNESS_USER)
            witness.publish(topic, payload)
            if (WITNESS_USER, topic) in self.world.heard(payload):
                return
        raise TimeoutError("the broker does not take its new files")

    def without(self, *users):
        """The access list without these users' blocks."""
        blocks = self.accepted.split("\n\n")
        return "\n\n".join(block for block in blocks if block.strip().split("\n")[0] not in [f"user {user.decode()}" for user in users])


REPLY, UNWELL, BATCH = own(PEER) + b"/reply/" + NODE, own(PEER) + b"/reply/" + OTHER, own(PEER) + b"/batch"
LOSERS = [NODE_USER, WORKER, OTHER_USER]


def lost(words, wrong, expected=NOBODY):
    return Result("right lost", words, expected, wrong)


def retirement(world, settings):
    """Two nodes and a worker lose their lines while they are connected, with all that the broker keeps for them."""
    world.assemble(WORKER, OTHER_USER)
    kept, queued, will = world.payload(), world.payload(), world.payload()
    say(world, NODE_USER, REPLY, kept, retain=True)
    world.listener(WORKER, clean=False, expiry=300).fence()
    world.leave(WORKER)
    dying = world.connect(OTHER_USER, will=(UNWELL, will, False))
    say(world, PEER, BATCH, queued)
    world.heard(queued)
    settings.reload(settings.without(*LOSERS))
    yield from connected(world)
    world.leave(PEER)
    world.listener(PEER)
    yield lost("its retained reply waits for a late subscriber", silent(world.heard(kept)))
    world.listener(WORKER, clean=False, expiry=300)
    yield lost("a worker's queue", silent(world.heard(queued)))
    dying.drop()
    world.connect(OTHER_USER).leave()
    yield lost("a last will of before", silent(world.heard(will)))
    yield from again(world)
    settings.reload(settings.accepted)
    payload = world.payload()
    say(world, NODE_USER, REPLY, payload)
    yield lost("with its lines again, a node replies", [] if (PEER, REPLY) in world.heard(payload) else ["not heard"], THROUGH)
    say(world, NODE_USER, REPLY, b"", retain=True)


def say(world, name, topic, payload, **options):
    """Publishes by a connection that stands, whatever it may still do."""
    world.listener(name).publish(topic, payload, **options)
    world.listener(name).fence()


def connected(world):
    """What those do who were connected before."""
    payload = world.payload()
    say(world, NODE_USER, REPLY, payload)
    yield lost("a node that is connected replies", silent(world.heard(payload)))
    payload = world.payload()
    say(world, PEER, BATCH, payload)
    found = world.heard(payload)
    yield lost("a node that had subscribed hears a batch", silent(entry for entry in found if entry[0] != WITNESS_USER))
    yield lost("the witness hears that batch", [] if (WITNESS_USER, BATCH) in found else ["not heard"], THROUGH)


def again(world):
    """Their certificates hold still, and they connect anew."""
    for user in LOSERS:
        payload, client = world.payload(), world.connect(user)
        for topic in (REPLY, UNWELL, BATCH):
            client.publish(topic, payload)
        client.subscribe(b"hs/#")
        say(world, PEER, BATCH, payload)
        client.fence()
        heard = [(user, topic) for topic, _, _ in client.take()]
        client.leave()
        others = [entry for entry in world.heard(payload) if entry != (WITNESS_USER, BATCH)]
        yield lost(f"{user.decode()} connects again", silent(others + heard))


VICTIM = b"bolt.gw-1"


def revocation(world, settings):
    """A link certificate is revoked; its TLS sessions of before must not get round the list."""
    contexts = {version: world.endpoint.context(world.identities[VICTIM]) for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)}
    sessions = {}
    for version, context in contexts.items():
        context.minimum_version = context.maximum_version = version
        client = Client(world.endpoint.tls(context=context), client_id=VICTIM)
        client.fence()
        sessions[version] = client.stream.session
        client.leave()
    standing, path = world.actor(VICTIM), settings.folder / "link-ca.crl"
    before = path.read_bytes()
    path.write_bytes(listing(world, VICTIM))
    settings.reload(settings.accepted)
    # A list binds who connects from then on. Who is connected stays, under its own name alone, until the broker is started again.
    yield revoked(world, "a connection that stands is left", lambda: standing, THROUGH)
    yield Result("revoked", "what it may not say", NOBODY, silent(world.probe(standing, world.payload())))
    world.actors.pop(VICTIM)
    yield revoked(world, "a new connection", lambda: Client(world.endpoint.tls(world.identities[VICTIM])))
    for version, context in contexts.items():
        yield revoked(world, f"a {version.name} session of before", lambda: Client(world.endpoint.tls(context=context, session=sessions[version])))
    yield Result("revoked", "another gateway", THROUGH, world.marker(b"acme.gw-1"))
    path.write_bytes(before)
    settings.reload(settings.accepted)
    yield revoked(world, "with the former list again", lambda: Client(world.endpoint.tls(world.identities[VICTIM])), THROUGH)


def listing(world, gateway):
    """The link CA's list with this gateway's certificate in it."""
    folder = world.folder / "alliance"
    serial = run("openssl", "x509", "-in", world.identities[gateway][0], "-noout", "-serial").split(b"=")[1]
    return revocation_list(Signer.of(folder / "link-ca.crt", folder / "link-ca.key"), [int(serial, 16)])


def revoked(world, words, connect, expected=NOBODY):
    """Whether the revoked one can say what its name may."""
    topic, payload = own(VICTIM) + b"/status", world.payload()
    try:
        client = connect()
        client.publish(topic, payload)
        client.fence()
    except Closed:
        pass
    found = world.heard(payload)
    wrong = silent(found) if expected == NOBODY else [] if (WITNESS_USER, topic) in found else ["not heard"]
    return Result("revoked", words, expected, wrong)


def changes(world, folder, process):
    settings = Settings(world, folder, process)
    yield from retirement(world, settings)
    yield from revocation(world, settings)
