"""The cases: who does what under which name, and whether anybody may hear of it. Data alone; `check.py` runs them.

In names: {me} who acts, {peer} another gateway of the same firm, {foreign} a gateway of another firm, {node} and {other} two nodes, {worker} a
worker of {node}, and {/me}, {/peer}, {/foreign}: `hs/1/<shard>/<gateway>`, the right beginning of that gateway's topics."""

# Heard by those who are meant to, under this very name; or by nobody.
THROUGH, NOBODY = "through", "nobody"

# What a gateway publishes.
GATEWAY_WRITES = [
    (THROUGH, b"{/me}/batch"),
    (THROUGH, b"{/me}/hello"),
    (THROUGH, b"{/me}/status"),
    # The shard is the node's to judge; the same topic with a wrong one is among NODE_JUDGES.
    (THROUGH, b"hs/1/zz/{me}/status"),
    # Another gateway's, of the same firm and of another.
    (NOBODY, b"{/peer}/batch"),
    (NOBODY, b"{/peer}/hello"),
    (NOBODY, b"{/peer}/status"),
    (NOBODY, b"{/foreign}/batch"),
    (NOBODY, b"{/foreign}/hello"),
    (NOBODY, b"{/foreign}/status"),
    (NOBODY, b"hs/1/zz/{peer}/batch"),
    (NOBODY, b"hs/1//{peer}/batch"),
    (NOBODY, b"hs/1/{me}/{peer}/batch"),
    (NOBODY, b"hs/1/{peer}/batch"),
    # Replies, which are for nodes to write: to others and to oneself.
    (NOBODY, b"{/peer}/reply/{node}"),
    (NOBODY, b"{/foreign}/reply/{node}"),
    (NOBODY, b"{/me}/reply/{node}"),
    (NOBODY, b"{/me}/reply/{me}"),
    (NOBODY, b"{/me}/reply/"),
    # What the table of topics does not have.
    (NOBODY, b"{/me}"),
    (NOBODY, b"{/me}/"),
    (NOBODY, b"{/me}/other"),
    (NOBODY, b"{/me}/batch/"),
    (NOBODY, b"{/me}/batch/more"),
    (NOBODY, b"{/me}/hello/more"),
    (NOBODY, b"{/me}/status/more"),
    (NOBODY, b"{/me}//batch"),
    (NOBODY, b"{/me}/BATCH"),
    (NOBODY, b"{/me}/{peer}/batch"),
    (NOBODY, b"{/peer}/{me}/batch"),
    (NOBODY, b"hs/1/ab/cd/{me}/batch"),
    (NOBODY, b"hs/2/ab/{me}/batch"),
    (NOBODY, b"hs/01/ab/{me}/batch"),
    (NOBODY, b"HS/1/ab/{me}/batch"),
    (NOBODY, b"/{/me}/batch"),
    (NOBODY, b"hs//1/ab/{me}/batch"),
    (NOBODY, b"hs/1/../{peer}/batch"),
    (NOBODY, b"{me}"),
    (NOBODY, b"hs"),
    (NOBODY, b"/"),
    (NOBODY, b"zigbee2mqtt/reefer"),
    # Firm and device as two levels: only brokers that cannot help it have them.
    (NOBODY, b"hs/1/ab/acme/gw-1/batch"),
    (NOBODY, b"hs/1/ab/acme/gw-2/hello"),
    # The broker's own trees, and the names of shared subscriptions.
    (NOBODY, b"$SYS/broker/version"),
    (NOBODY, b"$SYS/broker/connection/{node}/state"),
    (NOBODY, b"$SYS"),
    (NOBODY, b"$CONTROL/dynamic-security/v1"),
    (NOBODY, b"$CONTROL/{/peer}/batch"),
    (NOBODY, b"$share/g/{/peer}/batch"),
    (NOBODY, b"$share/g/{/me}/batch"),
    (NOBODY, b"$hs/1/ab/{me}/batch"),
    (NOBODY, b"$"),
]

