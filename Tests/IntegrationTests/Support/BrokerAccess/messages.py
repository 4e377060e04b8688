"""Publishing, subscribing, last wills and topic aliases."""
from mqtt import Closed
from table import (ALIASES, GATEWAY_READS, GATEWAY_WILLS, GATEWAY_WRITES, NOBODY, NODE_READS, NODE_WRITES, OWN_REPLY, STRANGE_NAMES,
                   STRANGE_PLACES, THROUGH)
from world import ACTORS, NODE, PEER, REAL, WITNESS, Result, own, shown, silent

VERSIONS = {4: "3.1.1", 5: "5"}
# How each name is published to: quality of service, retained.
STYLES = [(0, False), (1, False), (1, True)]


def write(world, me, version, expected, topic):
    """Publishes in every style and says what is wrong with who heard it."""
    payload = world.payload()
    for qos, retain in STYLES:
        world.say(me, version, topic, payload, qos=qos, retain=retain)
    found = world.heard(payload)
    if expected == THROUGH:
        world.say(me, version, topic, b"", retain=True)
        witnessed = [heard for name, heard in found if name == b"node." + WITNESS]
        wrong = [] if witnessed == [topic] * len(STYLES) and all(heard == topic for _, heard in found) else [f"heard: {found}"]
    else:
        wrong = silent(found)
    return wrong + world.marker(me, version)


def writes(world):
    strange = [(NOBODY, place.replace(b"{strange}", name)) for name in STRANGE_NAMES for place in STRANGE_PLACES]
    rows = [("gateway publishes", b"acme.gw-1", GATEWAY_WRITES), ("gateway publishes", b"bolt.gw-1", GATEWAY_WRITES),
            ("node publishes", b"node." + NODE, NODE_WRITES), ("node publishes", b"node." + NODE + b".w1", NODE_WRITES),
            ("strange name", b"acme.gw-1", strange)]
    for group, me, table in rows:
        world.assemble(me)
        for version, word in VERSIONS.items():
            for expected, template in table:
                topic = world.fill(template, me)
                yield Result(group, f"{me.decode()} {word} {shown(topic)}", expected, write(world, me, version, expected, topic))


def listen(world, me, version, topic_filter, wanted):
    """Subscribes while the others talk; `wanted` says which topics may be heard, of those that were spoken."""
    payload = world.payload()
    try:
        client = world.actor(me, version)
        client.subscribe(topic_filter)
    except Closed:
        world.actors.pop(me, None)
        client = world.actor(me, version)
    spoken = world.traffic([me], payload)
    client.fence()
    # The node that runs here answers what it is told in the cases, each gateway under its own name.
    heard = {topic for topic, _, _ in client.take()} - {own(me) + b"/reply/" + REAL}
    witnessed = {topic for name, topic in world.heard(payload) if name == b"node." + WITNESS}
    wrong = [f"not even the witness heard {shown(topic)}" for topic in set(spoken) - witnessed]
    expected = {topic for topic in spoken if wanted(topic)}
    wrong += [f"heard {shown(topic)}" for topic in heard - expected] + [f"did not hear {shown(topic)}" for topic in expected - heard]
    try:
        client.unsubscribe(topic_filter)
    except Closed:
        world.actors.pop(me, None)
    client.take()
    return wrong


def reads(world):
    world.assemble()
    for gateway in (PEER, *ACTORS):
        world.listener(gateway).publish(own(gateway) + b"/status", b"of old", retain=True)
    for version, word in VERSIONS.items():
        for me in ACTORS:
            world.assemble(me)
            for expected, template in GATEWAY_READS:
                topic_filter = world.fill(template, me)
                wrong = listen(world, me, version, topic_filter, lambda topic: expected == OWN_REPLY and topic.startswith(own(me) + b"/reply/"))
                yield Result("gateway subscribes", f"{me.decode()} {word} {shown(topic_filter)}", expected, wrong)
        for me in (b"node." + NODE, b"node." + NODE + b".w1"):
            world.assemble(me)
            for kinds, template in NODE_READS:
                topic_filter = world.fill(template, me)
                wrong = listen(world, me, version, topic_filter, lambda topic: topic.rsplit(b"/")[-1].decode() in kinds)
                yield Result("node subscribes", f"{me.decode()} {word} {shown(topic_filter)}", " ".join(kinds) or NOBODY, wrong)


def wills(world):
    for me in ACTORS:
        world.assemble(me)
        for version, word in VERSIONS.items():
            for retained in (False, True):
                for expected, template in GATEWAY_WILLS:
                    topic, payload = world.fill(template, me), world.payload()
                    try:
                        world.connect(me, version=version, will=(topic, payload, retained)).drop()
                    except Closed:
                        pass
                    # The same name comes again: at the latest now the broker knows that the former connection is gone.
                    world.actor(me, version).fence()
                    found = world.heard(payload)
                    if expected == THROUGH:
                        wrong = [] if (b"node." + WITNESS, topic) in found else [f"heard: {found}"]
                        world.say(me, version, topic, b"", retain=True)
                    else:
                        wrong = silent(found)
                    case = f"{me.decode()} {word} {'retained ' if retained else ''}{shown(topic)}"
                    yield Result("last will", case, expected, wrong + world.marker(me, version))


def aliases(world):
    for me in ACTORS:
        world.assemble(me)
        for expected, steps in ALIASES:
            payload, topic = world.payload(), b""
            try:
                client = world.actor(me)
                for number, (alias, template) in enumerate(steps, 1):
                    name = world.fill(template or b"", me)
                    topic = name or topic
                    client.publish(name, payload if number == len(steps) else b"before", alias=alias)
                client.fence()
            except Closed:
                world.actors.pop(me, None)
            found = world.heard(payload)
            if expected == THROUGH:
                wrong = [] if [heard for name, heard in found if name == b"node." + WITNESS] == [topic] else [f"heard: {found}"]
            else:
                wrong = silent(found)
            steps_text = ", ".join(f"{alias}={shown(world.fill(name or b'', me))}" for alias, name in steps)
            yield Result("topic alias", f"{me.decode()} {steps_text}", expected, wrong + world.marker(me))


def leftovers(world):
    """After all of it: nothing that was retained where it must not be waits for one who subscribes late, and what may be waits unharmed."""
    world.assemble()
    status = own(PEER) + b"/status"
    world.listener(PEER).publish(status, b"of old", retain=True)
    for me in ACTORS:
        for version in VERSIONS:
            for content in (b"", b"case-0"):
                world.say(me, version, status, content, retain=True)
    late = world.connect(b"node." + WITNESS)
    for topic_filter in (b"#", b"$SYS/#", b"$CONTROL/#"):
        late.subscribe(topic_filter, options=0)
    late.fence()
    kept = {topic: content for topic, content, retained in late.take() if retained}
    late.leave()
    wrong = [f"{shown(topic)} keeps {content!r}" for topic, content in kept.items() if b"case-" in content]
    yield Result("retained", "what a late subscriber finds of all cases", NOBODY, wrong)
    yield Result("retained", "the peer's status after others emptied it", THROUGH, [] if kept.get(status) == b"of old" else [f"{kept.get(status)}"])
    yield Result("retained", "the broker's own state is there for the witness", THROUGH, [] if b"$SYS/broker/version" in kept else ["no $SYS"])
