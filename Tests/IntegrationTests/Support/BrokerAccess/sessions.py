"""Claims that a CONNECT can make: another's client id, another's user name, another version of the protocol; and doors without a lock."""
import os
import socket
import ssl
import struct

from mqtt import AUTHENTICATION_DATA, AUTHENTICATION_METHOD, Client, Closed, text
from table import FOREIGN_IDS, FOREIGN_USERS, NOBODY, THROUGH
from world import ACTORS, NODE, PEER, Result, own, shown

VERSIONS = {4: "3.1.1", 5: "5"}


def reply_to_peer(world, payload):
    speaker = world.listener(b"node." + NODE)
    speaker.publish(own(PEER) + b"/reply/" + NODE, payload)
    speaker.fence()


def attempt(world, me, version, client_id, clean):
    """Connects with a client id that may be another's; whatever session that gives is read out and left. Returns what was heard."""
    try:
        client = world.connect(me, client_id=client_id, version=version, clean=clean)
        client.fence()
    except Closed:
        return []
    heard = client.take()
    client.leave()
    return [f"heard {shown(topic)}" for topic, _, _ in heard]


def client_ids(world):
    """The peer's session stands while another claims its id, and its queue waits for nobody else."""
    for me in ACTORS:
        for version, word in VERSIONS.items():
            world.assemble(me, PEER)
            world.leave(PEER)
            for clean in (False, True):
                for template in FOREIGN_IDS:
                    world.assemble(me, PEER)
                    world.listener(PEER, version=version, clean=False, expiry=300)
                    client_id, awake, asleep = world.fill(template, me), world.payload(), world.payload()
                    wrong = attempt(world, me, version, client_id, clean)
                    reply_to_peer(world, awake)
                    found = world.heard(awake)
                    wrong += [f"{name.decode()} {shown(topic)}" for name, topic in found if topic == b"was thrown out"]
                    wrong += [] if (PEER, own(PEER) + b"/reply/" + NODE) in found else ["the peer did not hear its reply"]
                    world.leave(PEER)
                    reply_to_peer(world, asleep)
                    wrong += attempt(world, me, version, client_id, clean)
                    world.listener(PEER, version=version, clean=False, expiry=300)
                    heard = [topic for name, topic in world.heard(asleep) if name == PEER]
                    wrong += [] if heard == [own(PEER) + b"/reply/" + NODE] else [f"the peer's queue gave {heard}"]
                    case = f"{me.decode()} {word} {'clean' if clean else 'kept'} as {shown(client_id)}"
                    yield Result("foreign client id", case, NOBODY, wrong)
    world.connect(PEER).leave()


def claims(world):
    """Other words in a CONNECT. Whatever connection comes of it is tried for all that its owner must not do."""
    method = bytes([AUTHENTICATION_METHOD]) + text(b"PLAIN") + bytes([AUTHENTICATION_DATA]) + text(b"\0node.gz-1\0x")
    rows = [(f"user {shown(name)}", dict(user=name, password=password, version=version))
            for name in FOREIGN_USERS for password in (None, b"x") for version in VERSIONS]
    rows += [("MQTT 3.1", dict(version=3)), ("a bridge, 3.1.1", dict(version=4, level=0x84)), ("a bridge, 3.1", dict(version=3, level=0x83)),
             ("MQTT 6", dict(version=4, level=6)), ("level 0", dict(version=4, level=0)), ("5 with 3.1's name", dict(version=3, level=5)),
             ("an authentication method", dict(version=5, properties=method)), ("no client id", dict(client_id=b"", version=4)),
             ("no client id, kept", dict(client_id=b"", version=5, clean=False, expiry=300))]
    for me in ACTORS:
        world.assemble(me)
        for words, options in rows:
            options = {key: world.fill(value, me) if key == "user" else value for key, value in options.items()}
            try:
                wrong = world.probe(world.connect(me, **options), world.payload())
            except Closed:
                wrong = []
            word = VERSIONS.get(options["version"], "3.1")
            yield Result("claim", f"{me.decode()} {word} {world.fill(words.encode(), me).decode()}", NOBODY, wrong + world.marker(me))


def listening_ports(process):
    """The TCP ports on which a process listens, on any address."""
    inodes = set()
    for descriptor in os.scandir(f"/proc/{process}/fd"):
        try:
            target = os.readlink(descriptor.path)
        except FileNotFoundError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    found = []
    for table in ("tcp", "tcp6"):
        for line in open(f"/proc/{process}/net/{table}").readlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                found.append(int(fields[1].rsplit(":", 1)[1], 16))
    return found


def unlocked(world):
    """Connections without TLS or without a certificate, as (what, how to get a stream)."""
    endpoint = world.endpoint

    def bare_context(**settings):
        context = ssl.create_default_context(cafile=endpoint.authority)
        for key, value in settings.items():
            setattr(context, key, value)
        return context
    old = endpoint.context(world.identities[PEER])
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    return [
        ("without TLS", endpoint.tcp),
        ("TLS without a certificate", lambda: endpoint.tls(context=bare_context())),
        ("TLS 1.2 without a certificate", lambda: endpoint.tls(context=bare_context(maximum_version=ssl.TLSVersion.TLSv1_2))),
        ("TLS 1.1 with a certificate", lambda: endpoint.tls(context=old)),
    ]


def doors(world, process):
    world.assemble(b"acme.gw-1")
    for words, stream in unlocked(world):
        for version, word in VERSIONS.items():
            for user in (None, b"node." + NODE, PEER):
                payload, found = world.payload(), []
                try:
                    client = Client(stream(), client_id=PEER, version=version, user=user, password=user)
                    found = [f"a connection stands; heard: {world.probe(client, payload)}"]
                except Closed:
                    pass
                name = "" if user is None else f" as user {user.decode()}"
                yield Result("door", f"{words} {word}{name}", NOBODY, found + [str(entry) for entry in world.heard(payload)])
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = world.endpoint.context(world.identities[b"acme.gw-1"])
        context.minimum_version = context.maximum_version = version
        try:
            Client(world.endpoint.tls(context=context), b"acme.gw-1").fence()
            wrong = []
        except Closed as error:
            wrong = [str(error)]
        yield Result("door", f"{version.name} with a certificate", THROUGH, wrong)
    ports = listening_ports(process)
    yield Result("door", "the one port that listens", THROUGH, [] if ports == [world.endpoint.port] else [str(ports)])
    yield websocket(world)


def websocket(world):
    """The port speaks MQTT and nothing else."""
    stream = world.endpoint.tls(world.identities[b"acme.gw-1"])
    stream.sendall(b"GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: mqtt\r\n"
                   b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 5, 0))
    try:
        answer = stream.recv(100)
    except OSError:
        answer = b""
    stream.close()
    return Result("door", "a web socket", NOBODY, [f"answered {answer!r}"] if answer else [])