# Names that look like another's, or like none. Each is tried as the gateway and as the level after it.
STRANGE_NAMES = [
    # Wildcards, which no topic name may hold.
    b"+", b"#", b"{peer}+", b"{peer}#", b"acme.+", b"%u", b"%c",
    # NUL, and what C takes for the end of a name.
    b"{peer}\0", b"\0{peer}", b"{peer}\0{me}", b"{me}\0{peer}",
    # Not UTF-8: a lone continuation, a cut sequence, overlong dot, slash and NUL, a surrogate, beyond U+10FFFF, bytes that never occur.
    b"{peer}\x80", b"{peer}\xc3", b"acme\xc0\xaegw-2", b"acme.gw-2\xc0\xafbatch", b"{peer}\xc0\x80", b"{peer}\xed\xa0\x80",
    b"{peer}\xf4\x90\x80\x80", b"{peer}\xfe", b"{peer}\xff\xff", b"{peer}\xe0\x80\xaf",
    # UTF-8, at its edges: controls, DEL, C1, byte order mark, no-break and zero-width space, non-characters, the last code point.
    b"{peer}\x01", b"{peer}\t", b"{peer}\n", b"{peer}\x7f", b"{peer}\xc2\x80", b"\xef\xbb\xbf{peer}", b"{peer}\xc2\xa0", b"{peer}\xe2\x80\x8b",
    b"{peer}\xef\xbf\xbf", b"{peer}\xef\xb7\x90", b"{peer}\xf4\x8f\xbf\xbf",
    # What a reader that normalises would take for the name: full-width letters, Cyrillic, a combining mark, other case, spaces.
    "ａcme.gw-2".encode(), "аcme.gw-2".encode(), "acmé.gw-2".encode(), "acme․gw-2".encode(), "acme.gw\u20112".encode(),
    b"ACME.GW-2", b"Acme.gw-2", b" {peer}", b"{peer} ", b"{peer}.", b"{peer}0", b"acme.gw", b"acme", b".gw-2", b"\"{peer}\"",
    # As long as a topic may be, and nothing at all.
    b"{peer}" + b"x" * 65_000, b"",
]
STRANGE_PLACES = [b"hs/1/ab/{strange}/batch", b"{/me}/{strange}"]

# What a node publishes, and its worker: replies under its own name.
NODE_WRITES = [
    (THROUGH, b"{/peer}/reply/{node}"),
    (THROUGH, b"{/foreign}/reply/{node}"),
    (NOBODY, b"{/peer}/reply/{other}"),
    (NOBODY, b"{/foreign}/reply/{other}"),
    (NOBODY, b"{/peer}/reply/{node}.w1"),
    (NOBODY, b"{/peer}/reply/node.{node}"),
    (NOBODY, b"{/peer}/reply/{node}/more"),
    (NOBODY, b"{/peer}/reply"),
    (NOBODY, b"{/peer}/reply/+"),
    (NOBODY, b"{/peer}/reply/#"),
    (NOBODY, b"{/peer}/batch"),
    (NOBODY, b"{/peer}/hello"),
    (NOBODY, b"{/peer}/status"),
    (NOBODY, b"hs/1/ab/node.{other}/batch"),
    (NOBODY, b"hs/1/ab/acme/gw-2/reply/{node}"),
    (NOBODY, b"hs/1/ab/cd/{peer}/reply/{node}"),
    (NOBODY, b"$SYS/broker/version"),
    (NOBODY, b"$CONTROL/dynamic-security/v1"),
    (NOBODY, b"$share/g/{/peer}/reply/{node}"),
]

# What a gateway subscribes to. While it does, others exchange batches, hellos, status and replies: of all that it may hear nothing but, where it
# says so, the reply to itself.
OWN_REPLY = "own reply"
GATEWAY_READS = [
    (OWN_REPLY, b"hs/1/+/{me}/reply/+"),
    (OWN_REPLY, b"{/me}/reply/+"),
    (OWN_REPLY, b"{/me}/reply/{node}"),
    (OWN_REPLY, b"{/me}/#"),
    (OWN_REPLY, b"#"),
    (OWN_REPLY, b"hs/#"),
    (OWN_REPLY, b"hs/1/#"),
    (OWN_REPLY, b"+/+/+/+/+/+"),
    (OWN_REPLY, b"hs/1/+/+/reply/+"),
    (OWN_REPLY, b"hs/1/+/+/#"),
    (OWN_REPLY, b"$share/g/hs/1/+/{me}/reply/+"),
    (OWN_REPLY, b"$share/g/#"),
    (NOBODY, b"hs/1/+/+/batch"),
    (NOBODY, b"hs/1/+/+/hello"),
    (NOBODY, b"hs/1/+/+/status"),
    (NOBODY, b"hs/1/+/+/+"),
    (NOBODY, b"+/+/+/+/+"),
    (NOBODY, b"{/peer}/#"),
    (NOBODY, b"{/peer}/batch"),
    (NOBODY, b"{/peer}/hello"),
    (NOBODY, b"{/peer}/status"),
    (NOBODY, b"{/peer}/reply/+"),
    (NOBODY, b"{/peer}/reply/{node}"),
    (NOBODY, b"hs/1/+/{peer}/reply/+"),
    (NOBODY, b"hs/1/+/{peer}/#"),
    (NOBODY, b"{/foreign}/#"),
    (NOBODY, b"{/foreign}/batch"),
    (NOBODY, b"{/foreign}/reply/+"),
    (NOBODY, b"hs/1/+/{foreign}/reply/{node}"),
    # One's own writing is not for reading.
    (NOBODY, b"{/me}/batch"),
    (NOBODY, b"{/me}/+"),
    (NOBODY, b"$share/g/hs/1/+/+/batch"),
    (NOBODY, b"$share/g/hs/1/+/{peer}/reply/+"),
    (NOBODY, b"$share/{peer}/{/peer}/reply/+"),
    (NOBODY, b"$share/+/hs/1/+/+/batch"),
    (NOBODY, b"$share/#"),
    (NOBODY, b"$share//hs/1/+/+/batch"),
    (NOBODY, b"$share/g/$SYS/#"),
    (NOBODY, b"$queue/hs/1/+/+/batch"),
    (NOBODY, b"$SYS/#"),
    (NOBODY, b"$SYS/broker/version"),
    (NOBODY, b"$SYS/+/+"),
    (NOBODY, b"$CONTROL/#"),
    (NOBODY, b"$CONTROL/dynamic-security/v1/response"),
    (NOBODY, b"$+/#"),
    (NOBODY, b"hs/1/+/{peer}\0/reply/+"),
    (NOBODY, b"hs/1/+/{peer}/reply/+\0"),
    (NOBODY, b"hs/1/+/{me}\0{peer}/#"),
    (NOBODY, b"hs/1/+/{peer}\xff/#"),
    (NOBODY, b"hs/1/+/acme\xc0\xaegw-2/#"),
    (NOBODY, b"hs/1/+/{peer}#"),
    (NOBODY, b"hs/1/+/{peer}+/reply/+"),
    (NOBODY, b"hs/1/+/#/reply"),
    (NOBODY, b"##"),
    (NOBODY, b""),
]

