#!/usr/bin/python3
"""Measures what README.md claims, each figure with its peer in the same run and its method beside it.

usage: bench.py [--only ROW]... [--quick] [--json FILE] [--markdown] [--keep]

The agent is the Embedded release build (`make agent`), the node a release build; the broker is Debian's mosquitto with TLS
and client certificates as `harborseal alliance broker-config` writes it. Exit 1 when a budget of Tests/Benchmarks/budgets
is exceeded or a row fails."""
import argparse
import json
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import row_backlog
import row_cost
import row_instructions
import row_nodes
import row_rate
import row_registry
import row_sampling
import row_size
import row_steady
import row_token
import row_wear
import row_wire
from figures import Progress, as_markdown, as_text, exceeded_budgets, machine
from workshop import AGENT, HARBORSEAL

ROWS = {
    "size": row_size.run,
    "steady": row_steady.run,
    "growth": row_backlog.growth,
    "start": row_backlog.start,
    "rate": row_rate.run,
    "wire": row_wire.run,
    "wear": row_wear.run,
    "nodes": row_nodes.run,
    "sampling": row_sampling.run,
    "cost": row_cost.run,
    "instructions": row_instructions.run,
    "ledger": row_nodes.ledger,
    "registry": row_registry.run,
    "token": row_token.run,
}


class Bench:
    """What each row gets: a folder for its files, how long it may take, and a voice."""

    def __init__(self, folder, quick, keep):
        self.folder, self.quick, self.keep = Path(folder), quick, keep
        self.say = Progress()

    def choose(self, full, quick):
        return quick if self.quick else full


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=list(ROWS), help="this row alone; may be given more than once")
    parser.add_argument("--quick", action="store_true", help="shorter and smaller: for trying, not for README.md")
    parser.add_argument("--json", metavar="FILE", help="also write every number, after each row")
    parser.add_argument("--markdown", action="store_true", help="print the table as README.md has it")
    parser.add_argument("--keep", action="store_true", help="keep the files and logs of the rows")
    arguments = parser.parse_args()
    for program in (AGENT, HARBORSEAL):
        if not program.exists():
            sys.exit(f"{program} is not built: run `make bench`, which builds it first")
    # A bench that is ended must end what it started: SIGTERM unwinds as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: ended by SIGTERM"))
    begun_on = machine()
    folder = tempfile.mkdtemp(prefix="harborseal-bench-")
    bench = Bench(folder, arguments.quick, arguments.keep)
    def keep_figures(figures):
        if arguments.json:
            content = {"machine": begun_on, "quick": arguments.quick, "figures": [vars(figure) for figure in figures]}
            Path(arguments.json).write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    figures, failures = measure(bench, arguments.only or list(ROWS), keep_figures)
    if not arguments.keep and not failures:
        Path(folder).rmdir()
    print(("" if arguments.markdown else "\n") + begun_on + "\n")
    print(as_markdown(figures) if arguments.markdown else as_text(figures))
    return report(failures + exceeded_budgets(figures, is_full_run=not arguments.only))


def measure(bench, names, keep_figures):
    """What every row measured, and what went wrong. The figures are kept after each row: the whole takes half an hour."""
    figures, failures = [], []
    for name in names:
        bench.say(f"{name} ...")
        try:
            figures += ROWS[name](bench)
        except (RuntimeError, OSError, subprocess.SubprocessError) as failure:
            failures.append(f"row {name}: {failure} (logs in {bench.folder})")
            bench.say(failures[-1])
        keep_figures(figures)
    return figures, failures


def report(problems):
    for problem in problems:
        print(f"bench: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
