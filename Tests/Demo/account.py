#!/usr/bin/python3
"""Counts what became of every event, from the nodes' ledgers and the lines that were fed. It shares no code with what it judges.

usage: account.py [--json] --fed FILE.ndjson... NODE=LEDGER.sqlite...

A fed line is found again by its time, which must be its own in the file. Exit 1 when an event is lost or doubled."""
import argparse
import datetime
import hashlib
import json
import sqlite3
import sys
from collections import Counter, defaultdict

import cbor2

FIRST, COUNT = -70001, -70002
KIND, WALL_CLOCK = 0, 1


class Ledger:
    """One node's ledger: its batches as (epoch, first, leaf hashes, times), and what is receipted."""

    def __init__(self, path):
        self.sequences = defaultdict(set)      # epoch -> sequences covered by a statement
        self.places = defaultdict(set)         # leaf hash -> {(epoch, sequence)}
        self.leaves_at = defaultdict(set)      # wall-clock ms -> leaf hashes of events fed at that time
        self.receipted = self.message_bytes = self.event_bytes = self.event_count = 0
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        rows = database.execute(
            "SELECT entries.bytes, items, receipts.held FROM entries JOIN events USING (leaf) "
            "LEFT JOIN receipts USING (leaf) WHERE entries.signer IS NOT NULL ORDER BY leaf")
        for statement, items, held in rows:
            self.add(statement, items, held)

    def add(self, statement, items, held):
        header = cbor2.loads(cbor2.loads(statement).value[0])
        epoch, first = header[15][2].rsplit("/", 1)[1], header[FIRST]
        events = cbor2.loads(items)
        assert header[COUNT] == len(events), "a statement's count is not its list's length"
        for offset, event in enumerate(events):
            self.sequences[epoch].add(first + offset)
            if isinstance(event, bytes):
                self.event_bytes += len(event)
                self.add_event(event, (epoch, first + offset))
        self.event_count += len(events)
        self.receipted += held or 0
        self.message_bytes += 2 + len(cbor2.dumps(statement)) + len(items)

    def add_event(self, event, place):
        leaf = hashlib.sha256(b"\0" + event).digest()
        self.places[leaf].add(place)
        self.leaves_at[cbor2.loads(event)[WALL_CLOCK]].add(leaf)


def fed_times(path):
    """The wall-clock milliseconds of each line of a fed file."""
    times = []
    with open(path, encoding="utf-8") as lines:
        for line in filter(str.strip, lines):
            moment = datetime.datetime.fromisoformat(json.loads(line)["time"].replace("Z", "+00:00"))
            times.append(round(moment.timestamp() * 1000))
    if max(Counter(times).values(), default=1) > 1:
        sys.exit(f"{path}: two lines have the same time, so they cannot be told apart")
    return times


def account(ledgers, fed_files):
    """The figures of the table. An event that a new epoch carried over is one event: the same bytes, the same leaf hash."""
    leaves, at_time, sequences = defaultdict(set), defaultdict(set), defaultdict(set)
    for ledger in ledgers.values():
        for leaf, places in ledger.places.items():
            leaves[leaf] |= places
        for time, found in ledger.leaves_at.items():
            at_time[time] |= found
        for epoch, covered in ledger.sequences.items():
            sequences[epoch] |= covered
    fed = [time for path in fed_files for time in fed_times(path)]
    holes = sum(max(covered) + 1 - len(covered) for covered in sequences.values())
    twice_in_epoch = sum(len(places) - len({epoch for epoch, _ in places}) for places in leaves.values())
    return {
        "fed": len(fed),
        "made": len(leaves),
        "receipted": {name: ledger.receipted for name, ledger in ledgers.items()},
        "lost": sum(1 for time in fed if not at_time[time]) + holes,
        "doubled": sum(len(at_time[time]) - 1 for time in fed if len(at_time[time]) > 1) + twice_in_epoch,
        "bytes per event": mean(ledgers, "message_bytes"),
        "bytes of an event": mean(ledgers, "event_bytes"),
    }


def mean(ledgers, what):
    """An event's share of that, over all nodes."""
    return round(sum(getattr(ledger, what) for ledger in ledgers.values()) / max(1, sum(ledger.event_count for ledger in ledgers.values())), 1)


def table(figures):
    rows = [("lines fed", figures["fed"]), ("events made (with the gateway's own and its receiver's)", figures["made"])]
    rows += [(f"receipted by {name}", count) for name, count in figures["receipted"].items()]
    rows += [("lost", figures["lost"]), ("doubled", figures["doubled"]),
             ("bytes of an event by itself, mean", figures["bytes of an event"]),
             ("bytes per event on the wire, with its share of header and signature", figures["bytes per event"])]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"  {name:<{width}}  {value:>8}" for name, value in rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--fed", action="append", default=[], metavar="FILE", help="a file of intake lines that was fed")
    parser.add_argument("ledger", nargs="+", metavar="NODE=LEDGER", help="a node's name and its SQLite file")
    arguments = parser.parse_args()
    ledgers = {name: Ledger(path) for name, path in (word.split("=", 1) for word in arguments.ledger)}
    figures = account(ledgers, arguments.fed)
    print(json.dumps(figures) if arguments.json else table(figures))
    return 1 if figures["lost"] or figures["doubled"] else 0


if __name__ == "__main__":
    sys.exit(main())