# What a node subscribes to: which of its own kinds of traffic it then hears.
NODE_READS = [
    (("batch",), b"hs/1/+/+/batch"),
    (("hello",), b"hs/1/+/+/hello"),
    (("status",), b"hs/1/+/+/status"),
    (("batch", "hello", "status"), b"#"),
    (("batch", "hello", "status"), b"$share/nodes/hs/1/#"),
    ((), b"hs/1/+/+/reply/+"),
    ((), b"{/peer}/reply/{other}"),
    ((), b"{/peer}/reply/{node}"),
    ((), b"hs/1/+/+/+/batch"),
    ((), b"$SYS/#"),
    ((), b"$CONTROL/#"),
]

# Client ids that a gateway claims.
FOREIGN_IDS = [
    b"{peer}", b"{foreign}", b"node.{node}", b"node.{other}", b"node.{node}.w1", b"", b"{peer}\0", b"{peer}\0{me}", b"\0", b"{peer} ", b"+", b"#",
    b"%u", b"{peer}/", b"\xff{peer}", "аcme.gw-2".encode(), b"x" * 65_535,
]
# User names that a gateway claims in its CONNECT, with any password.
FOREIGN_USERS = [
    b"{peer}", b"{foreign}", b"node.{node}", b"", b"{peer}\0", b"+", b"#", b"{me}+", b"root", b"admin",
]
# Topics of last wills.
GATEWAY_WILLS = [
    (THROUGH, b"{/me}/status"),
    (THROUGH, b"{/me}/hello"),
    (NOBODY, b"{/peer}/status"),
    (NOBODY, b"{/peer}/batch"),
    (NOBODY, b"{/foreign}/hello"),
    (NOBODY, b"{/peer}/reply/{node}"),
    (NOBODY, b"{/me}/reply/{node}"),
    (NOBODY, b"hs/1/+/{peer}/status"),
    (NOBODY, b"#"),
    (NOBODY, b"{/peer}/status\0"),
    (NOBODY, b"{/peer}\xff/status"),
    (NOBODY, b"$SYS/broker/version"),
    (NOBODY, b"$CONTROL/dynamic-security/v1"),
    (NOBODY, b"$share/g/{/peer}/batch"),
    (NOBODY, b""),
]
# Topic aliases, MQTT 5: publishes in order as (alias, topic; None: the alias alone); may the last one be heard under the last name given?
ALIASES = [
    (THROUGH, [(1, b"{/me}/status"), (1, None)]),
    (THROUGH, [(1, b"{/peer}/status"), (1, b"{/me}/status"), (1, None)]),
    (NOBODY, [(1, b"{/peer}/status"), (1, None)]),
    (NOBODY, [(1, b"{/me}/status"), (1, b"{/peer}/status"), (1, None)]),
    (NOBODY, [(2, b"{/me}/status"), (1, b"{/peer}/batch"), (1, None)]),
    (NOBODY, [(1, b"{/peer}/reply/{node}"), (1, None)]),
    (NOBODY, [(1, b"$SYS/broker/version"), (1, None)]),
    (NOBODY, [(1, b"hs/1/+/{peer}/batch"), (1, None)]),
    (NOBODY, [(1, b"{/peer}/batch\0"), (1, None)]),
    (NOBODY, [(0, b"{/peer}/batch"), (0, None)]),
    (NOBODY, [(65_535, b"{/peer}/batch"), (65_535, None)]),
    (NOBODY, [(3, None)]),
    (NOBODY, [(None, None)]),
]
