"""One figure as the table shows it, the budgets, and the three forms of the table."""
import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

BUDGETS = Path(__file__).resolve().with_name("budgets")


@dataclass
class Figure:
    """`numbers` are plain values by name: what --json writes and what budgets are checked against."""
    what: str
    ours: str
    method: str
    peer: str = "—"
    target: str = "—"
    met: bool | None = None
    numbers: dict = field(default_factory=dict)

    @property
    def verdict(self):
        return {True: "yes", False: "no", None: ""}[self.met]


class Progress:
    """Lines on standard error while something takes longer than two seconds; seconds since the start in front."""

    def __init__(self):
        self.began = time.monotonic()

    def __call__(self, text):
        print(f"{time.monotonic() - self.began:6.1f} s  {text}", file=sys.stderr, flush=True)


def exceeded_budgets(figures, is_full_run):
    """The checked-in limits `bench.NAME LIMIT at-most|at-least` that a number breaks, as sentences. After a run of every row also those
    that no row gave a number for: a budget that nothing is held against holds nothing."""
    numbers = {f"bench.{name}": value for figure in figures for name, value in figure.numbers.items()}
    broken = []
    for line in BUDGETS.read_text(encoding="utf-8").splitlines():
        words = line.split()
        if len(words) != 3 or not words[0].startswith("bench."):
            continue
        if words[0] not in numbers:
            if is_full_run:
                broken.append(f"{words[0]} has a budget, and no row gave it")
            continue
        name, limit, sense = words[0], float(words[1]), words[2]
        value = numbers[name]
        if (sense == "at-most" and value > limit) or (sense == "at-least" and value < limit):
            broken.append(f"{name} is {value:g}, the budget is {sense.replace('-', ' ')} {limit:g}")
    return broken


def machine():
    """Processor, kernel and the versions of what is measured against."""
    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith(("model name", "Model"))), platform.machine())
    wanted = ["mosquitto", "libmosquitto1", "libmbedtls14", "collectd-core"]
    found = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}, ", *wanted], capture_output=True, text=True).stdout
    load = os.getloadavg()[0]
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release()}; {found.rstrip(', ')}; load {load:.1f} at the start"


COLUMNS = ["what", "peer, now", "ours", "target", "met"]


def rows_of(figures):
    return [[figure.what, figure.peer, figure.ours, figure.target, figure.verdict] for figure in figures]


def as_text(figures):
    """Aligned columns; the method under each row."""
    rows = [COLUMNS, *rows_of(figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = []
    for index, row in enumerate(rows):
        lines.append("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths)).rstrip())
        lines.append(f"    {figures[index - 1].method}" if index else "-" * (sum(widths) + 2 * len(widths) - 2))
    return "\n".join(lines)


def as_markdown(figures):
    """The table of README.md."""
    lines = ["| " + " | ".join([*COLUMNS, "method"]) + " |", "|" + "---|" * (len(COLUMNS) + 1)]
    for figure, row in zip(figures, rows_of(figures)):
        lines.append("| " + " | ".join([*row, figure.method]) + " |")
    return "\n".join(lines)
