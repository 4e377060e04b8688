#!/usr/bin/python3
"""Runs the table of who may say and hear what against a broker, and writes one line of JSON a case.

usage: check.py FOLDER PORT BROKER-FOLDER BROKER-PID [--ledger FILE] [--only GROUP...]

FOLDER has the alliance and its gateways; the broker's folder is what `harborseal alliance broker-config` wrote, with the witness's rights added;
the ledger is that of a node at this broker, without which no node judges. With --only the run ends at the first case that went wrong."""
import argparse
import json
import sys

import chains
import judged
import messages
import rights
import sessions
from world import World


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("port", type=int)
    parser.add_argument("broker")
    parser.add_argument("process", type=int)
    parser.add_argument("--ledger")
    parser.add_argument("--only", nargs="+")
    given = parser.parse_args()
    world = World(given.folder, given.port)
    # In this order: what was retained is looked at last. None runs before its turn.
    groups = {
        "chains": chains.chains(world), "writes": messages.writes(world), "reads": messages.reads(world), "wills": messages.wills(world),
        "aliases": messages.aliases(world), "ids": sessions.client_ids(world), "claims": sessions.claims(world),
        "doors": sessions.doors(world, given.process), "rights": rights.changes(world, given.broker, given.process),
        "node": judged.judgements(world, given.ledger), "retained": messages.leftovers(world),
    }
    for name, results in groups.items():
        if name not in (given.only or groups) or (name == "node" and not given.ledger):
            continue
        for result in results:
            print(json.dumps(result._asdict()))
            if given.only and result.wrong:
                sys.exit()


main()
