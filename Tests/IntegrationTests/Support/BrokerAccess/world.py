"""Everybody at the broker: each under the one name that its certificate has, and a witness who may read everything."""
import collections
import itertools
import pathlib

from mqtt import Client, Closed, Endpoint
from statements import shard

ALLIANCE = b"gba-acl"
PEER, NODE, OTHER, REAL, WITNESS = b"acme.gw-2", b"gz-1", b"mo-1", b"hk-1", b"ear-1"
GATEWAYS = [b"acme.gw-1", PEER, b"bolt.gw-1"]
# Two gateways act: one of the peer's firm, one of another.
ACTORS = {b"acme.gw-1": b"bolt.gw-1", b"bolt.gw-1": b"acme.gw-1"}
WITNESSED = [b"#", b"$SYS/#", b"$CONTROL/#", b"$hs/#", b"$", b"$/#"]

# One case with what came of it; `wrong` is empty when it came as the table says.
Result = collections.namedtuple("Result", "group case expected wrong")


def own(gateway):
    """The beginning of a gateway's topics."""
    return b"hs/1/" + shard(gateway) + b"/" + gateway


def shown(name):
    """A name as a person can read it: control characters, and what is no UTF-8, as escapes."""
    return name.decode(errors="backslashreplace").encode("unicode_escape").decode()[:90]


def silent(found):
    """What is wrong when nobody may have heard anything."""
    return [f"{name.decode()} heard {shown(topic)}" for name, topic in found]


class World:
    def __init__(self, folder, port):
        """- Parameter folder: where the alliance lies, and a folder for each gateway beside it."""
        self.folder, self.endpoint = pathlib.Path(folder), Endpoint(port, f"{folder}/alliance/link-ca.crt")
        self.identities = {gateway: self.pair(gateway.decode(), "link") for gateway in GATEWAYS}
        for node in (NODE, OTHER, WITNESS):
            self.identities[b"node." + node] = self.pair(f"alliance/nodes/{node.decode()}", "link")
        self.identities[b"node." + NODE + b".w1"] = self.pair(f"alliance/nodes/{NODE.decode()}", "link-w1")
        self.listeners, self.actors, self.contexts, self.numbers = {}, {}, {}, itertools.count(1)

    def pair(self, folder, kind):
        return str(self.folder / folder / f"{kind}.crt"), str(self.folder / folder / f"{kind}.key")

    def fill(self, template, me):
        """A template of the table for one who acts."""
        names = {b"me": me, b"peer": PEER, b"foreign": ACTORS.get(me, b"bolt.gw-1")}
        filled = template
        for word, value in names.items():
            filled = filled.replace(b"{/" + word + b"}", own(value)).replace(b"{" + word + b"}", value)
        return filled.replace(b"{node}", NODE).replace(b"{other}", OTHER)

    # MARK: connections

    def connect(self, name, **options):
        """A connection under this name; an earlier one of the name ends by that."""
        for former in (self.listeners.pop(name, None), self.actors.pop(name, None)):
            if former:
                former.leave()
        options.setdefault("client_id", name)
        if name not in self.contexts:
            self.contexts[name] = self.endpoint.context(self.identities[name])
        return Client(self.endpoint.tls(context=self.contexts[name]), **options)

    def leave(self, name):
        """This one's listener says good-bye, if there is one."""
        if name in self.listeners:
            self.listeners.pop(name).leave()

    def actor(self, name, version=5):
        """One who acts: subscribed to nothing."""
        client = self.actors.get(name)
        if not client or client.version != version:
            client = self.connect(name, version=version)
            self.actors[name] = client
        return client

    def listener(self, name, clean=True, **options):
        """One who hears all that the table of topics has for it; the witness hears everything.

        - Parameter clean: false for a session that outlives its connection, with a queue."""
        if name not in self.listeners:
            client = self.connect(name, clean=clean, **options)
            self.listeners[name] = client
            if name == b"node." + WITNESS:
                filters = WITNESSED
            elif name.startswith(b"node."):
                filters = [b"hs/1/+/+/" + kind for kind in (b"batch", b"hello", b"status")]
            else:
                filters = [b"hs/1/+/" + name + b"/reply/+"]
            for topic_filter in filters:
                # Without acknowledgements, but for the queue: a full window would let the broker's PINGRESP overtake what it still has to send.
                client.subscribe(topic_filter, options=0 if clean else 1)
        return self.listeners[name]

    def assemble(self, *acting):
        """Everybody but these listens."""
        for name in self.identities:
            if name not in acting:
                self.listener(name)

    # MARK: messages

    def payload(self):
        return b"case-%d" % next(self.numbers)

    def heard(self, payload):
        """Who heard this since the last time, as (listener, topic). Whoever lost its connection stands here too."""
        found = []
        for name, client in list(self.listeners.items()):
            try:
                client.fence()
            except Closed:
                del self.listeners[name]
                found.append((name, b"was thrown out"))
                continue
            found += [(name, topic) for topic, content, _ in client.take() if content == payload]
        return found

    def say(self, name, version, topic, payload, **options):
        """Publishes; whoever is thrown out for that comes back."""
        try:
            client = self.actor(name, version)
            client.publish(topic, payload, **options)
            client.fence()
        except Closed:
            self.actors.pop(name, None)
            self.actor(name, version).fence()

    def marker(self, name, version=5):
        """The word after a case: what this one may say is heard by the witness, so the broker lives and has done all before it.

        Returns what is wrong."""
        payload = b"marker of " + self.payload()
        topic = own(name) + b"/status" if not name.startswith(b"node.") else own(PEER) + b"/reply/" + name.split(b".")[1]
        self.say(name, version, topic, payload)
        found = self.heard(payload)
        return [] if (b"node." + WITNESS, topic) in found else [f"the marker was not heard: {found}"]

    def traffic(self, acting, payload):
        """Everybody but who acts says what it may say, each once; the reply to who acts is among it. Returns the topics."""
        spoken = []
        for gateway in GATEWAYS:
            if gateway not in acting:
                spoken += [(self.listener(gateway), own(gateway) + b"/" + kind) for kind in (b"batch", b"hello", b"status")]
            speaker = OTHER if b"node." + NODE in acting else NODE
            spoken.append((self.listener(b"node." + speaker), own(gateway) + b"/reply/" + speaker))
        for client, topic in spoken:
            client.publish(topic, payload)
        for client in {id(client): client for client, _ in spoken}.values():
            client.fence()
        return [topic for _, topic in spoken]

    def probe(self, client, payload, claimed=PEER):
        """Tries with a connection that stands all that its owner must not do; returns what of it was heard.

        - Parameter claimed: whom it takes itself for, which it must not be either."""
        attempts = [own(gateway) + b"/" + kind for gateway in {PEER, claimed} for kind in (b"batch", b"hello", b"status", b"reply/" + NODE)]
        found = []
        try:
            for topic in attempts:
                client.publish(topic, payload)
            for topic_filter in (b"hs/1/+/+/batch", own(PEER) + b"/reply/+", b"$SYS/#", b"#"):
                client.subscribe(topic_filter)
            client.fence()
        except Closed:
            pass
        found += self.heard(payload)
        self.listener(b"node." + NODE).publish(own(PEER) + b"/reply/" + NODE, payload)
        self.listener(b"node." + NODE).fence()
        try:
            client.fence()
            found += [(b"who acts", topic) for topic, _, _ in client.take()]
            client.leave()
        except Closed:
            pass
        reply = (PEER, own(PEER) + b"/reply/" + NODE)
        after = self.heard(payload)
        return found if reply in after else found + [(PEER, b"did not hear its reply")]
